internal import Glibc
internal import Kernels

/// What `SequenceDecoder.beamSearch` looks for.
public struct BeamSearchOptions: Hashable, Codable, Sendable {
  /// The most hypotheses that are followed at once.
  public var width: Int
  /// The most tokens of a hypothesis, the end token included.
  public var maximumLength: Int
  /// The token that ends a sequence; `nil` for sequences that all have the maximum length.
  public var endToken: Int32?
  /// α of the length penalty, at least 0: a sequence Y is ranked by its log-probability over ((5 + |Y|) / 6)^α (Wu et al.,
  /// "Google's neural machine translation system", 2016). 0 ranks by probability, which favours short sequences.
  public var lengthPenalty: Double
  /// Tokens that are never chosen.
  public var forbidden: Set<Int32>

  /// Options; by default ranked by probability.
  public init(
    width: Int, maximumLength: Int, endToken: Int32?, lengthPenalty: Double = 0, forbidden: Set<Int32> = []
  ) {
    self.width = width
    self.maximumLength = maximumLength
    self.endToken = endToken
    self.lengthPenalty = lengthPenalty
    self.forbidden = forbidden
  }

  /// What `sequence` is ranked by: its log-probability over its length penalty, its end token counted in the length.
  public func score(of sequence: GeneratedSequence) -> Double {
    sequence.logProbability / pow(Double(5 + sequence.steps) / 6, lengthPenalty)
  }

  fileprivate func check() throws(ConfigurationError) {
    try ConfigurationError.checkPositive(["beam width": width, "length to generate": maximumLength])
    try ConfigurationError.require(
      lengthPenalty >= 0 && lengthPenalty.isFinite, "length penalty", "\(lengthPenalty)", wanted: "a number from 0 up")
  }
}

extension SequenceDecoder {
  /// The most probable continuations of each of `B` sequences, as far as a beam finds them.
  ///
  /// At each step every hypothesis is extended by every token and the most probable `width` extensions are kept. One that
  /// ends leaves the beam, which is narrower by one from then on (Bahdanau, Cho & Bengio 2015), so that a beam of width 1
  /// is the greedy choice. The hypotheses of all sequences are one batch: a step of the model for each token.
  ///
  /// - Parameters:
  ///   - prompts: The tokens that each sequence begins with, at least one: `B` of them, of any lengths.
  ///   - state: Where the sequences start, before their prompts.
  ///   - options: Width, length and ranking.
  /// - Returns: For each prompt at most `width` sequences that follow it, at least one, the best first.
  /// - Throws: ``ConfigurationError`` where a prompt is empty or an option cannot be.
  public func beamSearch(
    from prompts: [[Int32]], state: State, options: BeamSearchOptions
  ) throws(ConfigurationError) -> [[GeneratedSequence]] {
    require(prompts.count == state.batch, "\(prompts.count) prompts for a state of \(state.batch) sequences")
    try options.check()
    try check(forbidden: options.forbidden)
    try check(prompts)

    var beams = prompts.map { _ in Beam(options: options) }
    var (state, running, position) = (state, Array(prompts.indices), 0)
    while !running.isEmpty {
      let tokens = running.flatMap { index in
        beams[index].hypotheses.map { position < prompts[index].count ? prompts[index][position] : $0.tokens.last! }
      }
      let logits = step(tokens, &state)
      position += 1
      var (parents, firstRow): ([Int], Int) = ([], 0)
      for index in running {
        let rows = firstRow..<firstRow + beams[index].hypotheses.count
        firstRow = rows.upperBound
        // Until its prompt is read, what may follow is known.
        parents +=
          position < prompts[index].count
          ? Array(rows) : beams[index].extend(by: rows.map(logits.doubles(inRow:))).map { rows.lowerBound + $0 }
      }
      running.removeAll { beams[$0].hypotheses.isEmpty }
      if parents != Array(0..<firstRow) { state = state.selecting(parents) }
    }
    return beams.map(\.ranked)
  }

  /// The most probable continuations of one sequence as ``beamSearch(from:state:options:)-([[Int32]],_,_)`` finds them.
  public func beamSearch(
    from prompt: [Int32], state: State, options: BeamSearchOptions
  ) throws(ConfigurationError) -> [GeneratedSequence] {
    try beamSearch(from: [prompt], state: state, options: options)[0]
  }
}

/// The hypotheses of one sequence.
private struct Beam {
  let options: BeamSearchOptions
  /// Those that go on.
  var hypotheses = [GeneratedSequence(tokens: [], logProbability: 0, isFinished: false)]
  /// Those that have ended, or are as long as they may be.
  private var results: [GeneratedSequence] = []

  init(options: BeamSearchOptions) { self.options = options }

  /// The results, the best first.
  var ranked: [GeneratedSequence] {
    let scores = results.map(options.score(of:))
    return scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.map { results[$0] }
  }

  /// Replaces the hypotheses by their most probable extensions. Returns for each new one which old one it extends.
  ///
  /// - Parameter logits: What each may be extended by, `[V]` each.
  mutating func extend(by logits: [[Double]]) -> [Int] {
    let width = options.width - results.count
    var candidates: [(parent: Int, token: Int, logProbability: Double)] = []
    for (parent, hypothesis) in hypotheses.enumerated() {
      var allowed = logits[parent]
      let normalizer = logSumExp(allowed)
      for token in options.forbidden where allowed.indices.contains(Int(token)) { allowed[Int(token)] = -.infinity }
      for token in indicesOfLargest(width, of: allowed) where allowed[token] > -.infinity {
        candidates.append((parent, token, hypothesis.logProbability + (allowed[token] - normalizer)))
      }
    }
    candidates.sort { ($0.logProbability, $1.parent) > ($1.logProbability, $0.parent) }

    // Where nothing can follow, what there is is the result.
    if candidates.isEmpty { results += hypotheses }
    let old = hypotheses
    hypotheses = []
    var parents: [Int] = []
    for (parent, token, logProbability) in candidates.prefix(width) {
      var hypothesis = old[parent]
      hypothesis.logProbability = logProbability
      if options.endToken.map(Int.init) == token {
        hypothesis.isFinished = true
      } else {
        hypothesis.tokens.append(Int32(token))
      }
      if hypothesis.isFinished || hypothesis.steps >= options.maximumLength {
        results.append(hypothesis)
      } else {
        hypotheses.append(hypothesis)
        parents.append(parent)
      }
    }
    return parents
  }
}
