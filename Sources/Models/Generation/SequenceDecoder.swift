public import Kernels

/// Anything that continues sequences token by token: a language model, the decoder of a translation, a caption's writer.
///
/// It owns parameters and no state; what it has read so far is a value of ``State``, of `B` sequences side by side, that
/// can be forked. Whoever conforms gets sampling, `generate`, and `beamSearch`. How a state begins is the model's own
/// affair: from zeros, from an image, from a source sentence.
public protocol SequenceDecoder<Scalar>: Sendable {
  associatedtype Scalar: BLASScalar
  /// What it knows of `B` sequences between two steps.
  associatedtype State: DecoderState

  /// Number of tokens that it can continue a sequence with, `V`: those in `0 ..< V`.
  var vocabularySize: Int { get }

  /// Reads one token of each sequence and says what may follow.
  ///
  /// - Parameters:
  ///   - tokens: The next token of each sequence, `[B]`.
  ///   - state: The state before them on entry, after them on return.
  /// - Returns: Logits of the token after, `[B × V]`.
  func step(_ tokens: [Int32], _ state: inout State) -> Matrix<Scalar>
}

/// The state of `B` sequences that a ``SequenceDecoder`` continues.
public protocol DecoderState: Sendable {
  /// Number of sequences, `B`.
  var batch: Int { get }

  /// The state of the sequences `indices` alone, in that order; an index may occur more than once, which forks it.
  func selecting(_ indices: [Int]) -> Self
}

extension RecurrentState: DecoderState {}

/// A sequence that was generated.
public struct GeneratedSequence: Hashable, Codable, Sendable {
  /// The tokens after the prompt, without the end token.
  public var tokens: [Int32]
  /// The logarithm of the probability that the model itself gives to these tokens, and to the end token where it came,
  /// after what was before each: at temperature 1, with nothing forbidden.
  public var logProbability: Double
  /// Whether the end token came; otherwise the length was up.
  public var isFinished: Bool

  /// A sequence with its score.
  public init(tokens: [Int32], logProbability: Double, isFinished: Bool) {
    self.tokens = tokens
    self.logProbability = logProbability
    self.isFinished = isFinished
  }

  /// Number of steps it took: its tokens, and the end token where it came.
  public var steps: Int { tokens.count + (isFinished ? 1 : 0) }
}
