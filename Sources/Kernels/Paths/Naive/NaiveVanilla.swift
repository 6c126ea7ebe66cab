extension RecurrentCell {
  /// The equation of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveForwardVanilla<Scalar: BLASScalar>(
    _ pass: ForwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let (H, N) = (hiddenSize, pass.layout.rowCount)
    let weights = CellParameters(self, reading: pass.parameters)
    let activated = tape.gates.reshaped(rows: N, columns: H)
    let previousHidden = tape.previousHidden.reshaped(rows: N, columns: H)
    let maskedHidden = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : N, columns: H)

    for t in pass.direction.order(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let hidden = pass.hidden.row(b)
        for k in 0..<H { previousHidden[row, k] = hidden[k] }
        var recurrentInput = UnsafePointer(previousHidden.row(row))
        if let mask = pass.recurrentMask {
          for k in 0..<H { maskedHidden[row, k] = mask[b, k] * hidden[k] }
          recurrentInput = UnsafePointer(maskedHidden.row(row))
        }
        for j in 0..<H {
          let sum = weights.naivePreactivation(j, pass.inputs.row(row), recurrentInput)
          activated[row, j] = activation == .tanh ? Scalar._tanh(sum) : Swift.max(sum, 0)
        }
        for j in 0..<H {
          hidden[j] = activated[row, j]
          pass.outputs[row, j] = activated[row, j]
        }
      }
    }
  }

  /// The chain rule through the equation of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveBackwardVanilla<Scalar: BLASScalar>(
    _ pass: BackwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let H = hiddenSize
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let activated = tape.gates.unsafeMutableView()
    let recurrentInputs =
      pass.recurrentMask == nil ? tape.previousHidden.unsafeMutableView() : tape.maskedHidden.unsafeMutableView()
    let dSums = tape.dGates.reshaped(rows: 1, columns: H).row(0)
    precondition(recurrentInputs.rows == pass.layout.rowCount, "the tape holds no recording of this batch")

    for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let dHidden = pass.dHidden.row(b)
        for j in 0..<H {
          let h = activated[row, j]
          let slope = activation == .tanh ? 1 - h * h : (h > 0 ? 1 : 0)
          dSums[j] = (dHidden[j] + pass.dOutputs[row, j]) * slope
          dHidden[j] = 0
        }
        for j in 0..<H {
          gradients.naiveAccumulate(j, dSums[j], pass.inputs.row(row), recurrentInputs.row(row))
          weights.naiveBackpropagate(j, dSums[j], toInput: pass.dInputs?.row(row), toHidden: dHidden)
        }
        if let mask = pass.recurrentMask { for k in 0..<H { dHidden[k] *= mask[b, k] } }
      }
    }
  }
}
