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

/// What the naive paths of the cells share: one row of the weights at a time.
extension CellParameters {
  /// Row `j` of Wx x + b_x.
  @inline(__always)
  func naiveInputProduct(_ j: Int, _ input: UnsafePointer<Scalar>) -> Scalar {
    naiveDot(inputWeights.row(j), input, inputWeights.columns) + (inputBias?.baseAddress[j] ?? 0)
  }

  /// Row `j` of Wh h + b_h.
  @inline(__always)
  func naiveRecurrentProduct(_ j: Int, _ hidden: UnsafePointer<Scalar>) -> Scalar {
    naiveDot(recurrentWeights.row(j), hidden, recurrentWeights.columns) + (recurrentBias?.baseAddress[j] ?? 0)
  }

  /// Row `j` of Wx x + b_x + Wh h + b_h.
  @inline(__always)
  func naivePreactivation(_ j: Int, _ input: UnsafePointer<Scalar>, _ hidden: UnsafePointer<Scalar>) -> Scalar {
    naiveInputProduct(j, input) + naiveRecurrentProduct(j, hidden)
  }

  /// Adds to row `j` of dWx, dWh and both biases what a gradient `dGate` of the preactivation gives.
  @inline(__always)
  func naiveAccumulate(
    _ j: Int, _ dGate: Scalar, _ input: UnsafePointer<Scalar>, _ hidden: UnsafePointer<Scalar>
  ) {
    naiveAccumulateInput(j, dGate, input)
    naiveAccumulateRecurrent(j, dGate, hidden)
  }

  @inline(__always)
  func naiveAccumulateInput(_ j: Int, _ dGate: Scalar, _ input: UnsafePointer<Scalar>) {
    let dWeights = inputWeights.row(j)
    for k in 0..<inputWeights.columns { dWeights[k] += dGate * input[k] }
    inputBias?.baseAddress[j] += dGate
  }

  @inline(__always)
  func naiveAccumulateRecurrent(_ j: Int, _ dGate: Scalar, _ hidden: UnsafePointer<Scalar>) {
    let dWeights = recurrentWeights.row(j)
    for k in 0..<recurrentWeights.columns { dWeights[k] += dGate * hidden[k] }
    recurrentBias?.baseAddress[j] += dGate
  }

  /// Adds to dx and dh what a gradient of row `j` of the preactivation gives.
  @inline(__always)
  func naiveBackpropagate(
    _ j: Int, _ dGate: Scalar, toInput dInput: UnsafeMutablePointer<Scalar>?,
    toHidden dHidden: UnsafeMutablePointer<Scalar>
  ) {
    naiveBackpropagateInput(j, dGate, toInput: dInput)
    naiveBackpropagateRecurrent(j, dGate, toHidden: dHidden)
  }

  @inline(__always)
  func naiveBackpropagateInput(_ j: Int, _ dGate: Scalar, toInput dInput: UnsafeMutablePointer<Scalar>?) {
    guard let dInput else { return }
    let row = inputWeights.row(j)
    for k in 0..<inputWeights.columns { dInput[k] += dGate * row[k] }
  }

  @inline(__always)
  func naiveBackpropagateRecurrent(_ j: Int, _ dGate: Scalar, toHidden dHidden: UnsafeMutablePointer<Scalar>) {
    let row = recurrentWeights.row(j)
    for k in 0..<recurrentWeights.columns { dHidden[k] += dGate * row[k] }
  }
}
