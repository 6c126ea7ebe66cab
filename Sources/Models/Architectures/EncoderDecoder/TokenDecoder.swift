internal import Kernels

/// The architecture of a decoder: it reads tokens, one after the other, and says after each what comes next.
///
///     tokens → embedding (beside it a context) → recurrent layers → attention → tanh(linear) → logits
///
/// It starts from a state that it is given, see `StateBridge`. All but embedding, recurrent layers and
/// logits is optional.
public struct TokenDecoder: Hashable, Sendable {
  /// The table that tokens go through, `[V × E]`.
  public let embedding: EmbeddingTable
  /// Features of the context beside every embedded token, `C`; 0 for none.
  public let contextSize: Int
  /// The recurrent layers, from `E + C` features to `R`.
  public let recurrent: RecurrentStack
  /// How the outputs ask an encoder's memory; `nil` where they do not.
  public let attention: Attention?
  /// From an output, and beside it what attention found, `[R + M]`, to `Q` features before tanh: Luong's attentional
  /// layer. `nil` where the head reads the outputs themselves.
  public let readout: LinearMap?
  /// Probability with which a feature of an embedded token, or of what the head reads, is dropped in training.
  public let dropout: Double
  /// From what the head reads to logits of all tokens, `[Q]` to `[V]`.
  public let head: Head

  private let parts: ParameterParts
  /// Where each part's numbers lie in the decoder's.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let embedding, recurrent, attention, readout, head: Range<Int>
  }

  /// A decoder whose parts fit.
  ///
  /// - Parameters:
  ///   - embedding: The table.
  ///   - recurrent: The layers.
  ///   - contextSize: Features beside each embedded token.
  ///   - attention: How it asks an encoder. It needs a readout.
  ///   - readoutSize: Features of the readout, `Q`; `nil` for no readout.
  ///   - tiesEmbedding: Whether the head's weight is the embedding's table.
  ///   - dropout: See ``dropout``.
  /// - Throws: ``ConfigurationError`` where parts do not fit each other.
  public init(
    embedding: EmbeddingTable, recurrent: RecurrentStack, contextSize: Int = 0,
    attention: Attention? = nil, readoutSize: Int? = nil, tiesEmbedding: Bool = false, dropout: Double = 0
  ) throws(ConfigurationError) {
    try ConfigurationError.require(
      0...MatrixSide.max ~= contextSize, "contextSize", "\(contextSize)", wanted: "0 to \(MatrixSide.max)")
    try ConfigurationError.require(
      recurrent.inputSize == embedding.dimension + contextSize, "input size of the decoder's layers",
      "\(recurrent.inputSize)",
      wanted: "\(embedding.dimension + contextSize), the embedding's dimension and the context beside it")
    try ConfigurationError.require(
      !recurrent.isBidirectional, "directions of a decoder", "2", wanted: "1: the future is not known")
    if let attention {
      try ConfigurationError.require(
        attention.querySize == recurrent.outputSize, "size of the attention's queries", "\(attention.querySize)",
        wanted: "\(recurrent.outputSize), as the layers put out")
      try ConfigurationError.require(
        readoutSize != nil, "readout of a decoder with attention", "none", wanted: "a size")
    }
    try DropoutMask<Float>.check(dropout)
    readout = try readoutSize.map { size throws(ConfigurationError) in
      try LinearMap(inputSize: recurrent.outputSize + (attention?.memorySize ?? 0), outputSize: size)
    }
    head = try Head(
      inputSize: readout?.outputSize ?? recurrent.outputSize, outputSize: embedding.vocabularySize,
      tiedTo: tiesEmbedding ? embedding : nil)
    self.embedding = embedding
    self.contextSize = contextSize
    self.recurrent = recurrent
    self.attention = attention
    self.dropout = dropout
    var parts = ParameterParts()
    ranges = Ranges(
      embedding: parts.append("embedding", embedding.parameters),
      recurrent: parts.append("recurrent", recurrent.parameters),
      attention: parts.append("attention", attention?.parameters ?? []),
      readout: parts.append("readout", readout?.parameters ?? []), head: parts.append("head", head.parameters))
    self.parts = parts
  }

  /// Whether the head's weight is the embedding's table, see ``Head``.
  public var tiesEmbedding: Bool { head.isTied }

  /// Number of tokens, `V`.
  public var vocabularySize: Int { embedding.vocabularySize }

  /// `embedding.…`, `recurrent.…`, `attention.…`, `readout.…`, and `head.…`: of a tied head its bias alone.
  var parameters: [ParameterShape] { parts.shapes }

  /// Number of parameters.
  var parameterCount: Int { parts.count }
}

extension TokenDecoder: Codable {
  private enum CodingKeys: String, CodingKey {
    case embedding, recurrent, contextSize, attention, readoutSize, tiesEmbedding, dropout
  }

  /// Reads a decoder from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      embedding: values.decode(EmbeddingTable.self, forKey: .embedding),
      recurrent: values.decode(RecurrentStack.self, forKey: .recurrent),
      contextSize: values.contains(.contextSize) ? values.decodeSize(forKey: .contextSize) : 0,
      attention: values.decodeIfPresent(Attention.self, forKey: .attention),
      readoutSize: values.contains(.readoutSize) ? values.decodeSize(forKey: .readoutSize) : nil,
      tiesEmbedding: values.decode(Bool.self, forKey: .tiesEmbedding),
      dropout: values.decode(Double.self, forKey: .dropout))
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(embedding, forKey: .embedding)
    try values.encode(recurrent, forKey: .recurrent)
    if contextSize > 0 { try values.encode(contextSize, forKey: .contextSize) }
    try values.encodeIfPresent(attention, forKey: .attention)
    try values.encodeIfPresent(readout?.outputSize, forKey: .readoutSize)
    try values.encode(tiesEmbedding, forKey: .tiesEmbedding)
    try values.encode(dropout, forKey: .dropout)
  }
}
