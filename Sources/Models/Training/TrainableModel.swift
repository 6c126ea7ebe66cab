public import Kernels

/// What the training loop, the gradient checker and the memory of a checkpoint need of a model: one flat parameter
/// buffer, and a loss whose gradient it can compute.
///
/// ``SequenceModel`` conforms, also with a loss of one's own (``SequenceModel/minimizing(_:)``). A model of one's own, made of
/// ``RecurrentStack``, ``LinearMap`` and ``EmbeddingTable`` over one ``ParameterVector``, conforms with a few functions and
/// gets all of training for it: `Tests/Examples/OwnModel` in the repository is a complete one.
public protocol TrainableModel<Scalar>: Sendable {
  associatedtype Scalar: BLASScalar
  /// Some examples, packed for one pass.
  associatedtype Batch: Sendable
  /// The memory a pass works in; kept between batches, so that a step after the first allocates nothing.
  associatedtype Tape: Sendable

  /// All parameters.
  var parameters: ParameterVector<Scalar> { get set }

  /// An empty tape. `seed` decides what is random in training, such as dropout.
  func makeTape(seed: UInt64) -> Tape

  /// An empty tape that keeps as much of a forward pass as `memory` says; for models that can choose.
  func makeTape(seed: UInt64, memory: TapeMemory) -> Tape

  /// Starts the random numbers of `tape` anew from `seed`, leaving everything else on it as it is. A training loop does
  /// so before every step, so that a step depends on its number and not on the history of the tape.
  func reseed(_ tape: inout Tape, with seed: UInt64)

  /// Prepares `tape` for training step `step`, from 0, for what changes as training goes on, such as
  /// scheduled sampling. A training loop does so before every step.
  func prepare(_ tape: inout Tape, forStep step: Int)

  /// Throws where `batch` cannot be this model's: another number of features, a label outside its range, targets of another
  /// kind. A training loop asks for every example before its first step.
  func check(_ batch: Batch) throws(ConfigurationError)

  /// In how many windows of time a batch is trained: 1, unless backpropagation through time is truncated.
  func windowCount(of batch: Batch) -> Int

  /// The mean loss over window `window` of `batch`, in training mode; its gradient is added to `gradient`.
  ///
  /// The windows of a batch come in order on one tape, which carries the state from each to the next. No gradient
  /// crosses between them.
  func accumulateGradient(
    of batch: Batch, window: Int, tape: inout Tape, into gradient: inout ParameterVector<Scalar>
  ) -> LossValue

  /// The mean loss over the whole of `batch`, without dropout and without a gradient.
  func loss(of batch: Batch, tape: inout Tape) -> LossValue

  /// What `tape` carries from the window before to the next, for a checkpoint in the middle of a batch.
  func carriedState(of tape: Tape) -> [Matrix<Scalar>]

  /// Puts what ``carriedState(of:)`` gave onto `tape`. Returns whether it can be this model's.
  func carry(_ state: [Matrix<Scalar>], on tape: inout Tape) -> Bool
}

extension TrainableModel {
  /// ``makeTape(seed:)``: right for a model that keeps the same in any case.
  public func makeTape(seed: UInt64, memory: TapeMemory) -> Tape { makeTape(seed: seed) }

  /// Nothing: right for a model whose batches always fit.
  public func check(_ batch: Batch) throws(ConfigurationError) {}

  /// 1: the whole batch at once.
  public func windowCount(of batch: Batch) -> Int { 1 }

  /// Nothing: right for a model in which nothing is random.
  public func reseed(_ tape: inout Tape, with seed: UInt64) {}

  /// Nothing: right for a model whose steps are all alike.
  public func prepare(_ tape: inout Tape, forStep step: Int) {}

  /// Nothing: right for a model whose batches are one window.
  public func carriedState(of tape: Tape) -> [Matrix<Scalar>] { [] }

  /// Accepts an empty state alone.
  public func carry(_ state: [Matrix<Scalar>], on tape: inout Tape) -> Bool { state.isEmpty }
}

/// A mean loss, with the number of things it is the mean over, so that the losses of batches can be averaged.
public struct LossValue: Hashable, Codable, Sendable {
  /// The mean.
  public var mean: Double
  /// How many elements or rows exist and are not masked.
  public var count: Int

  /// A mean over `count` things.
  public init(mean: Double, count: Int) {
    self.mean = mean
    self.count = count
  }

  private enum CodingKeys: String, CodingKey { case mean, count }

  /// Reads a mean from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    mean = try values.decode(forKey: .mean, in: .finite)
    count = try values.decodeCount(forKey: .count)
  }
}

/// Examples that can be drawn in any order and packed together.
public protocol TrainingExamples<Batch>: Sendable {
  associatedtype Batch: Sendable
  /// The length of each example in steps; the loop puts examples of similar length together.
  var lengths: [Int] { get }
  /// These examples, packed.
  func batch(_ indices: [Int]) -> Batch
  /// These examples, packed for a step of training: what is random about them, such as an augmentation, `generator`
  /// decides, which depends on the seed, the epoch and the number of the batch alone.
  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> Batch
  /// A sum over all that these examples are, the same in every process, by which a checkpoint is known to be of a run on
  /// these and no others.
  func contentSum() -> String
}

extension TrainingExamples {
  /// The same examples every time.
  public func batch(_ indices: [Int], using generator: inout SeededGenerator) -> Batch { batch(indices) }

  /// A sum over the lengths and what the batches hold as values; what is behind objects does not count. Packs every
  /// example once, as the check before training does.
  public func contentSum() -> String {
    let lengths = self.lengths
    var sum = ContentSum()
    sum.add(reflecting: lengths)
    for first in stride(from: 0, to: lengths.count, by: examplesInASum) {
      sum.add(reflecting: batch(Array(first..<min(first + examplesInASum, lengths.count))))
    }
    // Some of them as a step of training sees them, for the settings of what is random.
    var generator = SeededGenerator(seed: 0)
    if !lengths.isEmpty {
      sum.add(reflecting: batch(Array(0..<min(examplesInASum, lengths.count)), using: &generator))
    }
    return sum.text
  }

  /// Stops the program unless all `indices` are those of `count` examples.
  func check(_ indices: [Int], of count: Int) {
    require(indices.allSatisfy { 0..<count ~= $0 }, "examples \(indices) are not all among \(count)")
  }
}

/// Examples that are packed together for a sum.
private let examplesInASum = 64
