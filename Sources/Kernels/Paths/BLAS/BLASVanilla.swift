extension RecurrentCell {
  /// One GEMM for all input projections, one a step for the recurrence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasForwardVanilla<Scalar: BLASScalar>(
    _ pass: ForwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let run = BLASForwardRun(self, pass, &tape)
    withRegion(threads: run.threads) { team in
      let recurrentWeights = run.begin(team, addingRecurrentBias: true)
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.order(of: pass.layout.steps) {
        let step = run.step(t, team)
        team.multiply(step.recurrentInput, recurrentWeights, addingTo: run.gates.rows(step.rows))
        team.barrier()
        for (b, row) in step.rows.enumerated() {
          let h = run.gates.row(row)
          activate(h, units, activation)
          copyElements(h, to: step.hidden.row(b), units)
          copyElements(h, to: pass.outputs.row(row), units)
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

  /// One GEMM a step carries the gradient back in time.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func blasBackwardVanilla<Scalar: BLASScalar>(
    _ pass: BackwardPass<Scalar>, activation: Activation, tape: inout CellTape<Scalar>
  ) {
    let run = BLASBackwardRun(self, pass, &tape)
    withRegion(threads: run.threads) { team in
      let units = team.share(of: hiddenSize, unit: Team.cutUnit)
      for t in pass.direction.backpropagationOrder(of: pass.layout.steps) {
        let rows = pass.layout.rows(at: t)
        for (b, row) in rows.enumerated() {
          let (h, dHidden, dOutput) = (run.gates.row(row), pass.dHidden.row(b), pass.dOutputs.row(row))
          let dSum = run.dGates.row(row)
          Lanes<Scalar>.forEach(in: units) {
            let h = $0.load(h)
            let slope =
              activation == .tanh ? 1 - h * h : SIMD8(repeating: 0).replacing(with: 1, where: h .> 0)
            $0.store(($0.load(dHidden) + $0.load(dOutput)) * slope, dSum)
          }
        }
        run.backpropagateHidden(rows, team)
      }
      run.addGradients(team)
    }
  }
}
