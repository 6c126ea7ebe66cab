internal import Kernels

/// How much memory recordings of forward passes take. It changes no bit of a gradient.
///
/// What grows with the length of sequences are the gates and cell states of every step: for `N` rows 5·H numbers each in an
/// LSTM and 4·H in a GRU; in a vanilla network none. On the fused path they can be recomputed in the backward pass from the
/// states before every √T-th step (Chen et al., "Training deep nets with sublinear memory cost", 2016), for a third more time.
/// The other paths always keep everything, as do cells that the fused path does not have.
public enum TapeMemory: Hashable, Codable, Sendable {
  /// Keeps gates and cell states of every step.
  case everything
  /// Recomputes them.
  case least
  /// Keeps them where those of all layers take at most this many bytes, and else recomputes them: decided for each pass,
  /// from its layout. A model with several stacks of layers gives each an equal share.
  case budget(bytes: Int)

  /// What each of `count` recordings may take.
  func share(of count: Int) -> TapeMemory {
    if case .budget(let bytes) = self { .budget(bytes: bytes / count) } else { self }
  }

  /// What a pass of `stack` over `rows` rows keeps, in numbers of `stride` bytes.
  func storage(for stack: RecurrentStack, rows: Int, stride: Int) -> TapeStorage {
    switch self {
    case .everything: return .everything
    case .least: return .recomputed
    case .budget(let bytes):
      var numbers = 0
      for cell in stack.cells { numbers += rows * cell.recordedNumbers * stack.directions }
      return numbers * stride <= bytes ? .everything : .recomputed
    }
  }

  /// Throws where the budget is not positive.
  func check() throws(ConfigurationError) {
    if case .budget(let bytes) = self { try ConfigurationError.checkPositive(["memory budget": bytes]) }
  }
}

/// The memory that passes of a model with recurrent layers work in.
///
/// A model whose tape conforms has ``TrainableModel/makeTape(seed:)``, ``TrainableModel/makeTape(seed:memory:)`` and
/// ``TrainableModel/reseed(_:with:)`` from it.
public protocol RecordingTape: Sendable {
  /// An empty tape; `seed` decides what is random in training, and `memory` how much it keeps.
  init(seed: UInt64, memory: TapeMemory)
  /// Starts everything random anew from `seed`.
  mutating func reseed(with seed: UInt64)
  /// Bytes of the recordings and workspaces of the recurrent layers.
  var byteCount: Int { get }
}

extension TrainableModel where Tape: RecordingTape {
  /// An empty tape that keeps everything; `seed` decides what is random in training.
  public func makeTape(seed: UInt64) -> Tape { Tape(seed: seed, memory: .everything) }

  /// An empty tape that keeps as much as `memory` says.
  public func makeTape(seed: UInt64, memory: TapeMemory) -> Tape { Tape(seed: seed, memory: memory) }

  /// Starts everything random anew.
  public func reseed(_ tape: inout Tape, with seed: UInt64) { tape.reseed(with: seed) }
}
