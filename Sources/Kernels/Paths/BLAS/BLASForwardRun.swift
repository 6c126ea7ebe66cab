/// The memory of a forward pass on the BLAS path, as all members of its team see it, and what the cells share: one product
/// for all inputs before the time loop, and what the recurrent weights see at each step.
struct BLASForwardRun<Scalar: BLASScalar>: Sendable {
  let pass: ForwardPass<Scalar>
  let weights: CellParameters<Scalar>
  let threads: Int
  /// See ``CellTape``.
  let gates: MutableMatrixView<Scalar>
  private let previousHidden: MutableMatrixView<Scalar>
  private let maskedHidden: MutableMatrixView<Scalar>
  private let transposedWeights: MutableMatrixView<Scalar>

  init(_ cell: RecurrentCell, _ pass: ForwardPass<Scalar>, _ tape: inout CellTape<Scalar>) {
    let (layout, R) = (pass.layout, cell.outputSize)
    self.pass = pass
    weights = CellParameters(cell, reading: pass.parameters)
    threads = pass.execution.threads(forStepWork: layout.batch * cell.forwardOperations)
    gates = tape.gates.reshaped(rows: layout.rowCount, columns: cell.gateRows)
    previousHidden = tape.previousHidden.reshaped(rows: pass.isRecording ? layout.rowCount : 0, columns: R)
    maskedHidden = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : pass.keptRowCount, columns: R)
    let copiesWeights = layout.batch > 1 && layout.steps >= Self.minStepsForACopy
    transposedWeights = tape.transposedWeights.reshaped(rows: copiesWeights ? R : 0, columns: cell.gateRows)
  }

  /// Steps from which on a pass copies its recurrent weights transposed (see ``Team/transpose(_:into:)``).
  ///
  /// LSTM inference, I = 128, H = 256, one thread with AVX-512, copy against view in µs. 32 sequences: 2 steps 611, 533;
  /// 4 steps 974, 1015; 8 steps 1650, 2021. 4 sequences: 4 steps 362, 461; 16 steps 625, 1738. A single sequence, which
  /// OpenBLAS multiplies as a vector either way: 4 steps 306, 101; 16 steps 447, 214.
  private static var minStepsForACopy: Int { 4 }

  /// Starts the gates of all rows with the input products. Returns the right-hand side of a step's product, `[R × G·H]`.
  func begin(_ team: Team, addingRecurrentBias: Bool) -> MatrixView<Scalar> {
    team.projectInputs(pass.inputs, weights, addingRecurrentBias: addingRecurrentBias, into: gates)
    let recurrentWeights = team.transpose(weights.recurrentWeights.readOnly, into: transposedWeights)
    team.barrier()
    return recurrentWeights
  }

  /// Records the hidden state before step `t` and masks it, where that is asked for.
  func step(_ t: Int, _ team: Team) -> BLASStep<Scalar> {
    let rows = pass.layout.rows(at: t)
    let kept = pass.isRecording ? rows : 0..<rows.count
    let hidden = pass.hidden.rows(0..<rows.count)
    let mine = team.share(of: hidden.columns, unit: Team.cutUnit)
    if pass.isRecording {
      for (b, row) in rows.enumerated() { copyElements(hidden.row(b), to: previousHidden.row(row), mine) }
    }
    guard let mask = pass.recurrentMask else {
      return BLASStep(rows: rows, kept: kept, hidden: hidden, recurrentInput: hidden.readOnly)
    }
    let masked = maskedHidden.rows(kept)
    for b in 0..<rows.count { multiplyElements(hidden.row(b), mask.row(b), into: masked.row(b), mine) }
    team.barrier()
    return BLASStep(rows: rows, kept: kept, hidden: hidden, recurrentInput: masked.readOnly)
  }
}

/// One step of a forward pass on the BLAS path.
struct BLASStep<Scalar: BLASScalar> {
  /// Its rows of the batch.
  let rows: Range<Int>
  /// Its rows of a buffer that holds those of all steps while the pass records, and of one step otherwise.
  let kept: Range<Int>
  /// The state of the running sequences, `[B_t × R]`.
  let hidden: MutableMatrixView<Scalar>
  /// What the recurrent weights see of it, `[B_t × R]`.
  let recurrentInput: MatrixView<Scalar>
}

extension ForwardPass {
  /// Rows of a buffer that is to hold all steps while the pass records, and one step otherwise.
  var keptRowCount: Int { isRecording ? layout.rowCount : layout.batch }
}
