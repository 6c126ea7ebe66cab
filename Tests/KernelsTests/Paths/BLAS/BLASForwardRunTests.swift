import TestSupport
import Testing

@testable import Kernels

@Suite struct BLASForwardRunTests {
  @Test(arguments: CellVariant.allCases)
  func inferenceOnTheBLASPathKeepsNothingOfTheStates(_ variant: CellVariant) {
    let probe = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: [70])
    let execution = Execution(path: .blas, threads: 1)
    var (inference, recording) = (CellTape<Double>(), CellTape<Double>())
    _ = probe.forward(execution, tape: &inference)
    _ = probe.forward(execution, isRecording: true, tape: &recording)
    let states = probe.layout.rowCount * probe.cell.outputSize * MemoryLayout<Double>.stride
    #expect(inference.byteCount <= recording.byteCount - states)
  }

  /// A copy pays from four steps of several sequences on.
  @Test(arguments: [([4, 4], true), ([4, 1], true), ([3, 3], false), ([9], false), ([9, 0], true), ([], false)])
  func recurrentWeightsAreTransposedWhereManyProductsShareTheCost(_ lengths: [Int], _ isCopied: Bool) {
    let probe = CellProbe<Float>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5), lengths: lengths)
    var tape = CellTape<Float>()
    _ = probe.forward(Execution(path: .blas, threads: 1), tape: &tape)
    #expect(tape.transposedWeights.rows == (isCopied ? 5 : 0))
    guard isCopied else { return }
    let weights = CellParameters(probe.cell, reading: probe.parameters.unsafeView).recurrentWeights
    #expect((0..<5).allSatisfy { k in (0..<20).allSatisfy { tape.transposedWeights[k, $0] == weights[$0, k] } })
  }
}
