public import Kernels

/// A long text cut into streams of equal length, which are read side by side; each token's target is the one that
/// follows it. In each epoch the streams begin at another place, so that windows are cut elsewhere.
public struct TokenStreams<Scalar: BLASScalar>: TrainingExamples {
  /// The streams, each a token longer than it is read.
  private let streams: [ArraySlice<Int32>]
  /// Tokens of a window: the place where a stream begins varies by less.
  private let window: Int

  /// `count` streams of `tokens`, for training with truncation after `window` steps. What is left over at the end is
  /// dropped. Throws where the tokens are too few for that.
  public init(_ tokens: [Int32], streams count: Int, window: Int) throws(ConfigurationError) {
    try ConfigurationError.checkSides(["streams": count, "window": window])
    let length = (tokens.count - 1) / count
    try ConfigurationError.require(
      length > window, "number of tokens", "\(tokens.count)",
      wanted: "at least \(count * (window + 1) + 1): \(count) streams longer than a window of \(window)")
    streams = (0..<count).map { tokens[$0 * length...($0 + 1) * length] }
    self.window = window
  }

  /// Number of streams.
  package var count: Int { streams.count }
  /// Windows that a stream is trained in, at most.
  package var windows: Int { (lengths[0] - 1) / window + 1 }
  /// Steps of each stream.
  public var lengths: [Int] { streams.map { $0.count - 1 } }

  /// The streams from their first token.
  public func batch(_ indices: [Int]) -> SequenceBatch<Scalar> { batch(indices, from: 0) }

  /// The streams from a random token of their first window.
  public func batch(_ indices: [Int], using generator: inout SeededGenerator) -> SequenceBatch<Scalar> {
    batch(indices, from: generator.uniform(below: window))
  }

  private func batch(_ indices: [Int], from start: Int) -> SequenceBatch<Scalar> {
    check(indices, of: count)
    let texts = indices.map { streams[$0].dropFirst(start) }
    return SequenceBatch(
      inputs: .tokens(PackedSequence(texts.map { Array($0.dropLast()) })),
      targets: .classes(PackedSequence(texts.map { Array($0.dropFirst()) })))
  }
}
