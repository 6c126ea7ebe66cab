#if ONNX
public import DataIO
internal import Kernels
public import Models
internal import SwiftProtobuf

/// A sequence model as an ONNX model, for ONNX Runtime and other servers of that format.
///
///     try ONNXExport(model).write(to: "model.onnx")
///
/// Batch and time are free: the model runs at every batch size and at every length of at least one step. Its inputs and
/// outputs, with `L` layers, `D` directions and the letters of the package for the rest:
///
/// | input | type | shape | |
/// | --- | --- | --- | --- |
/// | `inputs` | the model's | `[batch, time, I]` | unless the model reads tokens |
/// | `tokens` | int64 | `[batch, time]` | where it does |
/// | `lengths` | int32 | `[batch]` | with `hasLengths` |
/// | `h_0` | the model's | `[L·D, batch, R]` | with `hasStates` |
/// | `c_0` | the model's | `[L·D, batch, H]` | with those, an LSTM's |
///
/// | output | shape | |
/// | --- | --- | --- |
/// | `predictions` | `[batch, time, O]` or `[batch, O]` | before any activation, as `SequenceModel` gives them |
/// | `h_n`, `c_n` | as `h_0`, `c_0` | the state after the last step, in the order of a `RecurrentState`, PyTorch's |
///
/// With lengths, each sequence ends at its own: its final state is that after its last step, the backward direction
/// starts there, and a sequence of length 0 keeps its initial state. What `predictions` hold for steps past a
/// sequence's end is unspecified; it is finite and means nothing.
///
/// The operators are those of opset 11: RNN, LSTM and GRU, and a Scan where an LSTM has a projection, for which ONNX
/// has no operator. A model of `Double`s becomes one of doubles, as the format allows; ONNX Runtime, up to 1.32 at
/// least, runs of those only the projected LSTM. For it, export `SequenceModel<Float>(model.architecture, parameters:
/// model.parameters.converted(to: Float.self))`.
///
/// The file's metadata holds what `SequenceModel.read(fromONNX:allowsNonFinite:)` needs to rebuild the model, every parameter to the
/// bit: the keys of a model's safetensors file. The same model gives the same bytes.
public struct ONNXExport: Sendable {
  /// What the exported model takes and gives beside inputs and predictions, and its metadata.
  public struct Options: Hashable, Sendable {
    /// Whether it takes `lengths`, for batches of sequences that are not equally long.
    var hasLengths: Bool
    /// Whether it takes and gives states. Without, it starts from the zero state.
    var hasStates: Bool
    /// How the data was prepared; written into the metadata, not computed by the exported model.
    var preprocessing: Preprocessing

    /// By default: states, no lengths, no preprocessing.
    public init(hasLengths: Bool = false, hasStates: Bool = true, preprocessing: Preprocessing = Preprocessing()) {
      self.hasLengths = hasLengths
      self.hasStates = hasStates
      self.preprocessing = preprocessing
    }
  }

  private let bytes: [UInt8]

  /// Exports `model`; a tied head is written as weights of its own. Throws where the preprocessing does not fit the
  /// model, where the head reads a mean or a maximum of outputs, or where the model exceeds the 2 GiB of an ONNX file.
  public init<Scalar: SafetensorsElement>(
    _ model: SequenceModel<Scalar>, _ options: Options = Options()
  ) throws(ConfigurationError) {
    guard model.parameters.count < Self.maxModelBytes / (Scalar.bitWidth / 8) else {
      throw ConfigurationError(
        setting: "the size of a model for ONNX", found: "\(model.parameters.count) parameters",
        wanted: "less than \(Self.maxModelBytes / (Scalar.bitWidth / 8))")
    }
    // ONNX leaves open what an operator gives past a sequence's end, so a pool over padded steps would need a mask.
    guard [.everyStep, .finalState].contains(model.architecture.readout) else {
      throw ConfigurationError(
        setting: "the readout of a model for ONNX", found: model.architecture.readout.rawValue,
        wanted: "everyStep or finalState")
    }
    guard model.architecture.head.hiddenLayers.isEmpty else {
      throw ConfigurationError(
        setting: "the head of a model for ONNX", found: "one with hidden layers", wanted: "a linear one")
    }
    let model = model.untied()
    let metadata = try model.fileMetadata(options.preprocessing)
    var graph = SequenceModelGraph(model, hasLengths: options.hasLengths, hasStates: options.hasStates)
    let message = ONNX_ModelProto.with {
      $0.irVersion = Int64(SequenceModelGraph<Scalar>.version.ir)
      $0.producerName = "Recurrent"
      $0.opsetImport = [.with { $0.version = Int64(SequenceModelGraph<Scalar>.version.opset) }]
      $0.graph = graph.build()
      $0.metadataProps = metadata.sorted { $0.key < $1.key }.map { entry in
        .with { ($0.key, $0.value) = (entry.key, entry.value) }
      }
    }
    do { bytes = try message.serializedBytes() } catch {
      throw ConfigurationError(
        setting: "the size of a model for ONNX", found: "\(model.parameters.count) parameters and what is noted beside",
        wanted: "less than 2 GiB together")
    }
  }

  /// Leaves room below the 2³¹ bytes of the format for everything but the parameters.
  private static let maxModelBytes = 1 << 31 - 1 << 26

  /// The bytes of the file.
  public func serialized() -> [UInt8] { bytes }

  /// Writes the file at `path`, so that at any moment there is what was there before or all of this. Throws where the
  /// system refuses.
  public func write(to path: String) throws(DataError) { try FileWriting.write(bytes, to: path) }
}
#endif
