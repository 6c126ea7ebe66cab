#if Tools
import ArgumentParser
import DataIO
import Kernels
import Models

/// Settings that a file from another engine may not hold.
struct ReadingOptions: ParsableArguments {
  @Option(help: "What the head of a PyTorch model, or of Keras weights without settings, reads.")
  var readout: SequenceArchitecture.Readout?

  @Option(help: "The loss of such a model; it matters to further training alone.")
  var loss: Loss?

  @Option(help: "The activation of a vanilla cell, where no file says it.")
  var activation: RecurrentCell.Activation?

  @Option(help: "Where the reset gate of a GRU acts, where no file says it.")
  var reset: RecurrentCell.ResetConvention?

  @Option(
    help: ArgumentHelp(
      "The settings of Keras weights: a .keras file, or a .json with what model.to_json() gives.", valueName: "file"))
  var settings: String?

  @Option(
    help: ArgumentHelp(
      "How much an .npz or .keras file may unpack to; eight times its size, at least 32 MiB, unless given.",
      valueName: "amount"))
  var maxUnpacked: ByteCount?

  @OptionGroup var trust: TrustOptions

  @OptionGroup var parts: PartNames

  @OptionGroup var run: LimitOptions

  /// How much an archive may unpack to.
  var limits: UnpackingLimits { maxUnpacked.map { .bytes($0.bytes) } ?? UnpackingLimits() }

  /// The readout, which the file at `path` does not hold.
  func readout(of path: String) throws(DataError) -> SequenceArchitecture.Readout {
    guard let readout else {
      throw DataError(
        file: path,
        reason: "does not say what its head reads: give --readout every-step, final-state, mean-state or max-state")
    }
    return readout
  }
}

/// The names of a model's parts in a file of PyTorch's, read or written.
struct PartNames: ParsableArguments {
  @Option(help: ArgumentHelp("The embedding's name in a PyTorch module.", valueName: "name"))
  var embedding: String?

  @Option(help: ArgumentHelp("The recurrent layers' name in a PyTorch module.", valueName: "name"))
  var recurrent: String?

  @Option(help: ArgumentHelp("The head's name in a PyTorch module.", valueName: "name"))
  var head: String?

  /// The names under which the parts are written, by default those of our own files.
  var written: (embedding: String, recurrent: String, head: String) {
    (embedding ?? "embedding", recurrent ?? "recurrent", head ?? "head")
  }
}

extension SequenceArchitecture.Readout: HyphenatedArgument {}
extension Loss: HyphenatedArgument {}
extension RecurrentCell.Activation: HyphenatedArgument {}
extension RecurrentCell.ResetConvention: HyphenatedArgument {}

/// A case whose name is written with hyphens on a command line: `final-state` for `finalState`.
protocol HyphenatedArgument: ExpressibleByArgument, CaseIterable, RawRepresentable<String> {}

extension HyphenatedArgument {
  init?(argument: String) {
    guard let value = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = value
  }

  static var allValueStrings: [String] { allCases.map(\.word) }

  private var word: String { rawValue.map { $0.isUppercase ? "-\($0.lowercased())" : String($0) }.joined() }
}
#endif
