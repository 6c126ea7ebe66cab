internal import Kernels

/// The architecture of a model that fills gaps: the token at a place of a sequence, from the tokens before it and those
/// after it (a cloze test; Melamud, Goldberger & Dagan, "context2vec", 2016).
///
///     tokens → embedding → layers that read forwards   → output at t − 1 ┐
///                        → layers that read backwards  → output at t + 1 ┴→ tanh(linear) → logits for t
///
/// The two directions are not joined below the readout, or a gap would see its own token. So one pass over a sequence fills
/// every gap that it has: each of its tokens but the first and the last is an example. The head's weight is the table of
/// the embedding (Press & Wolf, "Using the output embedding to improve language models", 2017).
public struct GapArchitecture: Hashable, Sendable {
  /// The table of tokens, `[V × E]`, for reading and for predicting.
  public let embedding: EmbeddingTable
  /// The layers of each of the two directions, from `E` features to `R`.
  public let recurrent: RecurrentStack
  /// From both sides, `[2R]`, to `E` features before tanh.
  public let readout: LinearMap
  /// Probability with which a feature of an embedded token, or of what the head reads, is dropped in training.
  public let dropout: Double
  /// From the readout to logits; its weight is the table.
  public let head: Head

  private let parts: ParameterParts
  /// Where each part's numbers lie in the flat buffer.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let embedding, forward, backward, readout, head: Range<Int>
  }

  /// An architecture whose parts fit.
  ///
  /// - Parameters:
  ///   - embedding: The table.
  ///   - recurrent: The layers of each direction; itself of one direction.
  ///   - dropout: See ``dropout``.
  /// - Throws: ``ConfigurationError`` where parts do not fit each other.
  public init(
    embedding: EmbeddingTable, recurrent: RecurrentStack, dropout: Double = 0
  ) throws(ConfigurationError) {
    try ConfigurationError.require(
      recurrent.inputSize == embedding.dimension, "recurrent input size", "\(recurrent.inputSize)",
      wanted: "the embedding's dimension \(embedding.dimension)")
    try ConfigurationError.require(
      !recurrent.isBidirectional, "directions of a stack that fills gaps", "2", wanted: "1: there is one for each side")
    try DropoutMask<Float>.check(dropout)
    self.embedding = embedding
    self.recurrent = recurrent
    self.dropout = dropout
    readout = try LinearMap(inputSize: 2 * recurrent.outputSize, outputSize: embedding.dimension)
    head = try Head(inputSize: embedding.dimension, outputSize: embedding.vocabularySize, tiedTo: embedding)
    var parts = ParameterParts()
    ranges = Ranges(
      embedding: parts.append("embedding", embedding.parameters),
      forward: parts.append("forward", recurrent.parameters), backward: parts.append("backward", recurrent.parameters),
      readout: parts.append("readout", readout.parameters), head: parts.append("head", head.parameters))
    self.parts = parts
  }

  /// Number of tokens, `V`.
  public var vocabularySize: Int { embedding.vocabularySize }

  /// The head's parameters among `all` of a model.
  func headParameters<Scalar: BLASScalar>(_ all: MatrixView<Scalar>) -> HeadParameters<Scalar> {
    HeadParameters(own: all.columns(ranges.head), table: all.columns(ranges.embedding))
  }
}

extension GapArchitecture: ModelArchitecture {
  /// `embedding.weight`, `forward.…`, `backward.…`, `readout.…`, and of the tied head `head.bias`.
  public var parameterLayout: ParameterLayout { parts.layout }

  /// What suits a tied embedding.
  public var recommendedScheme: InitializationScheme { .withRowsOfLengthOne(embedding) }
}

extension GapArchitecture: StoredArchitecture {
  /// What a file calls a ``GapModel``.
  public static let formatName = "recurrent.gap-model"

  /// Tokens.
  public var input: ModelInput { .tokens(vocabularySize) }

  /// The same tokens.
  public var outputSize: Int { vocabularySize }
}

extension GapArchitecture: Codable {
  private enum CodingKeys: String, CodingKey { case embedding, recurrent, dropout }

  /// Reads an architecture from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      embedding: values.decode(EmbeddingTable.self, forKey: .embedding),
      recurrent: values.decode(RecurrentStack.self, forKey: .recurrent),
      dropout: values.decode(Double.self, forKey: .dropout))
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(embedding, forKey: .embedding)
    try values.encode(recurrent, forKey: .recurrent)
    try values.encode(dropout, forKey: .dropout)
  }
}
