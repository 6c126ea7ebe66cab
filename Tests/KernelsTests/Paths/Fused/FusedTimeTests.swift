import Models
import TestSupport
import Testing

@testable import Kernels

/// What ``FusedCostTests`` counts, in time, by `Scripts/check-performance.sh`.
@Suite(.serialized, .enabled(if: TimeRatio.isMeasured, "needs Scripts/check-performance.sh")) struct FusedTimeTests {
  private static let cells: [CellVariant] = [.vanillaTanh, .lstm, .gruResetAfter]
  /// How much more than expected a pass may take.
  private static let tolerance = 1.1

  // MARK: - Numbers that are slow

  /// T = 80, B = 6, I = 24, H = 48.
  private func ordinary(_ variant: CellVariant) -> CellProbe<Float> {
    CellProbe(variant.cell(inputSize: 24, hiddenSize: 48), lengths: [Int](repeating: 80, count: 6))
  }

  @Test(arguments: cells, SlowNumbers.allCases)
  func anInferenceTakesNoLongerForSlowNumbers(_ variant: CellVariant, _ numbers: SlowNumbers) {
    let (reference, subject) = (RepeatablePass(ordinary(variant)), RepeatablePass(numbers.make(ordinary(variant))))
    let ratio = TimeRatio(
      of: { subject.infer() }, to: { reference.infer() }, limit: Self.tolerance, repetitions: 10)
    #expect(ratio.value <= Self.tolerance, "\(ratio)")
  }

  @Test(arguments: cells, SlowNumbers.allCases)
  func trainingTakesNoLongerForSlowNumbers(_ variant: CellVariant, _ numbers: SlowNumbers) {
    let (reference, subject) = (RepeatablePass(ordinary(variant)), RepeatablePass(numbers.make(ordinary(variant))))
    let ratio = TimeRatio(
      of: { subject.train() }, to: { reference.train() }, limit: Self.tolerance, repetitions: 10)
    #expect(ratio.value <= Self.tolerance, "\(ratio)")
  }

  // MARK: - Shapes

  /// T = 100, B = 32, I = 128, H = 256 is too much for the loops of another instruction set than this processor's best.
  private static let isAtItsBest = InstructionSet.active == .best

  private static let steps = 100
  private static let dense = [Int](repeating: steps, count: 32)
  private static let ragged: [Int] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<32).map { _ in 5 + generator.uniform(below: steps - 4) }
  }()

  private static let raggedLimit = tolerance * Double(ragged.reduce(0, +)) / Double(dense.reduce(0, +))

  private func usual(_ variant: CellVariant, _ lengths: [Int]) -> CellProbe<Float> {
    CellProbe(variant.cell(inputSize: 128, hiddenSize: 256), lengths: lengths)
  }

  @Test(.enabled(if: isAtItsBest), arguments: cells)
  func anInferenceOfARaggedBatchCostsWhatItsRowsCost(_ variant: CellVariant) {
    let (dense, ragged) = (RepeatablePass(usual(variant, Self.dense)), RepeatablePass(usual(variant, Self.ragged)))
    let ratio = TimeRatio(of: { ragged.infer() }, to: { dense.infer() }, limit: Self.raggedLimit, repetitions: 5)
    #expect(ratio.value <= Self.raggedLimit, "\(ratio)")
  }

  @Test(.enabled(if: isAtItsBest), arguments: cells)
  func trainingOnARaggedBatchCostsWhatItsRowsCost(_ variant: CellVariant) {
    let (dense, ragged) = (RepeatablePass(usual(variant, Self.dense)), RepeatablePass(usual(variant, Self.ragged)))
    let ratio = TimeRatio(of: { ragged.train() }, to: { dense.train() }, limit: Self.raggedLimit, repetitions: 3)
    #expect(ratio.value <= Self.raggedLimit, "\(ratio)")
  }
}
