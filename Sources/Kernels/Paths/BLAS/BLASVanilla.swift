extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardVanilla<Scalar: BLASScalar>(
    _ pass: ForwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let activated = tape.gates.reshaped(rows: N, columns: H)
    let previousHidden = tape.previousHidden.reshaped(rows: pass.isRecording ? N : 0, columns: H)
    let masked = tape.maskedHidden.reshaped(rows: pass.recurrentMask == nil ? 0 : pass.isRecording ? N : B, columns: H)
    let rightSide = tape.roomForRightSide(of: self, pass.layout)
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      team.projectInputs(pass.inputs, weights, addingRecurrentBias: true, into: activated)
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
        team.multiply(recurrentInput, recurrentWeights, addingTo: activated.rows(rows))
        team.barrier()
        for b in 0..<rows.count {
          let sums = activated.row(rows.lowerBound + b)
          activate(sums, units, activation)
          let (first, count) = (units.lowerBound, units.count)
          (hidden.row(b) + first).update(from: sums + first, count: count)
          (pass.outputs.row(rows.lowerBound + b) + first).update(from: sums + first, count: count)
        }
        team.barrier()
      }
    }
  }

  /// φ in place over `units`.
  @inline(__always)
  private func activate<Scalar: BLASScalar>(
    _ sums: UnsafeMutablePointer<Scalar>, _ units: Range<Int>, _ activation: Activation
  ) {
    switch activation {
    case .tanh:
      tanh(sums, into: sums, units)
    case .relu:
      Lanes<Scalar>.forEach(in: units) {
        let sum = $0.load(sums)
        $0.store(sum.replacing(with: 0, where: sum .< 0), sums)
      }
    }
  }

  /// One GEMM a step carries the gradient back in time; after the loop one GEMM each for dWx, dWh and dX.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardVanilla<Scalar: BLASScalar>(
    _ pass: BackwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let (H, N, B) = (hiddenSize, pass.layout.rowCount, pass.layout.batch)
    let weights = CellParameters(self, reading: pass.parameters)
    let gradients = CellParameters(self, pass.dParameters)
    let activated = tape.gates.unsafeMutableView()
    let recurrentInputs =
      pass.recurrentMask == nil ? tape.previousHidden.unsafeMutableView() : tape.maskedHidden.unsafeMutableView()
    let dSums = tape.dGates.reshaped(rows: N, columns: H)
    precondition(recurrentInputs.rows == N, "the tape holds no recording of this batch")
    let threads = pass.execution.threads(forStepWork: B * forwardOperations)

    withRegion(threads: threads) { team in
      let units = team.share(of: H, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        let dHidden = pass.dHidden.rows(0..<rows.count)
        for b in 0..<rows.count {
          let row = rows.lowerBound + b
          let (hidden, dOutput, dSum) = (activated.row(row), pass.dOutputs.row(row), dSums.row(row))
          Lanes<Scalar>.forEach(in: units) {
            let h = $0.load(hidden)
            let slope =
              activation == .tanh ? 1 - h * h : SIMD8(repeating: 0).replacing(with: 1, where: h .> 0)
            $0.store(($0.load(dHidden.row(b)) + $0.load(dOutput)) * slope, dSum)
          }
        }
        team.barrier()
        team.multiply(dSums.rows(rows).readOnly, weights.recurrentWeights.readOnly, into: dHidden)
        team.barrier()
        if let mask = pass.recurrentMask {
          for b in 0..<rows.count { multiplyElements(dHidden.row(b), mask.row(b), into: dHidden.row(b), units) }
        }
      }
      team.multiply(dSums.readOnly.transposed, pass.inputs, addingTo: gradients.inputWeights)
      team.multiply(dSums.readOnly.transposed, recurrentInputs.readOnly, addingTo: gradients.recurrentWeights)
      if let dInputs = pass.dInputs { team.multiply(dSums.readOnly, weights.inputWeights.readOnly, addingTo: dInputs) }
      team.addColumnSums(of: dSums.readOnly, to: gradients.inputBias, and: gradients.recurrentBias)
    }
  }
}
