internal import Kernels

/// The architecture of the common sequence model: features or an embedding of tokens, a recurrent stack, a linear head
/// that reads every step or the last state, and the loss it is trained with.
public struct SequenceArchitecture: Hashable, Sendable {
  /// Which states the head reads.
  public enum Readout: String, Codable, CaseIterable, Sendable {
    /// The output of every step: labelling, forecasting, language modelling.
    case everyStep
    /// The top layer's final hidden state, both directions side by side: classification.
    case finalState
    /// The mean of all outputs of a sequence, zero where it has no step: classification by more than the end.
    case meanState
    /// The largest of all outputs of a sequence, feature by feature, zero where it has no step.
    case maxState
  }

  /// The table that tokens go through; `nil` where inputs are features.
  public let embedding: EmbeddingTable?
  /// The recurrent layers.
  public let recurrent: RecurrentStack
  /// What the head reads.
  public let readout: Readout
  /// The head, from `D · R` features to predictions.
  public let head: Head
  /// The training objective.
  public let loss: Loss
  /// Steps after which backpropagation through time is cut in training, the state carried on; `nil` for never.
  public var truncation: Int?

  /// All parameters: `embedding.…`, `recurrent.…`, `head.…`.
  private let parts: ParameterParts
  /// Where each part's numbers lie in the flat buffer.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let embedding, recurrent, head: Range<Int>
  }

  /// An architecture whose parts fit: throws where the stack's input is not the embedding's dimension, where truncation is
  /// not positive or there is no prediction in every window, and where the head cannot be tied, because there is no
  /// embedding or its table, `[V × E]`, is not of the head's `[O × D·R]`.
  ///
  /// `headSizes` are features of hidden layers with tanh that the head has in front of its last map.
  public init(
    embedding: EmbeddingTable? = nil, recurrent: RecurrentStack, readout: Readout = .everyStep,
    outputSize: Int, loss: Loss, truncation: Int? = nil, tiesEmbedding: Bool = false, headSizes: [Int] = []
  ) throws(ConfigurationError) {
    if let embedding, embedding.dimension != recurrent.inputSize {
      throw ConfigurationError(
        setting: "recurrent input size", found: "\(recurrent.inputSize)",
        wanted: "the embedding's dimension \(embedding.dimension)")
    }
    if let truncation {
      try ConfigurationError.checkPositive(["truncation": truncation])
      guard readout == .everyStep, !recurrent.isBidirectional else {
        throw ConfigurationError(
          setting: "truncation", found: "\(truncation)",
          wanted: "none where the head does not read every step or the network reads both directions")
      }
    }
    try ConfigurationError.require(
      !tiesEmbedding || embedding != nil, "tied embedding", "a model of features", wanted: "one of tokens")
    head = try Head(
      inputSize: recurrent.outputSize, hiddenSizes: headSizes, outputSize: outputSize,
      tiedTo: tiesEmbedding ? embedding : nil)
    self.embedding = embedding
    self.recurrent = recurrent
    self.readout = readout
    self.loss = loss
    self.truncation = truncation
    var parts = ParameterParts()
    ranges = Ranges(
      embedding: parts.append("embedding", embedding?.parameters ?? []),
      recurrent: parts.append("recurrent", recurrent.parameters), head: parts.append("head", head.parameters))
    self.parts = parts
  }

  /// Whether the head's weight is the embedding's table, see ``Head``.
  public var tiesEmbedding: Bool { head.isTied }

  /// The head's parameters among `all` of a model.
  func headParameters<Scalar: BLASScalar>(_ all: MatrixView<Scalar>) -> HeadParameters<Scalar> {
    HeadParameters(own: all.columns(ranges.head), table: all.columns(ranges.embedding))
  }
}

extension SequenceArchitecture: ModelArchitecture {
  /// All parameters: `embedding.…`, `recurrent.…`, `head.…`; of a tied head its bias alone.
  public var parameterLayout: ParameterLayout { parts.layout }

  /// ``InitializationScheme/recommended``, but for a tied table, whose rows then have length 1 instead of √E: as weights of
  /// the head they would give logits of that size.
  public var recommendedScheme: InitializationScheme {
    guard let embedding, tiesEmbedding else { return .recommended }
    return .withRowsOfLengthOne(embedding)
  }
}

extension SequenceArchitecture: StoredArchitecture {
  /// What a file calls a ``SequenceModel``.
  public static let formatName = "recurrent.sequence-model"

  /// Tokens where there is an embedding.
  public var input: ModelInput { embedding.map { .tokens($0.vocabularySize) } ?? .features(recurrent.inputSize) }

  /// What the head puts out, `O`.
  public var outputSize: Int { head.outputSize }
}

extension SequenceArchitecture: Codable {
  private enum CodingKeys: String, CodingKey {
    case embedding, recurrent, readout, outputSize, loss, truncation, tiesEmbedding, headSizes
  }

  /// Reads an architecture from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      embedding: values.decodeIfPresent(EmbeddingTable.self, forKey: .embedding),
      recurrent: values.decode(RecurrentStack.self, forKey: .recurrent),
      readout: values.decode(Readout.self, forKey: .readout),
      outputSize: values.decodeSize(forKey: .outputSize), loss: values.decode(Loss.self, forKey: .loss),
      truncation: values.decodeIfPresent(forKey: .truncation, in: FileNumbers.counts),
      tiesEmbedding: values.decodeIfPresent(Bool.self, forKey: .tiesEmbedding) ?? false,
      headSizes: values.contains(.headSizes) ? values.decodeAll(forKey: .headSizes, in: FileNumbers.sizes) : [])
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(embedding, forKey: .embedding)
    try values.encode(recurrent, forKey: .recurrent)
    try values.encode(readout, forKey: .readout)
    try values.encode(outputSize, forKey: .outputSize)
    try values.encode(loss, forKey: .loss)
    try values.encodeIfPresent(truncation, forKey: .truncation)
    // Left out otherwise, so that such a file stays one for those who know of neither.
    if tiesEmbedding { try values.encode(true, forKey: .tiesEmbedding) }
    if !head.hiddenLayers.isEmpty { try values.encode(head.hiddenLayers.map(\.outputSize), forKey: .headSizes) }
  }
}
