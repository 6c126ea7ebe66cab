internal import CFusedKernels
internal import Glibc

/// One step of one sequence on the calling thread, and nothing around the arithmetic: it allocates nothing, locks nothing
/// and calls nothing of the system. The same bits as a step of any batch on the fused path.
///
/// It is made for steps that take a hundred nanoseconds, of which counting a reference would take five: without a number
/// type, so that a call from another module is a plain call, and without references. Its owner keeps the weights that
/// it points to alive, uses it on one thread at a time, and deallocates it.
package struct SingleStep {
  private let step: UnsafeMutablePointer<CFKForwardStep>
  private let loop: FusedCell.ForwardLoop
  private let panelCount: Int
  private let stateBytes: Int

  init(_ step: CFKForwardStep, _ loop: FusedCell.ForwardLoop, panelCount: Int, stateBytes: Int) {
    self.step = .allocate(capacity: 1)
    self.step.initialize(to: step)
    self.loop = loop
    self.panelCount = panelCount
    self.stateBytes = stateBytes
  }

  package func deallocate() { step.deallocate() }

  /// Takes the step.
  ///
  /// - Parameters:
  ///   - inputs: `[I]`.
  ///   - hidden: The hidden state, `[R]`, updated in place.
  ///   - cell: The cell state, `[H]`, updated in place; anything where the cell has none. Its memory must extend to a
  ///     whole cache line, as that of a ``Matrix`` with one row does.
  ///   - outputs: Receives the hidden state, `[R]`; no other of these buffers.
  package func callAsFunction(
    _ inputs: UnsafeRawPointer, hidden: UnsafeMutableRawPointer, cell: UnsafeMutableRawPointer,
    into outputs: UnsafeMutableRawPointer
  ) {
    step.pointee.inputs = inputs
    step.pointee.hidden = UnsafeRawPointer(hidden)
    step.pointee.hiddenBefore = UnsafeRawPointer(hidden)
    step.pointee.cellBefore = UnsafeRawPointer(cell)
    step.pointee.cell = cell
    step.pointee.outputs = outputs
    let mode = CFKFlushDenormals()
    loop(step, 0, panelCount)
    CFKRestoreFloatingPointMode(mode)
    memcpy(hidden, outputs, stateBytes)
  }
}
