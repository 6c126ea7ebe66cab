/// The memory of a backward pass on the BLAS path, as all members of its team see it, and what the cells share: the
/// products after the time loop.
struct BLASBackwardRun<Scalar: BLASScalar>: Sendable {
  let pass: BackwardPass<Scalar>
  let weights: CellParameters<Scalar>
  let gradients: CellParameters<Scalar>
  let threads: Int
  /// See ``CellTape``.
  let gates: MutableMatrixView<Scalar>
  let previousHidden: MutableMatrixView<Scalar>
  /// What the recurrent weights saw, `[N × R]`.
  let recurrentInputs: MutableMatrixView<Scalar>
  let dGates: MutableMatrixView<Scalar>

  init(_ cell: RecurrentCell, _ pass: BackwardPass<Scalar>, _ tape: inout CellTape<Scalar>) {
    let N = pass.layout.rowCount
    self.pass = pass
    weights = CellParameters(cell, reading: pass.parameters)
    gradients = CellParameters(cell, pass.dParameters)
    threads = pass.execution.threads(forStepWork: pass.layout.batch * cell.forwardOperations)
    gates = tape.gates.unsafeMutableView()
    previousHidden = tape.previousHidden.unsafeMutableView()
    recurrentInputs = pass.recurrentMask == nil ? previousHidden : tape.maskedHidden.unsafeMutableView()
    dGates = tape.dGates.reshaped(rows: N, columns: cell.gateRows)
    require(gates.rows == N && recurrentInputs.rows == N, "the tape holds no recording of this batch")
  }

  /// dh_{t-1} = (dGates Wh) ⊙ mask for the rows of one step, where all of it comes through the recurrent weights. Barriers
  /// stand before the product and after it.
  func backpropagateHidden(_ rows: Range<Int>, _ team: Team) {
    let dHidden = pass.dHidden.rows(0..<rows.count)
    team.barrier()
    team.multiply(dGates.rows(rows).readOnly, weights.recurrentWeights.readOnly, into: dHidden)
    team.barrier()
    // No barrier follows: in the step before, each member reads the columns that it masks here.
    guard let mask = pass.recurrentMask else { return }
    let mine = team.share(of: dHidden.columns, unit: Team.cutUnit)
    for b in 0..<rows.count { multiplyElements(dHidden.row(b), mask.row(b), into: dHidden.row(b), mine) }
  }

  /// After the time loop: dWx += dGatesᵀ X, dWh += dGatesᵀ H, dX += dGates Wx and the sums for the biases.
  ///
  /// - Parameters:
  ///   - team: The team, each of whose members calls this.
  ///   - dRecurrentProducts: The gradient for Wh h + b_h, `[N × G·H]`, where it is not that of the gates.
  ///   - candidateInputs: What the recurrent weights of the last gate saw, `[N × R]`, where it is not what the others saw.
  func addGradients(
    _ team: Team, dRecurrentProducts: MutableMatrixView<Scalar>? = nil,
    candidateInputs: MutableMatrixView<Scalar>? = nil
  ) {
    let (dGates, dProducts) = (self.dGates.readOnly, (dRecurrentProducts ?? self.dGates).readOnly)
    team.multiply(dGates.transposed, pass.inputs, addingTo: gradients.inputWeights)
    let split = candidateInputs == nil ? dGates.columns : GRUGate.candidate.rawValue * recurrentInputs.columns
    team.multiply(
      dProducts.columns(0..<split).transposed, recurrentInputs.readOnly,
      addingTo: gradients.recurrentWeights.rows(0..<split))
    if let candidateInputs {
      team.multiply(
        dProducts.columns(split..<dGates.columns).transposed, candidateInputs.readOnly,
        addingTo: gradients.recurrentWeights.rows(split..<dGates.columns))
    }
    if let dInputs = pass.dInputs { team.multiply(dGates, weights.inputWeights.readOnly, addingTo: dInputs) }
    if dRecurrentProducts == nil {
      team.addColumnSums(of: dGates, to: gradients.inputBias, and: gradients.recurrentBias)
    } else {
      team.addColumnSums(of: dGates, to: gradients.inputBias)
      team.addColumnSums(of: dProducts, to: gradients.recurrentBias)
    }
  }
}
