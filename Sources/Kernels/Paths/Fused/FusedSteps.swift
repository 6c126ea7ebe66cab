internal import CFusedKernels

// What a fused loop reads and writes, as it is known here: rows of matrices and rows of panels.

extension CFKForwardStep {
  /// What the sums begin with.
  mutating func setStart<Scalar>(_ panels: Panels<Scalar>) {
    (start, startRow, startPanel) = (UnsafeRawPointer(panels.start), panels.rowStride, panels.panelStride)
  }
  /// The inputs of the step; left out where the sums begin with their products.
  mutating func setInputs<Scalar>(_ rows: MatrixView<Scalar>) {
    (inputs, inputRow, inputCount) = (UnsafeRawPointer(rows.baseAddress), rows.stride, rows.columns)
  }
  /// The hidden state before the step, without any mask.
  mutating func setHiddenBefore<Scalar>(_ rows: MutableMatrixView<Scalar>) {
    (hiddenBefore, hiddenBeforeRow) = (UnsafeRawPointer(rows.baseAddress), rows.stride)
  }
  /// What the recurrent weights see of it.
  mutating func setRecurrentInput<Scalar>(_ rows: MutableMatrixView<Scalar>) {
    (hidden, hiddenRow, hiddenCount) = (UnsafeRawPointer(rows.baseAddress), rows.stride, rows.columns)
  }
  mutating func setWeights<Scalar>(_ packed: ForwardWeights<Scalar>) {
    (weights, depth) = (UnsafeRawPointer(packed.panels), packed.depth)
    candidateStart = UnsafeRawPointer(packed.candidateStarts)
  }
  mutating func setCell<Scalar>(before: Panels<Scalar>, after: Panels<Scalar>) {
    (cellBefore, cellBeforePanel) = (UnsafeRawPointer(before.start), before.panelStride)
    (cell, cellPanel) = (UnsafeMutableRawPointer(after.start), after.panelStride)
  }
  mutating func setGates<Scalar>(_ panels: Panels<Scalar>) {
    (gates, gatesPanel) = (UnsafeMutableRawPointer(panels.start), panels.panelStride)
  }
  mutating func setOutputs<Scalar>(_ rows: MutableMatrixView<Scalar>) {
    (outputs, outputRow) = (UnsafeMutableRawPointer(rows.baseAddress), rows.stride)
  }
  /// The mask of recurrent dropout, and where the hidden state times that goes.
  mutating func setMask<Scalar>(_ rows: MatrixView<Scalar>, into maskedRows: MutableMatrixView<Scalar>) {
    (mask, maskRow) = (UnsafeRawPointer(rows.baseAddress), rows.stride)
    (masked, maskedRow) = (UnsafeMutableRawPointer(maskedRows.baseAddress), maskedRows.stride)
  }
}

extension CFKBackwardStep {
  /// Gate gradients of the step that follows in time; left out where the sequences end here.
  mutating func setNextGates<Scalar>(_ panels: Panels<Scalar>, _ weights: BackwardWeights<Scalar>) {
    dNext = UnsafeRawPointer(panels.start + weights.firstLane)
    (dNextRow, dNextPanel, runLength) = (panels.rowStride, panels.panelStride, weights.runLength)
  }
  mutating func setWeights<Scalar>(_ packed: BackwardWeights<Scalar>) {
    (weights, depth) = (UnsafeRawPointer(packed.panels), packed.depth)
  }
  mutating func setMask<Scalar>(_ rows: MatrixView<Scalar>) {
    (mask, maskRow) = (UnsafeRawPointer(rows.baseAddress), rows.stride)
  }
  /// Gradient for the hidden state that does not come through the recurrent weights: read if `reads`, and what passes
  /// straight to the step before written if `writes`.
  mutating func setDHidden<Scalar>(_ panels: Panels<Scalar>, reads: Bool, writes: Bool) {
    dHidden = reads ? UnsafeRawPointer(panels.start) : nil
    dHiddenBefore = writes ? UnsafeMutableRawPointer(panels.start) : nil
    dHiddenPanel = panels.panelStride
  }
  mutating func setDOutputs<Scalar>(_ rows: MatrixView<Scalar>) {
    (dOutputs, dOutputRow) = (UnsafeRawPointer(rows.baseAddress), rows.stride)
  }
  mutating func setGates<Scalar>(_ panels: Panels<Scalar>) {
    (gates, gatesPanel) = (UnsafeRawPointer(panels.start), panels.panelStride)
  }
  mutating func setHidden<Scalar>(_ rows: MatrixView<Scalar>) {
    (hidden, hiddenRow) = (UnsafeRawPointer(rows.baseAddress), rows.stride)
  }
  mutating func setCell<Scalar>(before: Panels<Scalar>, after: Panels<Scalar>) {
    (cellBefore, cellBeforePanel) = (UnsafeRawPointer(before.start), before.panelStride)
    (cell, cellPanel) = (UnsafeRawPointer(after.start), after.panelStride)
  }
  mutating func setDCell<Scalar>(_ panels: Panels<Scalar>) {
    (dCell, dCellPanel) = (UnsafeMutableRawPointer(panels.start), panels.panelStride)
  }
  mutating func setDGates<Scalar>(_ panels: Panels<Scalar>) {
    (dGates, dGatesPanel) = (UnsafeMutableRawPointer(panels.start), panels.panelStride)
  }
}
