extension RecurrentCell {
  /// Runs the recurrence over every step of every sequence, on the path of `pass`'s execution. Records into `tape` what
  /// backpropagation needs if `pass.isRecording`, and uses it as scratch memory otherwise.
  ///
  /// Stops where a view has another shape than ``ForwardPass`` states.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    check(pass)
    switch tape.begin(pass, of: self) {
    case .naive: naiveForward(pass, tape: &tape)
    case .blas: blasForward(pass, tape: &tape)
    case .fused: fusedForward(pass, tape: &tape)
    }
  }

  /// Exact backpropagation through time over what `forward` recorded in `tape` with the same inputs and parameters, on the
  /// path that recorded it. May be called more than once for one recording.
  ///
  /// Stops where a view has another shape than ``BackwardPass`` states, and where the tape holds no
  /// recording of the batch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    check(pass)
    switch tape.recordedPath(for: pass) {
    case .naive: naiveBackward(pass, tape: &tape)
    case .blas: blasBackward(pass, tape: &tape)
    case .fused: fusedBackward(pass, tape: &tape)
    }
  }
}

extension RecurrentCell {
  /// Stops where views do not fit the cell, before anything is written through them.
  private func check<Scalar>(_ pass: ForwardPass<Scalar>) {
    let (rows, batch) = (pass.layout.rowCount, pass.layout.batch)
    expect(pass.inputs, rows, inputSize, "inputs")
    expect(pass.outputs.readOnly, rows, outputSize, "outputs")
    expect(pass.hidden.readOnly, batch, outputSize, "hidden state")
    expect(pass.cell.readOnly, batch, cellStateSize, "cell state")
    expect(pass.parameters, 1, parameterCount, "parameters")
    if let mask = pass.recurrentMask { expect(mask, batch, outputSize, "recurrent mask") }
    if let prepared = pass.prepared {
      require(prepared.cell.hasSameParameters(as: self), "the prepared weights are those of another cell")
    }
  }

  private func check<Scalar>(_ pass: BackwardPass<Scalar>) {
    let (rows, batch) = (pass.layout.rowCount, pass.layout.batch)
    expect(pass.inputs, rows, inputSize, "inputs")
    expect(pass.outputs, rows, outputSize, "outputs")
    expect(pass.dOutputs, rows, outputSize, "output gradient")
    expect(pass.dHidden.readOnly, batch, outputSize, "hidden state gradient")
    expect(pass.dCell.readOnly, batch, cellStateSize, "cell state gradient")
    expect(pass.parameters, 1, parameterCount, "parameters")
    expect(pass.dParameters.readOnly, 1, parameterCount, "parameter gradient")
    if let dInputs = pass.dInputs { expect(dInputs.readOnly, rows, inputSize, "input gradient") }
  }

  /// Whether both have the same parameters; tanh and ReLU have.
  private func hasSameParameters(as other: RecurrentCell) -> Bool {
    kind == other.kind && inputSize == other.inputSize && hiddenSize == other.hiddenSize && hasBias == other.hasBias
      && projectionSize == other.projectionSize && hasPeepholes == other.hasPeepholes
  }

  private func expect<Scalar>(_ view: MatrixView<Scalar>, _ rows: Int, _ columns: Int, _ name: String) {
    require(
      view.rows == rows && view.columns == columns && !view.isTransposed,
      "the \(name) must be \(rows) × \(columns), not \(view.rows) × \(view.columns)")
  }
}
