extension RecurrentCell {
  /// The equations of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveForwardGRU<Scalar: BLASScalar>(
    _ pass: ForwardPass<Scalar>, reset: ResetConvention, tape: inout CellTape<Scalar>
  ) {
    let (H, N) = (hiddenSize, pass.layout.rowCount)
    let weights = CellParameters(self, reading: pass.parameters)
    let gates = tape.gates.reshaped(rows: N, columns: gateRows)
    let previousHidden = tape.previousHidden.reshaped(rows: N, columns: H)
    let maskedHidden = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : N, columns: H)
    let candidateProducts = tape.candidateProducts.reshaped(rows: reset == .afterProduct ? N : 0, columns: H)
    let resetHidden = tape.resetHidden.reshaped(rows: reset == .beforeProduct ? N : 0, columns: H)

    for t in pass.direction.order(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (input, hidden) = (pass.inputs.row(row), pass.hidden.row(b))
        for k in 0..<H { previousHidden[row, k] = hidden[k] }
        var recurrentInput = UnsafePointer(previousHidden.row(row))
        if let mask = pass.recurrentMask {
          for k in 0..<H { maskedHidden[row, k] = mask[b, k] * hidden[k] }
          recurrentInput = UnsafePointer(maskedHidden.row(row))
        }

        let gate = gates.gates(row, GRUGate.self, hiddenSize: H)
        for j in (.reset ... .update).block(hiddenSize: H) {
          gate.start[j] = naiveSigmoid(weights.naivePreactivation(j, input, recurrentInput))
        }
        if reset == .beforeProduct {
          for j in 0..<H { resetHidden[row, j] = gate[.reset][j] * recurrentInput[j] }
        }
        for (j, weightRow) in (.candidate ... .candidate).block(hiddenSize: H).enumerated() {
          let sum: Scalar
          switch reset {
          case .afterProduct:
            candidateProducts[row, j] = weights.naiveRecurrentProduct(weightRow, recurrentInput)
            sum = weights.naiveInputProduct(weightRow, input) + gate[.reset][j] * candidateProducts[row, j]
          case .beforeProduct:
            sum = weights.naivePreactivation(weightRow, input, resetHidden.row(row))
          }
          gate[.candidate][j] = Scalar._tanh(sum)
        }
        for j in 0..<H {
          hidden[j] = (1 - gate[.update][j]) * gate[.candidate][j] + gate[.update][j] * hidden[j]
          pass.outputs[row, j] = hidden[j]
        }
      }
    }
  }

  /// The chain rule through the equations of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveBackwardGRU<Scalar: BLASScalar>(
    _ pass: BackwardPass<Scalar>, reset: ResetConvention, tape: inout CellTape<Scalar>
  ) {
    let H = hiddenSize
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let gates = tape.gates.unsafeMutableView()
    let previousHidden = tape.previousHidden.unsafeMutableView()
    let recurrentInputs = pass.recurrentMask == nil ? previousHidden : tape.maskedHidden.unsafeMutableView()
    let candidateProducts = tape.candidateProducts.unsafeMutableView()
    let resetHidden = tape.resetHidden.unsafeMutableView()
    let dGates = tape.dGates.reshaped(rows: 1, columns: gateRows)
    let dRecurrentInput = tape.dRecurrentInput.reshaped(rows: 1, columns: H).row(0)
    let dResetHidden = tape.dUnits.reshaped(rows: 1, columns: H).row(0)
    precondition(recurrentInputs.rows == pass.layout.rowCount, "the tape holds no recording of this batch")

    for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (input, dInput) = (pass.inputs.row(row), pass.dInputs?.row(row))
        let (recurrentInput, dHidden) = (recurrentInputs.row(row), pass.dHidden.row(b))
        let gate = gates.gates(row, GRUGate.self, hiddenSize: H)
        let dGate = dGates.gates(0, GRUGate.self, hiddenSize: H)
        for j in 0..<H {
          let (z, n, dNow) = (gate[.update][j], gate[.candidate][j], dHidden[j] + pass.dOutputs[row, j])
          dGate[.candidate][j] = dNow * (1 - z) * (1 - n * n)
          dGate[.update][j] = dNow * (previousHidden[row, j] - n) * z * (1 - z)
          dHidden[j] = dNow * z
          dRecurrentInput[j] = 0
          dResetHidden[j] = 0
        }
        for (j, weightRow) in (.candidate ... .candidate).block(hiddenSize: H).enumerated() {
          let dSum = dGate[.candidate][j]
          gradients.naiveAccumulateInput(weightRow, dSum, input)
          weights.naiveBackpropagateInput(weightRow, dSum, toInput: dInput)
          switch reset {
          case .afterProduct:
            let dProduct = dSum * gate[.reset][j]
            gradients.naiveAccumulateRecurrent(weightRow, dProduct, recurrentInput)
            weights.naiveBackpropagateRecurrent(weightRow, dProduct, toHidden: dRecurrentInput)
          case .beforeProduct:
            gradients.naiveAccumulateRecurrent(weightRow, dSum, resetHidden.row(row))
            weights.naiveBackpropagateRecurrent(weightRow, dSum, toHidden: dResetHidden)
          }
        }
        for j in 0..<H {
          let r = gate[.reset][j]
          let dReset: Scalar
          switch reset {
          case .afterProduct:
            dReset = dGate[.candidate][j] * candidateProducts[row, j]
          case .beforeProduct:
            dReset = dResetHidden[j] * recurrentInput[j]
            dRecurrentInput[j] += dResetHidden[j] * r
          }
          dGate[.reset][j] = dReset * r * (1 - r)
        }
        for j in (.reset ... .update).block(hiddenSize: H) {
          gradients.naiveAccumulate(j, dGate.start[j], input, recurrentInput)
          weights.naiveBackpropagate(j, dGate.start[j], toInput: dInput, toHidden: dRecurrentInput)
        }
        for k in 0..<H { dHidden[k] += dRecurrentInput[k] * (pass.recurrentMask?[b, k] ?? 1) }
      }
    }
  }
}
