internal import CFusedKernels
internal import Glibc

/// One step of one sequence on the calling thread, and nothing around the arithmetic: it allocates nothing, locks nothing
/// and calls nothing of the system. The same bits as a step of any batch on the fused path.
///
/// Without a number type, so that a call from another module is a plain call. Unchecked `Sendable`: whoever holds it uses
/// it on one thread at a time.
package final class SingleStep: @unchecked Sendable {
  private var step: CFKForwardStep
  private let loop: FusedCell.ForwardLoop
  private let panelCount: Int
  private let stateBytes: Int
  /// What the step points into.
  private let weights: any Sendable

  init(
    _ step: CFKForwardStep, _ loop: FusedCell.ForwardLoop, panelCount: Int, stateBytes: Int,
    keeping weights: any Sendable
  ) {
    self.step = step
    self.loop = loop
    self.panelCount = panelCount
    self.stateBytes = stateBytes
    self.weights = weights
  }

  /// Takes the step.
  ///
  /// - Parameters:
  ///   - inputs: `[I]`.
  ///   - hidden: The hidden state, `[R]`, updated in place.
  ///   - cell: The cell state, `[H]`, updated in place; anything where the cell has none. Its memory must go on to a whole
  ///     cache line, as that of a ``Matrix`` with one row does.
  ///   - outputs: Receives the hidden state, `[R]`; no other of these buffers.
  package func callAsFunction(
    _ inputs: UnsafeRawPointer, hidden: UnsafeMutableRawPointer, cell: UnsafeMutableRawPointer,
    into outputs: UnsafeMutableRawPointer
  ) {
    step.inputs = inputs
    step.hidden = UnsafeRawPointer(hidden)
    step.hiddenBefore = UnsafeRawPointer(hidden)
    step.cellBefore = UnsafeRawPointer(cell)
    step.cell = cell
    step.outputs = outputs
    let mode = CFKFlushDenormals()
    loop(&step, 0, panelCount)
    CFKRestoreFloatingPointMode(mode)
    memcpy(hidden, outputs, stateBytes)
  }
}
