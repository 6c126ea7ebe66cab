import Foundation
import Kernels
import TestSupport
import Testing

/// What is peculiar to the vanilla cell; the laws of all cells are in `RecurrentCellTests`.
@Suite struct VanillaCellTests {
  @Test(arguments: ComputePath.allCases)
  func oneStepIsTheEquation(_ path: ComputePath) {
    let (x, h, w, u, bx, bh) = (0.7, -0.4, 0.9, 0.6, 0.2, -0.3)
    let sum = w * x + bx + u * h + bh
    for (activation, wanted) in [(RecurrentCell.Activation.tanh, tanh(sum)), (.relu, max(sum, 0))] {
      let found = CellProbe.oneStep(
        RecurrentCell.vanilla(inputSize: 1, hiddenSize: 1, activation: activation), parameters: [w, u, bx, bh],
        input: [x],
        hidden: [h]
      ).outcome(path)
      #expect(maximumRelativeDifference(found.hidden, [wanted]) <= Tolerance.operations(10, Double.self))
      #expect(found.output == found.hidden)
    }
  }

  @Test(arguments: ComputePath.allCases)
  func aRectifiedUnitBelowZeroIsSilentAndHasNoGradient(_ path: ComputePath) {
    let probe = CellProbe.oneStep(
      RecurrentCell.vanilla(inputSize: 1, hiddenSize: 1, activation: .relu), parameters: [1, 1, 0.5, 0.5], input: [-3],
      hidden: [1])
    let results = probe.run(Execution(path: path, threads: 1))
    #expect(results.outcome.state.hidden == Matrix([[0]]))
    #expect(results.gradients.dParameters == .zeros(rows: 1, columns: 4))
    #expect(results.gradients.dInputs.rows == Matrix([[0]]))
    #expect(results.gradients.dState.hidden == Matrix([[0]]))
  }

  @Test(arguments: ComputePath.allCases, RecurrentCell.Activation.allCases)
  func notANumberIsNotHidden(_ path: ComputePath, _ activation: RecurrentCell.Activation) {
    let found = CellProbe.oneStep(
      RecurrentCell.vanilla(inputSize: 1, hiddenSize: 1, activation: activation), parameters: [1, 1, 0.5, 0.5],
      input: [.nan],
      hidden: [1]
    ).outcome(path)
    #expect(found.output[0].isNaN)
  }

  @Test func sizesThatAreNotPositiveStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.vanilla(inputSize: 0, hiddenSize: 5) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.vanilla(inputSize: 3, hiddenSize: 0) }
  }
}
