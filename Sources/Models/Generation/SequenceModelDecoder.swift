public import Kernels

/// A ``SequenceModel`` of tokens that continues sequences: its weights brought into the order of the fused path once, for
/// all steps to come.
///
///     let decoder = try model.decoder()
///     let text = try decoder.generate(
///       from: prompt, state: decoder.zeroState(batch: 1), options: GenerationOptions(maximumLength: 200))
///
/// A value that threads can share; later changes to the model do not reach it.
public struct SequenceModelDecoder<Scalar: BLASScalar>: SequenceDecoder {
  /// The model.
  public let model: SequenceModel<Scalar>
  private let embedding: EmbeddingTable
  private let weights: [PreparedWeights<Scalar>?]
  private let head: PreparedHead<Scalar>

  /// A decoder of `model`. Throws where the model does not say after every token which may follow: where it reads
  /// features, predicts once, reads both directions, is trained on another loss than softmax cross-entropy or predicts
  /// tokens that it cannot read.
  public init(_ model: SequenceModel<Scalar>) throws(ConfigurationError) {
    let architecture = model.architecture
    guard let embedding = architecture.embedding else {
      throw ConfigurationError(setting: "inputs of a decoder", found: "features", wanted: "tokens")
    }
    try ConfigurationError.require(
      architecture.readout == .everyStep, "readout of a decoder", architecture.readout.rawValue, wanted: "everyStep")
    try ConfigurationError.require(
      !architecture.recurrent.isBidirectional, "directions of a decoder", "2", wanted: "1: the future is not known")
    try ConfigurationError.require(
      architecture.loss == .softmaxCrossEntropy, "loss of a decoder", architecture.loss.rawValue,
      wanted: "softmaxCrossEntropy")
    try ConfigurationError.require(
      architecture.outputSize <= embedding.vocabularySize, "output size of a decoder",
      "\(architecture.outputSize)", wanted: "at most the \(embedding.vocabularySize) tokens that it can read")
    self.model = model
    self.embedding = embedding
    (weights, head) = model.parameters.withView {
      (
        architecture.recurrent.prepare(parameters: $0.columns(architecture.ranges.recurrent)),
        architecture.head.prepare(architecture.headParameters($0))
      )
    }
  }

  /// The tokens that it can continue a sequence with.
  public var vocabularySize: Int { model.architecture.outputSize }

  /// The state before the first token of `batch` sequences.
  public func zeroState(batch: Int) -> RecurrentState<Scalar> { model.zeroState(batch: batch) }

  /// Reads one token of each sequence, `[B]`, and gives the logits of the token after, `[B × V]`.
  public func step(_ tokens: [Int32], _ state: inout RecurrentState<Scalar>) -> Matrix<Scalar> {
    let (architecture, ranges) = (model.architecture, model.architecture.ranges)
    var features = Matrix<Scalar>(uninitializedRows: tokens.count, columns: embedding.dimension)
    var outputs = Matrix<Scalar>(uninitializedRows: tokens.count, columns: architecture.recurrent.outputSize)
    var logits = Matrix<Scalar>(uninitializedRows: tokens.count, columns: vocabularySize)
    model.parameters.withView { all in
      tokens.withUnsafeBufferPointer {
        embedding.forward($0, parameters: all.columns(ranges.embedding), into: features.unsafeMutableView())
      }
      architecture.recurrent.step(
        features.unsafeView, &state, parameters: all.columns(ranges.recurrent), prepared: weights,
        into: outputs.unsafeMutableView(), execution: model.execution)
      var tape = HeadTape<Scalar>(prepared: head)
      architecture.head.forward(
        outputs.unsafeView, architecture.headParameters(all), tape: &tape, into: logits.unsafeMutableView(),
        execution: model.execution)
    }
    return logits
  }
}

extension SequenceModel {
  /// This model as something that continues sequences; throws where it cannot (see ``SequenceModelDecoder/init(_:)``).
  public func decoder() throws(ConfigurationError) -> SequenceModelDecoder<Scalar> { try SequenceModelDecoder(self) }
}
