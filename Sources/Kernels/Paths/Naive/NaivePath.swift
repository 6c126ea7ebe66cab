/// The naive path: the equations of each cell one number at a time, the reference for the other paths.
///
/// Here is what the cells share: the time loop, the state, the mask of recurrent dropout and the projection. The equations
/// themselves are those of ``NaiveStep``, in a file for each kind.
extension RecurrentCell {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveForward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): naiveForward(pass, VanillaGate.self, &tape) { $0.forwardVanilla(activation) }
    case .lstm: naiveForward(pass, LSTMGate.self, &tape) { $0.forwardLSTM() }
    case .gru(.afterProduct): naiveForward(pass, GRUGate.self, &tape) { $0.forwardGRUResetAfter() }
    case .gru(.beforeProduct): naiveForward(pass, GRUGate.self, &tape) { $0.forwardGRUResetBefore() }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveBackward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch equations {
    case .vanilla(let activation): naiveBackward(pass, VanillaGate.self, &tape) { $0.backwardVanilla(activation) }
    case .lstm: naiveBackward(pass, LSTMGate.self, &tape) { $0.backwardLSTM() }
    case .gru(.afterProduct): naiveBackward(pass, GRUGate.self, &tape) { $0.backwardGRUResetAfter() }
    case .gru(.beforeProduct): naiveBackward(pass, GRUGate.self, &tape) { $0.backwardGRUResetBefore() }
    }
  }

  @inline(__always)
  private func naiveForward<Name, Scalar>(
    _ pass: ForwardPass<Scalar>, _: Name.Type, _ tape: inout CellTape<Scalar>,
    _ equations: (NaiveStep<Name, Scalar>) -> Void
  ) {
    let R = outputSize
    let weights = CellParameters(self, reading: pass.parameters)
    let recording = NaiveRecording(forwardOf: self, pass, &tape)
    for t in pass.direction.order(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (h, output) = (pass.hidden.row(b), pass.outputs.row(row))
        recording.previousHidden.row(row).update(from: h, count: R)
        recording.previousCell.row(row).update(from: pass.cell.row(b), count: cellStateSize)
        if let mask = pass.recurrentMask {
          for k in 0..<R { recording.recurrentInput[row, k] = mask[b, k] * h[k] }
        }
        let units = isProjected ? recording.unprojected.row(row) : output
        equations(
          NaiveStep(
            hiddenSize: hiddenSize, weights: weights, recording: recording, row: row, x: pass.inputs.row(row),
            c: pass.cell.row(b), h: units))
        if let projection = weights.projection {
          for k in 0..<R { output[k] = naiveDot(projection.row(k), units, hiddenSize) }
        }
        h.update(from: output, count: R)
      }
    }
  }

  @inline(__always)
  private func naiveBackward<Name, Scalar>(
    _ pass: BackwardPass<Scalar>, _: Name.Type, _ tape: inout CellTape<Scalar>,
    _ chainRule: (NaiveBackwardStep<Name, Scalar>) -> Void
  ) {
    let (H, R) = (hiddenSize, outputSize)
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let recording = NaiveRecording(backwardOf: self, pass, &tape)
    let scratch = NaiveScratch(self, &tape)
    for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (dh, dUnits, dRecurrentInput) = (pass.dHidden.row(b), scratch.dUnits, scratch.dRecurrentInput)
        for k in 0..<R { dh[k] += pass.dOutputs[row, k] }
        if let projection = weights.projection, let dProjection = gradients.projection {
          for j in 0..<H { dUnits[j] = 0 }
          for k in 0..<R {
            for j in 0..<H {
              dUnits[j] += dh[k] * projection[k, j]
              dProjection[k, j] += dh[k] * recording.unprojected[row, j]
            }
          }
        } else {
          dUnits.update(from: dh, count: H)
        }
        // Anything added to -0 keeps its bits.
        for k in 0..<R { (dh[k], dRecurrentInput[k]) = (-0.0, 0) }
        chainRule(
          NaiveBackwardStep(
            step: NaiveStep(
              hiddenSize: H, weights: weights, recording: recording, row: row, x: pass.inputs.row(row),
              c: recording.previousCell.row(row), h: recording.previousHidden.row(row)),
            gradients: gradients, dx: pass.dInputs?.row(row), dc: pass.dCell.row(b), dPreviousHidden: dh,
            scratch: scratch))
        for k in 0..<R { dh[k] += dRecurrentInput[k] * (pass.recurrentMask?[b, k] ?? 1) }
      }
    }
  }
}

/// What the naive path records of all rows, as views on the tape.
struct NaiveRecording<Scalar: BLASScalar> {
  /// See ``CellTape``.
  let gates: MutableMatrixView<Scalar>
  let previousHidden: MutableMatrixView<Scalar>
  let previousCell: MutableMatrixView<Scalar>
  let unprojected: MutableMatrixView<Scalar>
  let candidateProducts: MutableMatrixView<Scalar>
  let resetHidden: MutableMatrixView<Scalar>
  /// What the recurrent weights see of the previous hidden state, `[N × R]`: all of it, or what the mask lets through.
  let recurrentInput: MutableMatrixView<Scalar>

  init(forwardOf cell: RecurrentCell, _ pass: ForwardPass<Scalar>, _ tape: inout CellTape<Scalar>) {
    let (H, N) = (cell.hiddenSize, pass.layout.rowCount)
    gates = tape.gates.reshaped(rows: N, columns: cell.gateRows)
    previousHidden = tape.previousHidden.reshaped(rows: N, columns: cell.outputSize)
    previousCell = tape.previousCell.reshaped(rows: N, columns: cell.cellStateSize)
    unprojected = tape.unprojected.reshaped(rows: cell.isProjected ? N : 0, columns: H)
    candidateProducts = tape.candidateProducts.reshaped(rows: cell.reset == .afterProduct ? N : 0, columns: H)
    resetHidden = tape.resetHidden.reshaped(rows: cell.reset == .beforeProduct ? N : 0, columns: H)
    let isMasked = pass.recurrentMask != nil
    let masked = tape.maskedHidden.reshaped(rows: isMasked ? N : 0, columns: cell.outputSize)
    recurrentInput = isMasked ? masked : previousHidden
  }

  init(backwardOf cell: RecurrentCell, _ pass: BackwardPass<Scalar>, _ tape: inout CellTape<Scalar>) {
    gates = tape.gates.unsafeMutableView()
    previousHidden = tape.previousHidden.unsafeMutableView()
    previousCell = tape.previousCell.unsafeMutableView()
    unprojected = tape.unprojected.unsafeMutableView()
    candidateProducts = tape.candidateProducts.unsafeMutableView()
    resetHidden = tape.resetHidden.unsafeMutableView()
    recurrentInput = pass.recurrentMask == nil ? previousHidden : tape.maskedHidden.unsafeMutableView()
    require(recurrentInput.rows == pass.layout.rowCount, "the tape holds no recording of this batch")
  }
}

/// Gradients of one row, in memory of the tape.
struct NaiveScratch<Scalar: BLASScalar> {
  /// For the hidden units, before any projection, `[H]`.
  let dUnits: UnsafeMutablePointer<Scalar>
  /// For the gates before their activation, `[G·H]`.
  let dGates: MutableMatrixView<Scalar>
  /// For what the recurrent weights saw, `[R]`.
  let dRecurrentInput: UnsafeMutablePointer<Scalar>
  /// For the candidate's recurrent product, or for what it multiplied, `[H]`.
  let dCandidate: UnsafeMutablePointer<Scalar>

  init(_ cell: RecurrentCell, _ tape: inout CellTape<Scalar>) {
    dUnits = tape.dUnits.reshaped(rows: 1, columns: cell.hiddenSize).row(0)
    dGates = tape.dGates.reshaped(rows: 1, columns: cell.gateRows)
    dRecurrentInput = tape.dRecurrentInput.reshaped(rows: 1, columns: cell.outputSize).row(0)
    dCandidate = tape.dRecurrentProducts.reshaped(rows: 1, columns: cell.kind == .gru ? cell.hiddenSize : 0).row(0)
  }
}
