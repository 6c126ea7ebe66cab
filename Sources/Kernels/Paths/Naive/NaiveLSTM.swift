extension RecurrentCell {
  /// The equations of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveForwardLSTM<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, R, N) = (hiddenSize, outputSize, pass.layout.rowCount)
    let weights = CellParameters(self, reading: pass.parameters)
    let gates = tape.gates.reshaped(rows: N, columns: gateRows)
    let previousHidden = tape.previousHidden.reshaped(rows: N, columns: R)
    let maskedHidden = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : N, columns: R)
    let previousCell = tape.previousCell.reshaped(rows: N, columns: H)
    let unprojected = tape.unprojected.reshaped(rows: isProjected ? N : 0, columns: H)

    for t in pass.direction.order(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (hidden, cell, output) = (pass.hidden.row(b), pass.cell.row(b), pass.outputs.row(row))
        for k in 0..<R { previousHidden[row, k] = hidden[k] }
        for j in 0..<H { previousCell[row, j] = cell[j] }
        var recurrentInput = UnsafePointer(previousHidden.row(row))
        if let mask = pass.recurrentMask {
          for k in 0..<R { maskedHidden[row, k] = mask[b, k] * hidden[k] }
          recurrentInput = UnsafePointer(maskedHidden.row(row))
        }

        let gate = gates.gates(row, LSTMGate.self, hiddenSize: H)
        for j in 0..<gateRows {
          gate.start[j] = weights.naivePreactivation(j, pass.inputs.row(row), recurrentInput)
        }
        for j in 0..<H {
          if let peepholes = weights.peepholes {
            gate[.input][j] += peepholes[.input][j] * cell[j]
            gate[.forget][j] += peepholes[.forget][j] * cell[j]
          }
          let i = naiveSigmoid(gate[.input][j])
          let f = naiveSigmoid(gate[.forget][j])
          let g = Scalar._tanh(gate[.candidate][j])
          cell[j] = f * cell[j] + i * g
          if let peepholes = weights.peepholes { gate[.output][j] += peepholes[.output][j] * cell[j] }
          let o = naiveSigmoid(gate[.output][j])
          (gate[.input][j], gate[.forget][j], gate[.candidate][j], gate[.output][j]) = (i, f, g, o)
          let unit = o * Scalar._tanh(cell[j])
          if isProjected { unprojected[row, j] = unit } else { output[j] = unit }
        }
        if let projection = weights.projection {
          for k in 0..<R { output[k] = naiveDot(projection.row(k), unprojected.row(row), H) }
        }
        for k in 0..<R { hidden[k] = output[k] }
      }
    }
  }

  /// The chain rule through the equations of ``RecurrentCell/Equations``, one number at a time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func naiveBackwardLSTM<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, R) = (hiddenSize, outputSize)
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let gates = tape.gates.unsafeMutableView()
    let previousCell = tape.previousCell.unsafeMutableView()
    let unprojected = tape.unprojected.unsafeMutableView()
    let recurrentInputs =
      pass.recurrentMask == nil ? tape.previousHidden.unsafeMutableView() : tape.maskedHidden.unsafeMutableView()
    let dGates = tape.dGates.reshaped(rows: 1, columns: gateRows)
    let dUnits = tape.dUnits.reshaped(rows: 1, columns: H).row(0)
    precondition(recurrentInputs.rows == pass.layout.rowCount, "the tape holds no recording of this batch")

    for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
      for (b, row) in pass.layout.rows(at: t).enumerated() {
        let (dHidden, dCell) = (pass.dHidden.row(b), pass.dCell.row(b))
        let gate = gates.gates(row, LSTMGate.self, hiddenSize: H)
        let dGate = dGates.gates(0, LSTMGate.self, hiddenSize: H)
        for k in 0..<R { dHidden[k] += pass.dOutputs[row, k] }
        for j in 0..<H { dUnits[j] = isProjected ? 0 : dHidden[j] }
        if let projection = weights.projection, let dProjection = gradients.projection {
          for k in 0..<R {
            for j in 0..<H {
              dUnits[j] += dHidden[k] * projection[k, j]
              dProjection[k, j] += dHidden[k] * unprojected[row, j]
            }
          }
        }

        for j in 0..<H {
          let (i, f, g, o) = (gate[.input][j], gate[.forget][j], gate[.candidate][j], gate[.output][j])
          let before = previousCell[row, j]
          let now = f * before + i * g
          let tanhOfCell = Scalar._tanh(now)
          dGate[.output][j] = dUnits[j] * tanhOfCell * o * (1 - o)
          var dNow = dCell[j] + dUnits[j] * o * (1 - tanhOfCell * tanhOfCell)
          if let peepholes = weights.peepholes { dNow += dGate[.output][j] * peepholes[.output][j] }
          dGate[.input][j] = dNow * g * i * (1 - i)
          dGate[.forget][j] = dNow * before * f * (1 - f)
          dGate[.candidate][j] = dNow * i * (1 - g * g)
          dCell[j] = dNow * f
          if let peepholes = weights.peepholes, let dPeepholes = gradients.peepholes {
            dCell[j] += dGate[.input][j] * peepholes[.input][j] + dGate[.forget][j] * peepholes[.forget][j]
            dPeepholes[.input][j] += dGate[.input][j] * before
            dPeepholes[.forget][j] += dGate[.forget][j] * before
            dPeepholes[.output][j] += dGate[.output][j] * now
          }
        }
        for k in 0..<R { dHidden[k] = 0 }
        for j in 0..<gateRows {
          gradients.naiveAccumulate(j, dGate.start[j], pass.inputs.row(row), recurrentInputs.row(row))
          weights.naiveBackpropagate(j, dGate.start[j], toInput: pass.dInputs?.row(row), toHidden: dHidden)
        }
        if let mask = pass.recurrentMask { for k in 0..<R { dHidden[k] *= mask[b, k] } }
      }
    }
  }
}
