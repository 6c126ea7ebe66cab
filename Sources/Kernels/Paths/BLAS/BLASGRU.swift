/// The BLAS path of a GRU that resets after the product.
extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardGRUResetAfter<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let recorded = pass.isRecording ? N : 0
    let gates = tape.gates.reshaped(rows: N, columns: gateRows)
    let previousHidden = tape.previousHidden.reshaped(rows: recorded, columns: H)
    let candidateProducts = tape.candidateProducts.reshaped(rows: recorded, columns: H)
    let masked = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : pass.isRecording ? N : B, columns: H)
    let products = tape.stepProducts.reshaped(rows: B, columns: gateRows)
    let rightSide = tape.roomForRightSide(of: self, pass.layout)
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      team.projectInputs(pass.inputs, weights, addingRecurrentBias: false, into: gates)
      let recurrentWeights = team.recurrentRightSide(weights, copiedTo: rightSide)
      team.barrier()
      let units = team.share(of: H, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        let hidden = pass.hidden.rows(0..<rows.count)
        let recurrentInput = team.recurrentInput(
          hidden.readOnly, mask: pass.recurrentMask,
          keepingIn: pass.isRecording ? previousHidden.rows(rows) : nil,
          masked: pass.recurrentMask == nil ? nil : masked.rows(pass.isRecording ? rows : 0..<rows.count))
        team.multiply(
          recurrentInput, recurrentWeights, into: products.rows(0..<rows.count))
        team.barrier()
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let gate = gates.gates(row, GRUGate.self, hiddenSize: H)
          let product = products.gates(b, GRUGate.self, hiddenSize: H)
          addBias(weights.recurrentBias, to: product, units)
          for gates in [GRUGate.reset, .update] {
            Lanes<Scalar>.forEach(in: units) { $0.store($0.load(gate[gates]) + $0.load(product[gates]), gate[gates]) }
            sigmoid(gate[gates], units)
          }
          if pass.isRecording {
            (candidateProducts.row(row) + units.lowerBound)
              .update(from: product[.candidate] + units.lowerBound, count: units.count)
          }
          Lanes<Scalar>.forEach(in: units) {
            let sum = $0.load(gate[.candidate]) + $0.load(gate[.reset]) * $0.load(product[.candidate])
            $0.store(sum, gate[.candidate])
          }
          updateHidden(units, gate, hidden.row(b), output: pass.outputs.row(row))
        }
        team.barrier()
      }
    }
  }

  /// One GEMM a step carries the gradient back in time; after the loop one GEMM each for dWx, dWh and dX.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardGRUResetAfter<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let gates = tape.gates.unsafeMutableView()
    let previousHidden = tape.previousHidden.unsafeMutableView()
    let recurrentInputs = pass.recurrentMask == nil ? previousHidden : tape.maskedHidden.unsafeMutableView()
    let candidateProducts = tape.candidateProducts.unsafeMutableView()
    let dGates = tape.dGates.reshaped(rows: N, columns: gateRows)
    let dProducts = tape.dRecurrentProducts.reshaped(rows: N, columns: gateRows)
    let dRecurrentInput = tape.dRecurrentInput.reshaped(rows: B, columns: H)
    precondition(recurrentInputs.rows == N, "the tape holds no recording of this batch")
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      let units = team.share(of: H, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let gate = gates.gates(row, GRUGate.self, hiddenSize: H)
          let dGate = dGates.gates(row, GRUGate.self, hiddenSize: H)
          let dProduct = dProducts.gates(row, GRUGate.self, hiddenSize: H)
          differentiateUpdate(
            units, gate, previousHidden.row(row), dOutput: pass.dOutputs.row(row), dHidden: pass.dHidden.row(b), dGate)
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
          dProducts.rows(rows).readOnly, weights.recurrentWeights.readOnly, into: dRecurrentInput.rows(0..<rows.count))
        team.barrier()
        for b in 0..<rows.count {
          addMasked(dRecurrentInput.row(b), pass.recurrentMask?.row(b), to: pass.dHidden.row(b), units)
        }
      }
      team.multiply(dGates.readOnly.transposed, pass.inputs, addingTo: gradients.inputWeights)
      team.multiply(dProducts.readOnly.transposed, recurrentInputs.readOnly, addingTo: gradients.recurrentWeights)
      if let dInputs = pass.dInputs { team.multiply(dGates.readOnly, weights.inputWeights.readOnly, addingTo: dInputs) }
      team.addColumnSums(of: dGates.readOnly, to: gradients.inputBias)
      team.addColumnSums(of: dProducts.readOnly, to: gradients.recurrentBias)
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
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let gates = tape.gates.reshaped(rows: N, columns: gateRows)
    let previousHidden = tape.previousHidden.reshaped(rows: pass.isRecording ? N : 0, columns: H)
    let resetHidden = tape.resetHidden.reshaped(rows: pass.isRecording ? N : B, columns: H)
    let masked = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : pass.isRecording ? N : B, columns: H)
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
        let resetAndUpdate = (.reset ... .update).block(hiddenSize: H)
        team.multiply(
          recurrentInput, recurrentWeights.columns(resetAndUpdate),
          addingTo: gates.rows(rows).columns(resetAndUpdate))
        team.barrier()
        for b in 0..<rows.count {
          let gate = gates.gates(rows.lowerBound + b, GRUGate.self, hiddenSize: H)
          sigmoid(gate[.reset], units)
          sigmoid(gate[.update], units)
          multiplyElements(
            gate[.reset], recurrentInput.row(b), into: resetHidden.row(scratchRows.lowerBound + b), units)
        }
        team.barrier()
        let candidate = (.candidate ... .candidate).block(hiddenSize: H)
        team.multiply(
          resetHidden.rows(scratchRows).readOnly, recurrentWeights.columns(candidate),
          addingTo: gates.rows(rows).columns(candidate))
        team.barrier()
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          updateHidden(
            units, gates.gates(row, GRUGate.self, hiddenSize: H), hidden.row(b), output: pass.outputs.row(row))
        }
        team.barrier()
      }
    }
  }

  /// Two GEMMs a step carry the gradient back in time; after the loop one GEMM each for dWx and dX, and for dWh one
  /// for the two gates and one for the candidate, whose right-hand sides differ.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardGRUResetBefore<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let recurrentWeights = weights.recurrentWeights.readOnly
    let gradients = CellParameters(self, pass.dParameters)
    let gates = tape.gates.unsafeMutableView()
    let previousHidden = tape.previousHidden.unsafeMutableView()
    let recurrentInputs = pass.recurrentMask == nil ? previousHidden : tape.maskedHidden.unsafeMutableView()
    let resetHidden = tape.resetHidden.unsafeMutableView()
    let dGates = tape.dGates.reshaped(rows: N, columns: gateRows)
    let dRecurrentInput = tape.dRecurrentInput.reshaped(rows: B, columns: H)
    let dResetHidden = tape.dUnits.reshaped(rows: B, columns: H)
    let (resetAndUpdate, candidate) = (
      (.reset ... .update).block(hiddenSize: H), (.candidate ... .candidate).block(hiddenSize: H)
    )
    precondition(recurrentInputs.rows == N, "the tape holds no recording of this batch")
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      let units = team.share(of: H, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          differentiateUpdate(
            units, gates.gates(row, GRUGate.self, hiddenSize: H), previousHidden.row(row),
            dOutput: pass.dOutputs.row(row), dHidden: pass.dHidden.row(b),
            dGates.gates(row, GRUGate.self, hiddenSize: H))
        }
        team.barrier()
        team.multiply(
          dGates.rows(rows).columns(candidate).readOnly, recurrentWeights.rows(candidate),
          into: dResetHidden.rows(0..<rows.count))
        team.barrier()
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let r = gates.gates(row, GRUGate.self, hiddenSize: H)[.reset]
          let dReset = dGates.gates(row, GRUGate.self, hiddenSize: H)[.reset]
          Lanes<Scalar>.forEach(in: units) {
            let (r, dProduct) = ($0.load(r), $0.load(dResetHidden.row(b)))
            $0.store(dProduct * $0.load(recurrentInputs.row(row)) * r * (1 - r), dReset)
            $0.store(dProduct * r, dRecurrentInput.row(b))
          }
        }
        team.barrier()
        team.multiply(
          dGates.rows(rows).columns(resetAndUpdate).readOnly, recurrentWeights.rows(resetAndUpdate),
          addingTo: dRecurrentInput.rows(0..<rows.count))
        team.barrier()
        for b in 0..<rows.count {
          addMasked(dRecurrentInput.row(b), pass.recurrentMask?.row(b), to: pass.dHidden.row(b), units)
        }
      }
      team.multiply(dGates.readOnly.transposed, pass.inputs, addingTo: gradients.inputWeights)
      team.multiply(
        dGates.columns(resetAndUpdate).readOnly.transposed, recurrentInputs.readOnly,
        addingTo: gradients.recurrentWeights.rows(resetAndUpdate))
      team.multiply(
        dGates.columns(candidate).readOnly.transposed, resetHidden.readOnly,
        addingTo: gradients.recurrentWeights.rows(candidate))
      if let dInputs = pass.dInputs { team.multiply(dGates.readOnly, weights.inputWeights.readOnly, addingTo: dInputs) }
      team.addColumnSums(of: dGates.readOnly, to: gradients.inputBias, and: gradients.recurrentBias)
    }
  }
}

/// The equations that both conventions share, over `units` of one row.
extension RecurrentCell {
  @inline(__always)
  private func addBias<Scalar: BLASScalar>(
    _ bias: MutableMatrixView<Scalar>?, to products: GateRow<GRUGate, Scalar>, _ units: Range<Int>
  ) {
    guard let bias = bias?.gates(0, GRUGate.self, hiddenSize: hiddenSize) else { return }
    for gate in GRUGate.allCases {
      Lanes<Scalar>.forEach(in: units) {
        $0.store($0.load(products[gate]) + $0.load(bias[gate]), products[gate])
      }
    }
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
    _ dRecurrentInput: UnsafePointer<Scalar>, _ mask: UnsafePointer<Scalar>?, to dHidden: UnsafeMutablePointer<Scalar>,
    _ units: Range<Int>
  ) {
    Lanes<Scalar>.forEach(in: units) {
      var through = $0.load(dRecurrentInput)
      if let mask { through *= $0.load(mask) }
      $0.store($0.load(dHidden) + through, dHidden)
    }
  }
}
