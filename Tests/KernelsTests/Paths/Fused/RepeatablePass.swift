import TestSupport

@testable import Kernels

/// Passes on memory that was allocated before.
final class RepeatablePass {
  private let probe: CellProbe<Float>
  private let execution: Execution
  private let state: CellState<Float>
  private let dState: CellState<Float>
  private let mask: Matrix<Float>?
  private var ranked: CellState<Float>
  private var outputs: Matrix<Float>
  private var dInputs: Matrix<Float>
  private var dParameters: Matrix<Float>
  private var tape = CellTape<Float>()

  init(_ probe: CellProbe<Float>, _ execution: Execution = fused) {
    self.probe = probe
    self.execution = execution
    let order = probe.layout.order
    state = probe.state.selecting(order)
    dState = probe.stateWeights.selecting(order)
    mask = probe.recurrentMask?.selectingRows(order)
    ranked = state
    let (rows, shape) = (probe.layout.rowCount, probe.cell)
    outputs = .zeros(rows: rows, columns: shape.outputSize)
    dInputs = .zeros(rows: rows, columns: shape.inputSize)
    dParameters = .zeros(rows: 1, columns: shape.parameterCount)
  }

  func infer() { forward(isRecording: false) }

  func train() {
    let pass = forward(isRecording: true)
    ranked = dState
    dInputs.setToZero()
    dParameters.setToZero()
    probe.cell.backward(
      BackwardPass(
        of: pass, dOutputs: probe.outputWeights.rows.unsafeView,
        dState: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()),
        dInputs: dInputs.unsafeMutableView(), dParameters: dParameters.unsafeMutableView()),
      tape: &tape)
  }

  @discardableResult
  private func forward(isRecording: Bool) -> ForwardPass<Float> {
    ranked = state
    let pass = ForwardPass(
      layout: probe.layout, direction: probe.direction, inputs: probe.inputs.rows.unsafeView,
      parameters: probe.parameters.unsafeView,
      state: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()), outputs: outputs.unsafeMutableView(),
      options: PassOptions(
        recurrentMask: mask?.unsafeView, isRecording: isRecording, prepared: probe.prepared, execution: execution))
    probe.cell.forward(pass, tape: &tape)
    return pass
  }
}
