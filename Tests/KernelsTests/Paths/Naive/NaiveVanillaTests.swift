import Foundation
import Kernels
import TestSupport
import Testing

/// The equation of the vanilla cell by hand, which all paths must give; the laws of all cells are in
/// `RecurrentCellPassesTests`.
@Suite struct NaiveVanillaTests {
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
}
