import Kernels
import TestSupport
import Testing

@Suite struct CellTapeTests {
  /// A large batch leaves its numbers behind a smaller one; none of them may be seen.
  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func aUsedTapeGivesWhatANewOneGives(_ variant: CellVariant, _ path: ComputePath) {
    let (cell, execution) = (variant.cell(inputSize: 3, hiddenSize: 5), Execution(path: path, threads: 1))
    let large = CellProbe<Float>(cell, seed: 1)
    let small = CellProbe<Float>(cell, lengths: [2, 1], seed: 2)
    var tape = CellTape<Float>()
    for probe in [large, small, large.masked(), small.masked(), large, small.inDirection(.backward), large] {
      #expect(probe.run(execution, tape: &tape) == probe.run(execution))
      var inference = CellTape<Float>()
      #expect(probe.forward(execution, tape: &tape) == probe.forward(execution, tape: &inference))
    }
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func aSmallerBatchTakesNoMoreMemory(_ variant: CellVariant, _ path: ComputePath) {
    let (cell, execution) = (variant.cell(inputSize: 3, hiddenSize: 5), Execution(path: path, threads: 1))
    var tape = CellTape<Double>()
    #expect(tape.byteCount == 0)
    _ = CellProbe(cell).masked().run(execution, tape: &tape)
    let bytes = tape.byteCount
    #expect(bytes > 0)
    _ = CellProbe(cell, lengths: [2, 1, 2, 1]).run(execution, tape: &tape)
    _ = CellProbe(cell, lengths: [7, 7, 4, 3]).masked().run(execution, tape: &tape)
    #expect(tape.byteCount == bytes)
  }

  @Test func aCopyOfATapeKeepsItsRecording() {
    let execution = Execution(path: .blas, threads: 1)
    let probe = CellProbe<Double>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5))
    var tape = CellTape<Double>()
    _ = probe.forward(execution, isRecording: true, tape: &tape)
    var copy = tape
    _ = CellProbe(probe.cell, seed: 2).forward(execution, isRecording: true, tape: &tape)
    #expect(probe.backward(execution, tape: &copy) == probe.run(execution).gradients)
  }
}
