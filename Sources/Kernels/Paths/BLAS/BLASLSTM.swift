extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence, one more a step for a projection.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardLSTM<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let run = BLASForwardRun(self, pass, &tape)
    let previousCell = tape.previousCell.reshaped(
      rows: pass.isRecording ? pass.layout.rowCount : 0, columns: hiddenSize)
    let unprojected = tape.unprojected.reshaped(rows: isProjected ? pass.keptRowCount : 0, columns: hiddenSize)
    withRegion(threads: run.threads) { team in
      let recurrentWeights = run.begin(team, addingRecurrentBias: true)
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let step = run.step(t, team)
        team.multiply(step.recurrentInput, recurrentWeights, addingTo: run.gates.rows(step.rows))
        team.barrier()
        for (b, row) in step.rows.enumerated() {
          let cell = pass.cell.row(b)
          if pass.isRecording { copyElements(cell, to: previousCell.row(row), units) }
          let unit = isProjected ? unprojected.row(step.kept.lowerBound + b) : pass.outputs.row(row)
          updateUnits(
            units, run.gates.gates(row, LSTMGate.self, hiddenSize: hiddenSize), cell, run.weights.peepholes, into: unit)
          if !isProjected { copyElements(unit, to: step.hidden.row(b), units) }
        }
        team.barrier()
        if let projection = run.weights.projection {
          team.multiply(unprojected.rows(step.kept).readOnly, projection.readOnly.transposed, into: step.hidden)
          team.barrier()
          let mine = team.share(of: outputSize, unit: Team.cutUnit)
          pass.outputs.rows(step.rows).columns(mine).copy(from: step.hidden.readOnly.columns(mine))
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

  /// One GEMM a step carries the gradient back in time, two with a projection.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardLSTM<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, R, N) = (hiddenSize, outputSize, pass.layout.rowCount)
    let run = BLASBackwardRun(self, pass, &tape)
    let (gates, dGates) = (run.gates, run.dGates)
    let previousCell = tape.previousCell.unsafeMutableView()
    let unprojected = tape.unprojected.unsafeMutableView()
    let dProjected = tape.dProjected.reshaped(rows: isProjected ? N : 0, columns: R)
    let dUnits = tape.dUnits.reshaped(rows: pass.layout.batch, columns: H)
    withRegion(threads: run.threads) { team in
      let units = team.share(of: H, unit: Team.cutUnit)
      let states = team.share(of: R, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for (b, row) in rows.enumerated() {
          let total = isProjected ? dProjected.row(row) : dUnits.row(b)
          addElements(pass.dHidden.row(b), pass.dOutputs.row(row), into: total, states)
        }
        if let projection = run.weights.projection {
          team.barrier()
          team.multiply(dProjected.rows(rows).readOnly, projection.readOnly, into: dUnits.rows(0..<rows.count))
          team.barrier()
        }
        for (b, row) in rows.enumerated() {
          differentiateUnits(
            units, gates.gates(row, LSTMGate.self, hiddenSize: H), previousCell.row(row), run.weights.peepholes,
            dUnit: dUnits.row(b), dCell: pass.dCell.row(b), dGates: dGates.gates(row, LSTMGate.self, hiddenSize: H))
        }
        run.backpropagateHidden(rows, team)
      }
      run.addGradients(team)
      if let dProjection = run.gradients.projection {
        team.multiply(dProjected.readOnly.transposed, unprojected.readOnly, addingTo: dProjection)
      }
      if let dPeepholes = run.gradients.peepholes {
        for row in 0..<N {
          addPeepholeGradients(
            units, gates.gates(row, LSTMGate.self, hiddenSize: H), previousCell.row(row),
            dGates.gates(row, LSTMGate.self, hiddenSize: H), to: dPeepholes)
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
