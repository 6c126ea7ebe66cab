extension NaiveStep where Name == VanillaGate {
  /// See ``RecurrentCell/Equations/vanilla(_:)``.
  @inline(__always)
  func forwardVanilla(_ activation: RecurrentCell.Activation) {
    for j in 0..<hiddenSize {
      let s = sum(.hidden, j)
      h[j] = activation == .tanh ? Scalar._tanh(s) : max(s, 0)
      gate[.hidden][j] = h[j]
    }
  }
}

extension NaiveBackwardStep where Name == VanillaGate {
  /// The chain rule through ``NaiveStep/forwardVanilla(_:)``.
  @inline(__always)
  func backwardVanilla(_ activation: RecurrentCell.Activation) {
    for j in 0..<hiddenSize {
      let h = gate[.hidden][j]
      let slope = activation == .tanh ? 1 - h * h : (h > 0 ? 1 : 0)
      dGate[.hidden][j] = dh[j] * slope
    }
    backpropagate(.hidden)
  }
}
