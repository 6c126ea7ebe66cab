internal import Glibc
internal import Kernels

/// How `SequenceDecoder.generate` chooses tokens and when it stops.
public struct GenerationOptions: Hashable, Codable, Sendable {
  /// How a token is chosen.
  public var strategy: SamplingStrategy
  /// The most tokens to generate, the end token included.
  public var maximumLength: Int
  /// The token that ends a sequence; `nil` for sequences that go on until their length is up.
  public var endToken: Int32?
  /// Tokens that are never chosen.
  public var forbidden: Set<Int32>
  /// Decides what is drawn.
  public var seed: UInt64

  /// Options; by default any token by its probability, and no end before the length is up.
  public init(
    strategy: SamplingStrategy = .temperature(1), maximumLength: Int, endToken: Int32? = nil,
    forbidden: Set<Int32> = [], seed: UInt64 = 0
  ) {
    self.strategy = strategy
    self.maximumLength = maximumLength
    self.endToken = endToken
    self.forbidden = forbidden
    self.seed = seed
  }
}

extension SequenceDecoder {
  /// Continues each of `B` sequences, token by token, until its end token or its length.
  ///
  /// One step of all that still run for each token. What is drawn for a sequence depends on the seed, its place and its
  /// own tokens: not on the sequences beside it, as far as the model's own results do not.
  ///
  /// - Parameters:
  ///   - prompts: The tokens that each sequence begins with, at least one: `B` of them, of any lengths.
  ///   - state: Where the sequences start, before their prompts.
  ///   - options: What to choose, and when to stop.
  /// - Returns: For each prompt what follows it.
  /// - Throws: ``ConfigurationError`` where a prompt is empty or an option cannot be.
  public func generate(
    from prompts: [[Int32]], state: State, options: GenerationOptions
  ) throws(ConfigurationError) -> [GeneratedSequence] {
    require(prompts.count == state.batch, "\(prompts.count) prompts for a state of \(state.batch) sequences")
    let sampler = try TokenSampler(options.strategy, forbidding: options.forbidden)
    try check(forbidden: options.forbidden)
    try ConfigurationError.checkPositive(["length to generate": options.maximumLength])
    try check(prompts)

    var results = prompts.map { _ in GeneratedSequence(tokens: [], logProbability: 0, isFinished: false) }
    var generators = prompts.indices.map { SeededGenerator(seed: options.seed, stream: UInt64($0)) }
    var (state, running, position) = (state, Array(prompts.indices), 0)
    while !running.isEmpty {
      let tokens = running.map { index in
        position < prompts[index].count
          ? prompts[index][position] : results[index].tokens[position - prompts[index].count]
      }
      let logits = step(tokens, &state)
      position += 1
      var goingOn: [Int] = []
      for (row, index) in running.enumerated() {
        // Until its prompt is read, what may follow is known.
        if position >= prompts[index].count {
          let logits = logits.doubles(inRow: row)
          let token = sampler(logits, using: &generators[index])
          results[index].append(token, logits, options.endToken)
          if results[index].isFinished || results[index].tokens.count >= options.maximumLength { continue }
        }
        goingOn.append(row)
      }
      if goingOn.count < running.count {
        state = state.selecting(goingOn)
        running = goingOn.map { running[$0] }
      }
    }
    return results
  }

  /// Continues one sequence as ``generate(from:state:options:)-([[Int32]],_,_)`` does. The state is of one sequence.
  public func generate(
    from prompt: [Int32], state: State, options: GenerationOptions
  ) throws(ConfigurationError) -> GeneratedSequence {
    try generate(from: [prompt], state: state, options: options)[0]
  }

  /// Throws where a prompt has no token, from which nothing could follow.
  func check(_ prompts: [[Int32]]) throws(ConfigurationError) {
    guard prompts.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError(setting: "prompt", found: "empty", wanted: "at least one token to begin with")
    }
  }

  /// Throws where every token is forbidden.
  func check(forbidden: Set<Int32>) throws(ConfigurationError) {
    let count = forbidden.count { 0..<vocabularySize ~= Int($0) }
    guard count < vocabularySize else {
      throw ConfigurationError(
        setting: "forbidden tokens", found: "all \(vocabularySize)", wanted: "at least one token that may be chosen")
    }
  }
}

extension GeneratedSequence {
  /// Adds a token that was chosen by its logits, `[V]`.
  fileprivate mutating func append(_ token: Int32, _ logits: [Double], _ endToken: Int32?) {
    logProbability += logits[Int(token)] - logSumExp(logits)
    if token == endToken { isFinished = true } else { tokens.append(token) }
  }
}

/// log Σ e^x, relative to the largest so that nothing overflows: −∞ for no numbers, NaN where one is.
func logSumExp(_ numbers: [Double]) -> Double {
  let largest = numbers.max() ?? -.infinity
  guard largest.isFinite else { return numbers.contains { $0.isNaN } ? .nan : largest }
  return largest + log(numbers.reduce(0) { $0 + exp($1 - largest) })
}

extension Matrix where Element: BLASScalar {
  /// A row in `Double`.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  func doubles(inRow row: Int) -> [Double] {
    withView { view in
      let source = view.row(row)
      return [Double](unsafeUninitializedCapacity: columns) { target, count in
        for j in 0..<columns { target[j] = Double(source[j]) }
        count = columns
      }
    }
  }
}
