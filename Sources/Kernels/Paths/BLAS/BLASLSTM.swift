extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence, one more a step for a projection.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardLSTM<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, R, N, B) = (hiddenSize, outputSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let recorded = pass.isRecording ? N : 0
    let gates = tape.gates.reshaped(rows: N, columns: gateRows)
    let previousHidden = tape.previousHidden.reshaped(rows: recorded, columns: R)
    let previousCell = tape.previousCell.reshaped(rows: recorded, columns: H)
    let masked = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : pass.isRecording ? N : B, columns: R)
    let unprojected = tape.unprojected.reshaped(rows: !isProjected ? 0 : pass.isRecording ? N : B, columns: H)
    let rightSide = tape.roomForRightSide(of: self, pass.layout)
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      team.projectInputs(pass.inputs, weights, addingRecurrentBias: true, into: gates)
      let recurrentWeights = team.recurrentRightSide(weights, copiedTo: rightSide)
      team.barrier()
      let units = team.share(of: H, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        let scratchRows = pass.isRecording ? rows : 0..<rows.count
        let hidden = pass.hidden.rows(0..<rows.count)
        let recurrentInput = team.recurrentInput(
          hidden.readOnly, mask: pass.recurrentMask,
          keepingIn: pass.isRecording ? previousHidden.rows(rows) : nil,
          masked: pass.recurrentMask == nil ? nil : masked.rows(scratchRows))
        team.multiply(recurrentInput, recurrentWeights, addingTo: gates.rows(rows))
        team.barrier()
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let cell = pass.cell.row(b)
          if pass.isRecording {
            (previousCell.row(row) + units.lowerBound).update(from: cell + units.lowerBound, count: units.count)
          }
          let unit = isProjected ? unprojected.row(scratchRows.lowerBound + b) : pass.outputs.row(row)
          updateUnits(units, gates.gates(row, LSTMGate.self, hiddenSize: H), cell, weights.peepholes, into: unit)
          if !isProjected {
            (hidden.row(b) + units.lowerBound).update(from: unit + units.lowerBound, count: units.count)
          }
        }
        team.barrier()
        if let projection = weights.projection {
          team.multiply(unprojected.rows(scratchRows).readOnly, projection.readOnly.transposed, into: hidden)
          team.barrier()
          let mine = team.share(of: R, unit: Team.cutUnit)
          pass.outputs.rows(rows).columns(mine).copy(from: hidden.readOnly.columns(mine))
        }
      }
    }
  }

  /// Activates the gates of one row in place and updates its cell state: the equations of ``RecurrentCell/Equations`` over `units`.
  /// `hidden` receives o ⊙ tanh(c).
  @inline(__always)
  private func updateUnits<Scalar: BLASScalar>(
    _ units: Range<Int>, _ gates: GateRow<LSTMGate, Scalar>, _ cell: UnsafeMutablePointer<Scalar>,
    _ peepholes: MutableMatrixView<Scalar>?, into hidden: UnsafeMutablePointer<Scalar>
  ) {
    let (i, f, g, o) = (gates[.input], gates[.forget], gates[.candidate], gates[.output])
    if let peepholes {
      Lanes<Scalar>.forEach(in: units) {
        let c = $0.load(cell)
        $0.store($0.load(i) + $0.load(peepholes[.input]) * c, i)
        $0.store($0.load(f) + $0.load(peepholes[.forget]) * c, f)
      }
    }
    sigmoid(i, units)
    sigmoid(f, units)
    tanh(g, into: g, units)
    Lanes<Scalar>.forEach(in: units) {
      $0.store($0.load(f) * $0.load(cell) + $0.load(i) * $0.load(g), cell)
    }
    if let peepholes {
      Lanes<Scalar>.forEach(in: units) {
        $0.store($0.load(o) + $0.load(peepholes[.output]) * $0.load(cell), o)
      }
    }
    sigmoid(o, units)
    tanh(cell, into: hidden, units)
    multiplyElements(o, hidden, into: hidden, units)
  }

  /// One GEMM a step carries the gradient back in time (two with a projection); after the loop one GEMM each for dWx,
  /// dWh, dX (and dWp).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardLSTM<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, R, N, B) = (hiddenSize, outputSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let gates = tape.gates.unsafeMutableView()
    let previousCell = tape.previousCell.unsafeMutableView()
    let unprojected = tape.unprojected.unsafeMutableView()
    let recurrentInputs =
      pass.recurrentMask == nil ? tape.previousHidden.unsafeMutableView() : tape.maskedHidden.unsafeMutableView()
    let dGates = tape.dGates.reshaped(rows: N, columns: gateRows)
    let dProjected = tape.dProjected.reshaped(rows: isProjected ? N : 0, columns: R)
    let dUnits = tape.dUnits.reshaped(rows: B, columns: H)
    precondition(gates.rows == N && recurrentInputs.rows == N, "the tape holds no recording of this batch")
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      let units = team.share(of: H, unit: Team.cutUnit)
      let states = team.share(of: R, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        let dHidden = pass.dHidden.rows(0..<rows.count)
        if let projection = weights.projection {
          for b in 0..<rows.count {
            let dOutput = pass.dOutputs.row(rows.lowerBound + b)
            let total = dProjected.row(rows.lowerBound + b)
            Lanes<Scalar>.forEach(in: states) { $0.store($0.load(dHidden.row(b)) + $0.load(dOutput), total) }
          }
          team.barrier()
          team.multiply(
            dProjected.rows(rows).readOnly, projection.readOnly, into: dUnits.rows(0..<rows.count))
          team.barrier()
        }
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let dUnit = dUnits.row(b)
          if !isProjected {
            Lanes<Scalar>.forEach(in: units) {
              $0.store($0.load(dHidden.row(b)) + $0.load(pass.dOutputs.row(row)), dUnit)
            }
          }
          differentiateUnits(
            units, gates.gates(row, LSTMGate.self, hiddenSize: H), previousCell.row(row), weights.peepholes,
            dUnit: dUnit,
            dCell: pass.dCell.row(b), dGates: dGates.gates(row, LSTMGate.self, hiddenSize: H))
        }
        team.barrier()
        team.multiply(dGates.rows(rows).readOnly, weights.recurrentWeights.readOnly, into: dHidden)
        team.barrier()
        if let mask = pass.recurrentMask {
          for b in 0..<rows.count { multiplyElements(dHidden.row(b), mask.row(b), into: dHidden.row(b), states) }
          team.barrier()
        }
      }
      team.multiply(dGates.readOnly.transposed, pass.inputs, addingTo: gradients.inputWeights)
      team.multiply(dGates.readOnly.transposed, recurrentInputs.readOnly, addingTo: gradients.recurrentWeights)
      if let dInputs = pass.dInputs { team.multiply(dGates.readOnly, weights.inputWeights.readOnly, addingTo: dInputs) }
      team.addColumnSums(of: dGates.readOnly, to: gradients.inputBias, and: gradients.recurrentBias)
      if let dProjection = gradients.projection {
        team.multiply(dProjected.readOnly.transposed, unprojected.readOnly, addingTo: dProjection)
      }
      if let dPeepholes = gradients.peepholes {
        for row in 0..<N {
          addPeepholeGradients(
            units, gates.gates(row, LSTMGate.self, hiddenSize: H), previousCell.row(row),
            dGates.gates(row, LSTMGate.self, hiddenSize: H),
            to: dPeepholes)
        }
      }
    }
  }

  /// The gradient of ``updateUnits(_:_:_:_:into:)`` for one row: from `dUnit` and the `dCell` that comes from the
  /// following step to `dGates` and to the `dCell` for the preceding one.
  @inline(__always)
  private func differentiateUnits<Scalar: BLASScalar>(
    _ units: Range<Int>, _ gates: GateRow<LSTMGate, Scalar>, _ previousCell: UnsafePointer<Scalar>,
    _ peepholes: MutableMatrixView<Scalar>?, dUnit: UnsafePointer<Scalar>, dCell: UnsafeMutablePointer<Scalar>,
    dGates: GateRow<LSTMGate, Scalar>
  ) {
    let (i, f, g, o) = (gates[.input], gates[.forget], gates[.candidate], gates[.output])
    // c_t is not on the tape: it is one multiply-add away. tanh(c_t) waits where the output gate's gradient goes.
    let tanhOfCell = dGates[.output]
    Lanes<Scalar>.forEach(in: units) {
      $0.store($0.load(f) * $0.load(previousCell) + $0.load(i) * $0.load(g), tanhOfCell)
    }
    tanh(tanhOfCell, into: tanhOfCell, units)
    Lanes<Scalar>.forEach(in: units) {
      let (i, f, g, o) = ($0.load(i), $0.load(f), $0.load(g), $0.load(o))
      let (dHidden, tanhOfCell) = ($0.load(dUnit), $0.load(tanhOfCell))
      let dOutput = dHidden * tanhOfCell * o * (1 - o)
      var dCellNow = $0.load(dCell) + dHidden * o * (1 - tanhOfCell * tanhOfCell)
      if let peepholes { dCellNow += $0.load(peepholes[.output]) * dOutput }
      let dInput = dCellNow * g * i * (1 - i)
      let dForget = dCellNow * $0.load(previousCell) * f * (1 - f)
      var dCellBefore = dCellNow * f
      if let peepholes {
        dCellBefore += $0.load(peepholes[.input]) * dInput + $0.load(peepholes[.forget]) * dForget
      }
      $0.store(dInput, dGates[.input])
      $0.store(dForget, dGates[.forget])
      $0.store(dCellNow * i * (1 - g * g), dGates[.candidate])
      $0.store(dOutput, dGates[.output])
      $0.store(dCellBefore, dCell)
    }
  }

  @inline(__always)
  private func addPeepholeGradients<Scalar: BLASScalar>(
    _ units: Range<Int>, _ gates: GateRow<LSTMGate, Scalar>, _ previousCell: UnsafePointer<Scalar>,
    _ dGates: GateRow<LSTMGate, Scalar>,
    to dPeepholes: MutableMatrixView<Scalar>
  ) {
    Lanes<Scalar>.forEach(in: units) {
      let before = $0.load(previousCell)
      let now = $0.load(gates[.forget]) * before + $0.load(gates[.input]) * $0.load(gates[.candidate])
      let (dInput, dForget, dOutput) = (dPeepholes[.input], dPeepholes[.forget], dPeepholes[.output])
      $0.store($0.load(dInput) + before * $0.load(dGates[.input]), dInput)
      $0.store($0.load(dForget) + before * $0.load(dGates[.forget]), dForget)
      $0.store($0.load(dOutput) + now * $0.load(dGates[.output]), dOutput)
    }
  }
}
