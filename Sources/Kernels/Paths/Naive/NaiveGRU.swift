extension NaiveStep where Name == GRUGate {
  /// See ``RecurrentCell/Equations/gru(_:)``.
  @inline(__always)
  func forwardGRUResetAfter() {
    for j in 0..<hiddenSize {
      let r = naiveSigmoid(sum(.reset, j))
      let z = naiveSigmoid(sum(.update, j))
      candidateProduct[j] = recurrentProduct(.candidate, j)
      let n = Scalar._tanh(inputProduct(.candidate, j) + r * candidateProduct[j])
      h[j] = (1 - z) * n + z * previousHidden[j]
      (gate[.reset][j], gate[.update][j], gate[.candidate][j]) = (r, z, n)
    }
  }

  /// See ``RecurrentCell/Equations/gru(_:)``.
  @inline(__always)
  func forwardGRUResetBefore() {
    for j in 0..<hiddenSize {
      let r = naiveSigmoid(sum(.reset, j))
      resetHidden[j] = r * recurrentInput[j]
      gate[.reset][j] = r
    }
    for j in 0..<hiddenSize {
      let z = naiveSigmoid(sum(.update, j))
      let n = Scalar._tanh(inputProduct(.candidate, j) + recurrentProduct(.candidate, j, with: resetHidden))
      h[j] = (1 - z) * n + z * previousHidden[j]
      (gate[.update][j], gate[.candidate][j]) = (z, n)
    }
  }
}

extension NaiveBackwardStep where Name == GRUGate {
  /// The chain rule through ``NaiveStep/forwardGRUResetAfter()``.
  @inline(__always)
  func backwardGRUResetAfter() {
    let dProduct = scratch.dCandidate
    for j in 0..<hiddenSize {
      let r = gate[.reset][j]
      backpropagateUpdate(j)
      dGate[.reset][j] = dGate[.candidate][j] * step.candidateProduct[j] * r * (1 - r)
      dProduct[j] = dGate[.candidate][j] * r
    }
    backpropagateInputProduct(.candidate)
    backpropagateRecurrentProduct(.candidate, dProduct, with: step.recurrentInput, to: scratch.dRecurrentInput)
    backpropagate(.reset)
    backpropagate(.update)
  }

  /// The chain rule through ``NaiveStep/forwardGRUResetBefore()``.
  @inline(__always)
  func backwardGRUResetBefore() {
    let (dResetHidden, dRecurrentInput) = (scratch.dCandidate, scratch.dRecurrentInput)
    for j in 0..<hiddenSize {
      backpropagateUpdate(j)
      dResetHidden[j] = 0
    }
    backpropagateInputProduct(.candidate)
    backpropagateRecurrentProduct(.candidate, dGate[.candidate], with: step.resetHidden, to: dResetHidden)
    for j in 0..<hiddenSize {
      let r = gate[.reset][j]
      dGate[.reset][j] = dResetHidden[j] * step.recurrentInput[j] * r * (1 - r)
      dRecurrentInput[j] += dResetHidden[j] * r
    }
    backpropagate(.reset)
    backpropagate(.update)
  }

  /// Through h_t = (1 - z) ⊙ n + z ⊙ h_{t-1} and the activations of z and n.
  @inline(__always)
  private func backpropagateUpdate(_ j: Int) {
    let (z, n) = (gate[.update][j], gate[.candidate][j])
    dGate[.candidate][j] = dh[j] * (1 - z) * (1 - n * n)
    dGate[.update][j] = dh[j] * (step.previousHidden[j] - n) * z * (1 - z)
    dPreviousHidden[j] = dh[j] * z
  }
}
