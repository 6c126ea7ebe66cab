internal import Kernels
internal import Models

/// Gaps of which each training step uses a random part. Most of the cost of a gap is its prediction over all words; the
/// pass over the sentence, which all its gaps share, is cheap.
struct DrawnGaps: TrainingExamples {
  /// All gaps.
  let examples: GapExamples
  /// The probability that a gap is used in a training step.
  var share = 1.0

  /// Steps of each sentence.
  var lengths: [Int] { examples.lengths }

  /// The examples `indices` with all of their gaps.
  func batch(_ indices: [Int]) -> GapBatch { examples.batch(indices) }

  /// The examples `indices` with some of their gaps.
  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> GapBatch {
    var batch = examples.batch(indices, using: &generator)
    batch.targets.rows.withUnsafeMutableBufferPointer { targets in
      for i in targets.indices where generator.uniform(Double.self) >= share { targets[i] = -1 }
    }
    return batch
  }
}
