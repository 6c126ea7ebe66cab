import TestSupport
import Testing

@testable import Kernels

/// What a tape that recomputes promises: the same gradients, in less memory.
@Suite struct RecomputationTests {
  /// Lengths whose windows of ⌈√T⌉ steps end at ends of sequences, between them and after a single step.
  private static let ragged = [4, 17, 0, 9, 2, 17]

  @Test(arguments: CellVariant.allCases, TimeDirection.allCases)
  func recomputingChangesNoBit(_ variant: CellVariant, _ direction: TimeDirection) {
    for hiddenSize in [5, 67] {
      let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: hiddenSize), lengths: Self.ragged)
        .inDirection(direction)
      let alone = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: hiddenSize), lengths: [11])
        .inDirection(direction)
      // A team is smaller where the pool is busy, as other tests make it: only the fused path's bits do not depend on that.
      let maxThreads = CellVariant.fused.contains(variant) ? 3 : 1
      for (probe, threads) in [(probe, 1), (probe.masked(), 1), (alone, 1), (probe, maxThreads)] {
        let execution = Execution(path: .fused, threads: threads)
        var recomputing = CellTape<Float>(storage: .recomputed)
        let isEqual = probe.run(execution, tape: &recomputing) == probe.run(execution)
        #expect(isEqual, "H = \(hiddenSize), \(threads) threads")
      }
    }
  }

  /// Prepared weights are the forward pass's alone; the backward pass that computes gates again has to have its own.
  @Test(arguments: [CellVariant.lstm, .gruResetAfter])
  func recomputingAfterAPassOnPreparedWeightsChangesNoBit(_ variant: CellVariant) {
    let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 37), lengths: Self.ragged)
    let execution = Execution(path: .fused, threads: 1)
    var tape = CellTape<Float>(storage: .recomputed)
    _ = probe.preparing().forward(execution, isRecording: true, tape: &tape)
    let isEqual = probe.backward(execution, tape: &tape) == probe.run(execution).gradients
    #expect(isEqual)
  }

  @Test func aRecomputingTapeCanBeReadTwice() {
    let probe = CellProbe<Double>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5), lengths: Self.ragged)
    let execution = Execution(path: .fused, threads: 1)
    var tape = CellTape<Double>(storage: .recomputed)
    _ = probe.forward(execution, isRecording: true, tape: &tape)
    let first = probe.backward(execution, tape: &tape)
    #expect(probe.backward(execution, tape: &tape) == first)
  }

  /// Four times the steps take twice the memory, beside the weights.
  @Test(arguments: [CellVariant.lstm, .gruResetAfter])
  func memoryGrowsWithTheRootOfTheSteps(_ variant: CellVariant) {
    func bytes(_ steps: Int) -> Int {
      let probe = CellProbe<Float>(
        variant.cell(inputSize: 3, hiddenSize: 37), lengths: [steps, steps, steps, steps - 1])
      var tape = CellTape<Float>(storage: .recomputed)
      _ = probe.run(Execution(path: .fused, threads: 1), tape: &tape)
      return tape.byteCount
    }
    let (few, more, many) = (bytes(64), bytes(256), bytes(1024))
    #expect(Double(many - more) <= 2.2 * Double(more - few))
  }
}
