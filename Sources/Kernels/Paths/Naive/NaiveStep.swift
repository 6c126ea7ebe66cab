/// One step of one sequence on the naive path: what its equations read and write.
struct NaiveStep<Name: RawRepresentable<Int>, Scalar: BLASScalar> {
  let hiddenSize: Int
  let weights: CellParameters<Scalar>
  let recording: NaiveRecording<Scalar>
  /// The row of the step in the recording.
  let row: Int
  /// x_t, `[I]`.
  let x: UnsafePointer<Scalar>
  /// c_{t-1}, which becomes c_t, `[H]`.
  let c: UnsafeMutablePointer<Scalar>
  /// Receives h_t before any projection, `[H]`.
  let h: UnsafeMutablePointer<Scalar>

  /// The gates after their activation.
  var gate: GateRow<Name, Scalar> { recording.gates.gates(row, Name.self, hiddenSize: hiddenSize) }
  /// h_{t-1}, `[R]`.
  var previousHidden: UnsafeMutablePointer<Scalar> { recording.previousHidden.row(row) }
  /// h_{t-1} as the recurrent weights see it, `[R]`.
  var recurrentInput: UnsafeMutablePointer<Scalar> { recording.recurrentInput.row(row) }
  /// U_n h_{t-1} + b_hn of a GRU that resets after the product, `[H]`.
  var candidateProduct: UnsafeMutablePointer<Scalar> { recording.candidateProducts.row(row) }
  /// r_t ⊙ h_{t-1} of a GRU that resets before the product, `[H]`.
  var resetHidden: UnsafeMutablePointer<Scalar> { recording.resetHidden.row(row) }

  /// Number `j` of W x_t + b_x + U h_{t-1} + b_h.
  @inline(__always)
  func sum(_ gate: Name, _ j: Int) -> Scalar { inputProduct(gate, j) + recurrentProduct(gate, j) }

  /// Number `j` of W x_t + b_x.
  @inline(__always)
  func inputProduct(_ gate: Name, _ j: Int) -> Scalar {
    let row = gate.rawValue * hiddenSize + j
    return naiveDot(weights.inputWeights.row(row), x, weights.inputWeights.columns)
      + (weights.inputBias?.baseAddress[row] ?? 0)
  }

  /// Number `j` of U h_{t-1} + b_h.
  @inline(__always)
  func recurrentProduct(_ gate: Name, _ j: Int) -> Scalar { recurrentProduct(gate, j, with: recurrentInput) }

  /// Number `j` of U v + b_h.
  @inline(__always)
  func recurrentProduct(_ gate: Name, _ j: Int, with v: UnsafePointer<Scalar>) -> Scalar {
    let row = gate.rawValue * hiddenSize + j
    return naiveDot(weights.recurrentWeights.row(row), v, weights.recurrentWeights.columns)
      + (weights.recurrentBias?.baseAddress[row] ?? 0)
  }
}

/// One step of backpropagation through one sequence on the naive path.
struct NaiveBackwardStep<Name: RawRepresentable<Int>, Scalar: BLASScalar> {
  /// The step that was taken, with the states before it as `c` and `h`.
  let step: NaiveStep<Name, Scalar>
  /// Added to.
  let gradients: CellParameters<Scalar>
  /// Gradient for x_t, added to, `[I]`; `nil` to skip.
  let dx: UnsafeMutablePointer<Scalar>?
  /// Gradient for c_t, which becomes that for c_{t-1}, `[H]`.
  let dc: UnsafeMutablePointer<Scalar>
  /// Receives the gradient for h_{t-1} that does not come through the recurrent weights, `[R]`.
  let dPreviousHidden: UnsafeMutablePointer<Scalar>
  let scratch: NaiveScratch<Scalar>

  var hiddenSize: Int { step.hiddenSize }
  var gate: GateRow<Name, Scalar> { step.gate }
  var dGate: GateRow<Name, Scalar> { scratch.dGates.gates(0, Name.self, hiddenSize: hiddenSize) }
  /// Gradient for h_t before any projection, `[H]`.
  var dh: UnsafeMutablePointer<Scalar> { scratch.dUnits }

  /// Takes the gradient of `gate` back through W x_t + b_x + U h_{t-1} + b_h.
  @inline(__always)
  func backpropagate(_ gate: Name) {
    backpropagateInputProduct(gate)
    backpropagateRecurrentProduct(gate, dGate[gate], with: step.recurrentInput, to: scratch.dRecurrentInput)
  }

  /// Takes the gradient of `gate` back through W x_t + b_x.
  @inline(__always)
  func backpropagateInputProduct(_ gate: Name) {
    let (count, dSum) = (step.weights.inputWeights.columns, dGate[gate])
    for j in 0..<hiddenSize {
      let row = gate.rawValue * hiddenSize + j
      let (w, dw) = (step.weights.inputWeights.row(row), gradients.inputWeights.row(row))
      let d = dSum[j]
      for k in 0..<count { dw[k] += d * step.x[k] }
      gradients.inputBias?.baseAddress[row] += d
      if let dx { for k in 0..<count { dx[k] += d * w[k] } }
    }
  }

  /// Takes the gradient `dSum` of U v + b_h back through it, to `dv`.
  @inline(__always)
  func backpropagateRecurrentProduct(
    _ gate: Name, _ dSum: UnsafePointer<Scalar>, with v: UnsafePointer<Scalar>, to dv: UnsafeMutablePointer<Scalar>
  ) {
    let count = step.weights.recurrentWeights.columns
    for j in 0..<hiddenSize {
      let row = gate.rawValue * hiddenSize + j
      let (u, du) = (step.weights.recurrentWeights.row(row), gradients.recurrentWeights.row(row))
      let d = dSum[j]
      for k in 0..<count { du[k] += d * v[k] }
      gradients.recurrentBias?.baseAddress[row] += d
      for k in 0..<count { dv[k] += d * u[k] }
    }
  }
}

/// σ(x) as the textbook writes it.
@inline(__always)
func naiveSigmoid<Scalar: BLASScalar>(_ x: Scalar) -> Scalar { 1 / (1 + Scalar._exp(-x)) }

/// x · y, added up from the first element to the last.
@inline(__always)
func naiveDot<Scalar: BLASScalar>(_ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ count: Int) -> Scalar {
  var sum: Scalar = 0
  for k in 0..<count { sum += x[k] * y[k] }
  return sum
}
