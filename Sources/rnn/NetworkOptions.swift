#if Tools
public import ArgumentParser
import Kernels
public import Models
import Tasks

/// The network of `rnn train` and its training. Defaults depend on what is learned.
struct NetworkOptions: ParsableArguments {
  @Option(help: "The recurrent cell: gru for a table, lstm for a text, unless given.")
  var cell: RecurrentCell.Kind?

  @Option(help: "Recurrent layers.")
  var layers = 1

  @Option(help: "Hidden units of each layer: 64 for a table, 256 for a text, unless given.")
  var hidden: Int?

  @Option(help: "Probability with which an output between two layers is dropped in training.")
  var dropout = 0.0

  @Option(help: "Passes over the data, at most: 40 over a table, 10 over a text, unless given.")
  var epochs: Int?

  @Option(help: "Windows of a table, or streams of a text, in a batch: 64 or 32 unless given.")
  var batch: Int?

  @Option(help: "The learning rate at its highest; it falls along a cosine.")
  var learningRate = 2e-3

  @Option(help: "Decides everything that is random.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "What training keeps of each pass: everything; least, for a third more time; or what fits, such as 200MB.",
      discussion: "The model is the same, to the bit.", valueName: "amount"))
  var memory = TapeMemory.everything

  /// More weights would take over 20 GB in training.
  private static let maxWeights = 1e9

  /// A larger number is probably a typo.
  private static let maxLayers = 100

  func validate() throws {
    for (name, value) in [("layers", layers), ("hidden", hidden ?? 1), ("epochs", epochs ?? 1), ("batch", batch ?? 1)] {
      try checkCount(value, of: name)
    }
    guard layers <= Self.maxLayers else {
      throw ValidationError("--layers takes a number up to \(Self.maxLayers), not \(layers)")
    }
    // Those of an LSTM, whose layers read the one below and themselves.
    let weights = 8 * Double(layers) * Double(hidden ?? 1) * Double(hidden ?? 1)
    guard weights <= Self.maxWeights else {
      throw ValidationError("--layers \(layers) of --hidden \(hidden ?? 1) units need more memory than there is")
    }
    guard 0..<1 ~= dropout else {
      throw ValidationError("--dropout takes a number from 0 up to but not 1, not \(dropout)")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw ValidationError("--learning-rate takes a positive number, not \(learningRate)")
    }
  }
}

/// The settings of a model that the options of the network replace.
protocol NetworkSettings {
  var cell: RecurrentCell.Kind { get set }
  var layers: Int { get set }
  var hiddenSize: Int { get set }
  var dropout: Double { get set }
  var epochs: Int { get set }
  var learningRate: Double { get set }
  var seed: UInt64 { get set }
  var memory: TapeMemory { get set }
}

extension ForecastSettings: NetworkSettings {}
extension LanguageModelSettings: NetworkSettings {}

extension NetworkSettings {
  /// These settings with `options`; those that are left out keep their values. Sets no batch size.
  func with(_ options: NetworkOptions) -> Self {
    var settings = self
    settings.layers = options.layers
    settings.dropout = options.dropout
    settings.learningRate = options.learningRate
    settings.seed = options.seed
    settings.memory = options.memory
    if let cell = options.cell { settings.cell = cell }
    if let hidden = options.hidden { settings.hiddenSize = hidden }
    if let epochs = options.epochs { settings.epochs = epochs }
    return settings
  }
}

extension RecurrentCell.Kind: HyphenatedArgument {}

extension TapeMemory: ExpressibleByArgument {
  /// `everything`, `least`, or a number of bytes: `800kB`, `200MB`, `1.5GB`.
  public init?(argument: String) {
    switch argument {
    case "everything": self = .everything
    case "least": self = .least
    default:
      guard let count = ByteCount(argument: argument) else { return nil }
      self = .budget(bytes: count.bytes)
    }
  }

  /// How it is written on a command line.
  public var defaultValueDescription: String {
    switch self {
    case .everything: "everything"
    case .least: "least"
    case .budget(let bytes): "\(Double(bytes) / 1e6)MB"
    }
  }
}

/// Throws unless `value` is a sensible count: more than a million is probably a typo, and products would overflow.
func checkCount(_ value: Int, of name: String) throws(ValidationError) {
  guard value >= 1 else { throw ValidationError("--\(name) takes a number from 1 up, not \(value)") }
  guard value <= 1_000_000 else { throw ValidationError("--\(name) takes a number up to 1000000, not \(value)") }
}
#endif
