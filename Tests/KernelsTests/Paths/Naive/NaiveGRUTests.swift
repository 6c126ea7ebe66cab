import Foundation
import Kernels
import TestSupport
import Testing

/// The equations of the GRU by hand, which all paths must give; the laws of all cells are in `RecurrentCellPassesTests`.
@Suite struct NaiveGRUTests {
  private let x = 0.7
  private let h = -0.4
  /// By gate, in the order r z n.
  private let w = [0.9, -0.5, 0.3]
  private let u = [0.6, 0.8, -0.7]
  private let bx = [0.1, 0.2, -0.3]
  private let bh = [-0.6, 0.5, 0.7]

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private func sum(_ gate: GRUGate) -> Double {
    let k = gate.rawValue
    return w[k] * x + bx[k] + u[k] * h + bh[k]
  }

  @Test(arguments: ComputePath.allCases, RecurrentCell.ResetConvention.allCases)
  func oneStepIsTheEquation(_ path: ComputePath, _ reset: RecurrentCell.ResetConvention) {
    let (r, z) = (sigmoid(sum(.reset)), sigmoid(sum(.update)))
    let n = GRUGate.candidate.rawValue
    let candidate =
      switch reset {
      case .afterProduct: tanh(w[n] * x + bx[n] + r * (u[n] * h + bh[n]))
      case .beforeProduct: tanh(w[n] * x + bx[n] + u[n] * (r * h) + bh[n])
      }
    let wanted = (1 - z) * candidate + z * h
    let found = CellProbe.oneStep(
      RecurrentCell.gru(inputSize: 1, hiddenSize: 1, reset: reset), parameters: w + u + bx + bh, input: [x], hidden: [h]
    ).outcome(path)
    #expect(maximumRelativeDifference(found.hidden, [wanted]) <= Tolerance.operations(30, Double.self))
    #expect(found.output == found.hidden)
  }

  /// The mistake of an engine that skips b_hn where there is no state yet.
  @Test(arguments: ComputePath.allCases)
  func theRecurrentCandidateBiasActsOnTheZeroState(_ path: ComputePath) {
    func hidden(_ recurrentCandidateBias: Double) -> [Double] {
      CellProbe.oneStep(
        RecurrentCell.gru(inputSize: 1, hiddenSize: 1),
        parameters: w + u + bx + [bh[0], bh[1], recurrentCandidateBias],
        input: [x], hidden: [0]
      ).outcome(path).hidden
    }
    #expect(hidden(0.7) != hidden(0))
  }
}
