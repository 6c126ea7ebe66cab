import Foundation
import Kernels
import TestSupport
import Testing

/// The equations of the LSTM by hand, which all paths must give; the laws of all cells are in `RecurrentCellPassesTests`.
@Suite struct NaiveLSTMTests {
  private let x = 0.7
  private let h = -0.4
  private let c = 0.8
  /// By gate, in the order i f g o.
  private let w = [0.9, -0.5, 0.3, 0.4]
  private let u = [0.6, 0.8, -0.7, 0.2]
  private let bx = [0.1, 0.2, -0.3, 0.4]
  private let bh = [-0.6, 0.5, 0.7, -0.8]

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  private func sum(_ gate: LSTMGate) -> Double {
    let k = gate.rawValue
    return w[k] * x + bx[k] + u[k] * h + bh[k]
  }

  @Test(arguments: ComputePath.allCases)
  func oneStepIsTheEquation(_ path: ComputePath) {
    let cell = sigmoid(sum(.forget)) * c + sigmoid(sum(.input)) * tanh(sum(.candidate))
    let hidden = sigmoid(sum(.output)) * tanh(cell)
    let found = CellProbe.oneStep(
      RecurrentCell.lstm(inputSize: 1, hiddenSize: 1), parameters: w + u + bx + bh, input: [x], hidden: [h], cell: [c]
    ).outcome(path)
    expect(found, hidden: hidden, cell: cell)
  }

  @Test(arguments: ComputePath.allCases)
  func onlyTheOutputGatesPeepholeSeesTheNewCellState(_ path: ComputePath) {
    let (pi, pf, po) = (0.35, -0.45, 0.55)
    let cell = sigmoid(sum(.forget) + pf * c) * c + sigmoid(sum(.input) + pi * c) * tanh(sum(.candidate))
    let hidden = sigmoid(sum(.output) + po * cell) * tanh(cell)
    let found = CellProbe.oneStep(
      RecurrentCell.lstm(inputSize: 1, hiddenSize: 1, hasPeepholes: true), parameters: w + u + bx + bh + [pi, pf, po],
      input: [x], hidden: [h], cell: [c]
    ).outcome(path)
    expect(found, hidden: hidden, cell: cell)
  }

  @Test(arguments: ComputePath.allCases)
  func aProjectionScalesTheHiddenStateAlone(_ path: ComputePath) {
    let projection = -1.7
    let cell = sigmoid(sum(.forget)) * c + sigmoid(sum(.input)) * tanh(sum(.candidate))
    let hidden = projection * sigmoid(sum(.output)) * tanh(cell)
    let found = CellProbe.oneStep(
      RecurrentCell.lstm(inputSize: 1, hiddenSize: 1, projectionSize: 1), parameters: w + u + bx + bh + [projection],
      input: [x], hidden: [h], cell: [c]
    ).outcome(path)
    expect(found, hidden: hidden, cell: cell)
  }

  private func expect(
    _ found: (output: [Double], hidden: [Double], cell: [Double]), hidden: Double, cell: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let tolerance = Tolerance.operations(30, Double.self)
    #expect(maximumRelativeDifference(found.hidden, [hidden]) <= tolerance, sourceLocation: sourceLocation)
    #expect(maximumRelativeDifference(found.cell, [cell]) <= tolerance, sourceLocation: sourceLocation)
    #expect(found.output == found.hidden, sourceLocation: sourceLocation)
  }
}
