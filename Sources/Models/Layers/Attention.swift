internal import Kernels

/// The architecture of an attention over the outputs of an encoder: at each of its steps a decoder asks, and gets the
/// mean of what the encoder remembers, weighted by how well each memory answers.
///
/// The decoder's output `h`, `[R]`, is the query and the encoder's outputs `s`, `[M]` each, are keys and values at once:
/// the context is Σ softmax(score(h, s)) s over the steps of the sentence itself, which is never padded. Queries are the
/// outputs and not, as in Bahdanau's decoder, the state before them (Luong, Pham & Manning, "Effective approaches to
/// attention-based neural machine translation", 2015): so the recurrence runs over the whole target at once.
public struct Attention: Hashable, Codable, Sendable {
  /// How well a memory answers a query.
  public enum Score: String, Codable, CaseIterable, Sendable {
    /// hᵀ W s (Luong's "general").
    case multiplicative
    /// vᵀ tanh(W₁ h + W₂ s + b) (Bahdanau, Cho & Bengio, "Neural machine translation by jointly learning to align and
    /// translate", 2015).
    case additive
  }

  /// The score.
  public let score: Score
  /// Features of a query, `R`.
  public let querySize: Int
  /// Features of a memory, and so of a context, `M`.
  public let memorySize: Int
  /// Features in which query and memory are compared, `A`: `R` where the score is multiplicative.
  public let keySize: Int
  /// From memories to keys: W, `[R × M]`, or W₂ and b.
  let keyMap: LinearMap
  /// From queries to the space of the keys: W₁, where the score is additive.
  let queryMap: LinearMap?

  private let parts: ParameterParts
  /// Where each part's numbers lie.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let key, query, score: Range<Int>
  }

  /// An attention with a multiplicative score. Throws where a size is not positive.
  public static func multiplicative(querySize: Int, memorySize: Int) throws(ConfigurationError) -> Attention {
    try Attention(.multiplicative, querySize: querySize, memorySize: memorySize, keySize: querySize)
  }

  /// An attention with an additive score over `keySize` features. Throws where a size is not positive.
  public static func additive(querySize: Int, memorySize: Int, keySize: Int) throws(ConfigurationError) -> Attention {
    try Attention(.additive, querySize: querySize, memorySize: memorySize, keySize: keySize)
  }

  private init(_ score: Score, querySize: Int, memorySize: Int, keySize: Int) throws(ConfigurationError) {
    try ConfigurationError.checkSides(["querySize": querySize, "memorySize": memorySize, "keySize": keySize])
    try ConfigurationError.require(
      score == .additive || keySize == querySize, "keySize", "\(keySize)",
      wanted: "the query's size \(querySize), where the score is multiplicative")
    self.score = score
    self.querySize = querySize
    self.memorySize = memorySize
    self.keySize = keySize
    let isAdditive = score == .additive
    keyMap = try LinearMap(inputSize: memorySize, outputSize: keySize, hasBias: isAdditive)
    queryMap = isAdditive ? try LinearMap(inputSize: querySize, outputSize: keySize, hasBias: false) : nil
    var parts = ParameterParts()
    ranges = Ranges(
      key: parts.append("key", keyMap.parameters), query: parts.append("query", queryMap?.parameters ?? []),
      score: parts.append(
        "score", isAdditive ? [ParameterShape("weight", rows: 1, columns: keySize, role: .inputWeights)] : []))
    self.parts = parts
  }

  private enum CodingKeys: String, CodingKey { case score, querySize, memorySize, keySize }

  /// Reads an attention from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      values.decode(Score.self, forKey: .score), querySize: values.decodeSize(forKey: .querySize),
      memorySize: values.decodeSize(forKey: .memorySize), keySize: values.decodeSize(forKey: .keySize))
  }

  /// `key.weight` is W, `[R × M]`; or W₂, `[A × M]`, with b in `key.bias`, W₁ in `query.weight`, `[A × R]`, and v in
  /// `score.weight`, `[1 × A]`.
  var parameters: [ParameterShape] { parts.shapes }

  /// Number of parameters.
  var parameterCount: Int { parts.count }
}

/// What an encoder remembers of `B` sequences, one after the other, ready to be asked.
struct AttentionMemory<Scalar: BLASScalar>: Sendable {
  /// The encoder's outputs, `[N × M]`, sequence after sequence.
  var values = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// What queries are compared with, `[N × A]`, likewise.
  var keys = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The rows of each sequence in the caller's order, `[B]`.
  var sequences: [Range<Int>] = []
}

/// Some rows of queries, one after the other, that ask one sequence.
struct AttentionGroup: Hashable, Sendable {
  /// The rows of the queries.
  let queries: Range<Int>
  /// The rows of the memory.
  let memory: Range<Int>
  /// Where its weights lie among those of all groups, `[queries × memory]`.
  let weights: Range<Int>

  /// The groups of sequences of queries in the rows `queries`, which ask `memory`.
  static func groups(_ queries: [Range<Int>], _ memory: [Range<Int>]) -> [AttentionGroup] {
    var start = 0
    return zip(queries, memory).map { queries, memory in
      defer { start += queries.count * memory.count }
      return AttentionGroup(
        queries: queries, memory: memory, weights: start..<start + queries.count * memory.count)
    }
  }
}

/// What an attention remembers of a pass for its backward pass, and the memory both work in. Rows are sequence after
/// sequence.
struct AttentionTape<Scalar: BLASScalar>: Sendable {
  /// Who asks whom.
  var groups: [AttentionGroup] = []
  /// What is asked.
  var memory = AttentionMemory<Scalar>()
  /// Queries, `[N × R]`.
  var queries = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The same mapped to the space of the keys, `[N × A]`; empty where the score is multiplicative.
  var projected = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Attention weights of all groups, each `[queries × memory]`.
  var weights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Contexts, `[N × M]`.
  var contexts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// tanh(W₁ h + W₂ s + b) for all pairs of one group, `[queries · memory × A]`.
  var comparisons = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of.
  var dContexts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dWeights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dQueries = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dProjected = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dValues = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dKeys = Matrix<Scalar>.zeros(rows: 0, columns: 0)
}
