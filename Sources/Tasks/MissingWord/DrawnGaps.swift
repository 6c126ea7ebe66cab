internal import Kernels
internal import Models

/// Gaps of which a step of training asks for a part, drawn anew each time. Most of what a gap costs is its prediction,
/// which is over all words; the reading, which all gaps of a sentence share, is cheap.
struct DrawnGaps: TrainingExamples {
  /// All gaps.
  let examples: GapExamples
  /// The probability with which a gap is asked for in training.
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
