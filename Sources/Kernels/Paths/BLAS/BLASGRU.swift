/// The BLAS path of a GRU that resets after the product.
extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardGRUResetAfter<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let run = BLASForwardRun(self, pass, &tape)
    let candidateProducts = tape.candidateProducts.reshaped(
      rows: pass.isRecording ? pass.layout.rowCount : 0, columns: hiddenSize)
    let products = tape.stepProducts.reshaped(rows: pass.layout.batch, columns: gateRows)
    withRegion(threads: run.threads) { team in
      let recurrentWeights = run.begin(team, addingRecurrentBias: false)
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let step = run.step(t, team)
        team.multiply(step.recurrentInput, recurrentWeights, into: products.rows(0..<step.rows.count))
        team.barrier()
        for (b, row) in step.rows.enumerated() {
          let gate = run.gates.gates(row, GRUGate.self, hiddenSize: hiddenSize)
          let product = products.gates(b, GRUGate.self, hiddenSize: hiddenSize)
          addBias(run.weights.recurrentBias, to: product, units)
          addElements(gate[.reset], product[.reset], into: gate[.reset], units)
          sigmoid(gate[.reset], units)
          addElements(gate[.update], product[.update], into: gate[.update], units)
          sigmoid(gate[.update], units)
          if pass.isRecording { copyElements(product[.candidate], to: candidateProducts.row(row), units) }
          Lanes<Scalar>.forEach(in: units) {
            let sum = $0.load(gate[.candidate]) + $0.load(gate[.reset]) * $0.load(product[.candidate])
            $0.store(sum, gate[.candidate])
          }
          updateHidden(units, gate, step.hidden.row(b), output: pass.outputs.row(row))
        }
        team.barrier()
      }
    }
  }

  /// One GEMM a step carries the gradient back in time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardGRUResetAfter<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let run = BLASBackwardRun(self, pass, &tape)
    let candidateProducts = tape.candidateProducts.unsafeMutableView()
    let dProducts = tape.dRecurrentProducts.reshaped(rows: pass.layout.rowCount, columns: gateRows)
    let dRecurrentInput = tape.dRecurrentInput.reshaped(rows: pass.layout.batch, columns: hiddenSize)
    withRegion(threads: run.threads) { team in
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for (b, row) in rows.enumerated() {
          let gate = run.gates.gates(row, GRUGate.self, hiddenSize: hiddenSize)
          let dGate = run.dGates.gates(row, GRUGate.self, hiddenSize: hiddenSize)
          let dProduct = dProducts.gates(row, GRUGate.self, hiddenSize: hiddenSize)
          differentiateUpdate(
            units, gate, run.previousHidden.row(row), dOutput: pass.dOutputs.row(row), dHidden: pass.dHidden.row(b),
            dGate)
          Lanes<Scalar>.forEach(in: units) {
            let (r, dCandidate) = ($0.load(gate[.reset]), $0.load(dGate[.candidate]))
            let dReset = dCandidate * $0.load(candidateProducts.row(row)) * r * (1 - r)
            $0.store(dReset, dGate[.reset])
            $0.store(dReset, dProduct[.reset])
            $0.store($0.load(dGate[.update]), dProduct[.update])
            $0.store(dCandidate * r, dProduct[.candidate])
          }
        }
        team.barrier()
        team.multiply(
          dProducts.rows(rows).readOnly, run.weights.recurrentWeights.readOnly,
          into: dRecurrentInput.rows(0..<rows.count))
        team.barrier()
        addMasked(dRecurrentInput, pass.recurrentMask, to: pass.dHidden.rows(0..<rows.count), units)
      }
      run.addGradients(team, dRecurrentProducts: dProducts)
    }
  }
}

/// The BLAS path of a GRU that resets before the product. The candidate's product must wait for the reset gate, so the
/// recurrence takes two GEMMs a step.
extension RecurrentCell {
  /// One GEMM for all input projections, two a step for the recurrence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardGRUResetBefore<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let run = BLASForwardRun(self, pass, &tape)
    let resetHidden = tape.resetHidden.reshaped(rows: pass.keptRowCount, columns: hiddenSize)
    let (resetAndUpdate, candidate) = (columns(of: .reset ... .update), columns(of: .candidate ... .candidate))
    withRegion(threads: run.threads) { team in
      let recurrentWeights = run.begin(team, addingRecurrentBias: true)
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let step = run.step(t, team)
        let gates = run.gates.rows(step.rows)
        team.multiply(
          step.recurrentInput, recurrentWeights.columns(resetAndUpdate), addingTo: gates.columns(resetAndUpdate))
        team.barrier()
        for (b, row) in step.kept.enumerated() {
          let gate = gates.gates(b, GRUGate.self, hiddenSize: hiddenSize)
          sigmoid(gate[.reset], units)
          sigmoid(gate[.update], units)
          multiplyElements(gate[.reset], step.recurrentInput.row(b), into: resetHidden.row(row), units)
        }
        team.barrier()
        team.multiply(
          resetHidden.rows(step.kept).readOnly, recurrentWeights.columns(candidate), addingTo: gates.columns(candidate))
        team.barrier()
        for (b, row) in step.rows.enumerated() {
          updateHidden(
            units, gates.gates(b, GRUGate.self, hiddenSize: hiddenSize), step.hidden.row(b),
            output: pass.outputs.row(row))
        }
        team.barrier()
      }
    }
  }

  /// Two GEMMs a step carry the gradient back in time; after the loop dWh takes two, because what the recurrent weights of
  /// the candidate saw is not what those of the gates saw.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardGRUResetBefore<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let run = BLASBackwardRun(self, pass, &tape)
    let recurrentWeights = run.weights.recurrentWeights.readOnly
    let resetHidden = tape.resetHidden.unsafeMutableView()
    let dRecurrentInput = tape.dRecurrentInput.reshaped(rows: pass.layout.batch, columns: hiddenSize)
    let dResetHidden = tape.dUnits.reshaped(rows: pass.layout.batch, columns: hiddenSize)
    let (resetAndUpdate, candidate) = (columns(of: .reset ... .update), columns(of: .candidate ... .candidate))
    withRegion(threads: run.threads) { team in
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for (b, row) in rows.enumerated() {
          differentiateUpdate(
            units, run.gates.gates(row, GRUGate.self, hiddenSize: hiddenSize), run.previousHidden.row(row),
            dOutput: pass.dOutputs.row(row), dHidden: pass.dHidden.row(b),
            run.dGates.gates(row, GRUGate.self, hiddenSize: hiddenSize))
        }
        team.barrier()
        team.multiply(
          run.dGates.rows(rows).columns(candidate).readOnly, recurrentWeights.rows(candidate),
          into: dResetHidden.rows(0..<rows.count))
        team.barrier()
        for (b, row) in rows.enumerated() {
          let r = run.gates.gates(row, GRUGate.self, hiddenSize: hiddenSize)[.reset]
          let dReset = run.dGates.gates(row, GRUGate.self, hiddenSize: hiddenSize)[.reset]
          Lanes<Scalar>.forEach(in: units) {
            let (r, dProduct) = ($0.load(r), $0.load(dResetHidden.row(b)))
            $0.store(dProduct * $0.load(run.recurrentInputs.row(row)) * r * (1 - r), dReset)
            $0.store(dProduct * r, dRecurrentInput.row(b))
          }
        }
        team.barrier()
        team.multiply(
          run.dGates.rows(rows).columns(resetAndUpdate).readOnly, recurrentWeights.rows(resetAndUpdate),
          addingTo: dRecurrentInput.rows(0..<rows.count))
        team.barrier()
        addMasked(dRecurrentInput, pass.recurrentMask, to: pass.dHidden.rows(0..<rows.count), units)
      }
      run.addGradients(team, candidateInputs: resetHidden)
    }
  }

  /// Columns of the gates, and rows of the recurrent weights, that belong to these gates.
  private func columns(of gates: ClosedRange<GRUGate>) -> Range<Int> { gates.block(hiddenSize: hiddenSize) }
}

/// The equations that both conventions share, over `units` of one row.
extension RecurrentCell {
  @inline(__always)
  private func addBias<Scalar: BLASScalar>(
    _ bias: MutableMatrixView<Scalar>?, to products: GateRow<GRUGate, Scalar>, _ units: Range<Int>
  ) {
    guard let bias = bias?.gates(0, GRUGate.self, hiddenSize: hiddenSize) else { return }
    addElements(products[.reset], bias[.reset], into: products[.reset], units)
    addElements(products[.update], bias[.update], into: products[.update], units)
    addElements(products[.candidate], bias[.candidate], into: products[.candidate], units)
  }

  /// n = tanh(n), h = (1 - z) ⊙ n + z ⊙ h.
  @inline(__always)
  private func updateHidden<Scalar: BLASScalar>(
    _ units: Range<Int>, _ gate: GateRow<GRUGate, Scalar>, _ hidden: UnsafeMutablePointer<Scalar>,
    output: UnsafeMutablePointer<Scalar>
  ) {
    tanh(gate[.candidate], into: gate[.candidate], units)
    Lanes<Scalar>.forEach(in: units) {
      let (z, n) = ($0.load(gate[.update]), $0.load(gate[.candidate]))
      let now = n + z * ($0.load(hidden) - n)
      $0.store(now, hidden)
      $0.store(now, output)
    }
  }

  /// From the gradient for h_t, which is `dHidden + dOutput`, to those for the update gate and the candidate before
  /// their activations; `dHidden` becomes what passes straight to h_{t-1}.
  @inline(__always)
  private func differentiateUpdate<Scalar: BLASScalar>(
    _ units: Range<Int>, _ gate: GateRow<GRUGate, Scalar>, _ previousHidden: UnsafePointer<Scalar>,
    dOutput: UnsafePointer<Scalar>, dHidden: UnsafeMutablePointer<Scalar>, _ dGate: GateRow<GRUGate, Scalar>
  ) {
    Lanes<Scalar>.forEach(in: units) {
      let (z, n) = ($0.load(gate[.update]), $0.load(gate[.candidate]))
      let dNow = $0.load(dHidden) + $0.load(dOutput)
      $0.store(dNow * ($0.load(previousHidden) - n) * z * (1 - z), dGate[.update])
      $0.store(dNow * (1 - z) * (1 - n * n), dGate[.candidate])
      $0.store(dNow * z, dHidden)
    }
  }

  /// Adds to dh_{t-1} what came through the recurrent weights and the mask in front of them.
  @inline(__always)
  private func addMasked<Scalar: BLASScalar>(
    _ dRecurrentInput: MutableMatrixView<Scalar>, _ mask: MatrixView<Scalar>?, to dHidden: MutableMatrixView<Scalar>,
    _ units: Range<Int>
  ) {
    for b in 0..<dHidden.rows {
      Lanes<Scalar>.forEach(in: units) {
        var through = $0.load(dRecurrentInput.row(b))
        if let mask { through *= $0.load(mask.row(b)) }
        $0.store($0.load(dHidden.row(b)) + through, dHidden.row(b))
      }
    }
  }
}
