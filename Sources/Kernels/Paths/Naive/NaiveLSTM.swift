extension NaiveStep where Name == LSTMGate {
  /// See ``RecurrentCell/Equations/lstm(hasPeepholes:projectionSize:)``.
  @inline(__always)
  func forwardLSTM() {
    for j in 0..<hiddenSize {
      let i = naiveSigmoid(sum(.input, j) + peephole(.input, j, c[j]))
      let f = naiveSigmoid(sum(.forget, j) + peephole(.forget, j, c[j]))
      let g = Scalar._tanh(sum(.candidate, j))
      c[j] = f * c[j] + i * g
      let o = naiveSigmoid(sum(.output, j) + peephole(.output, j, c[j]))
      h[j] = o * Scalar._tanh(c[j])
      (gate[.input][j], gate[.forget][j], gate[.candidate][j], gate[.output][j]) = (i, f, g, o)
    }
  }

  /// What a peephole makes of a number. Without peepholes -0, which changes no bit of what it is added to.
  @inline(__always)
  func peephole(_ name: LSTMPeephole, _ j: Int, _ number: Scalar) -> Scalar {
    if let peepholes = weights.peepholes { peepholes[name][j] * number } else { -0.0 }
  }
}

extension NaiveBackwardStep where Name == LSTMGate {
  /// The chain rule through ``NaiveStep/forwardLSTM()``.
  @inline(__always)
  func backwardLSTM() {
    for j in 0..<hiddenSize {
      let (i, f, g, o) = (gate[.input][j], gate[.forget][j], gate[.candidate][j], gate[.output][j])
      let before = step.c[j]
      let now = f * before + i * g
      let tanhOfCell = Scalar._tanh(now)
      let dOutput = dh[j] * tanhOfCell * o * (1 - o)
      let dNow = dc[j] + dh[j] * o * (1 - tanhOfCell * tanhOfCell) + step.peephole(.output, j, dOutput)
      let dInput = dNow * g * i * (1 - i)
      let dForget = dNow * before * f * (1 - f)
      dc[j] = dNow * f + (step.peephole(.input, j, dInput) + step.peephole(.forget, j, dForget))
      dGate[.input][j] = dInput
      dGate[.forget][j] = dForget
      dGate[.candidate][j] = dNow * i * (1 - g * g)
      dGate[.output][j] = dOutput
      gradients.peepholes?[.input][j] += dInput * before
      gradients.peepholes?[.forget][j] += dForget * before
      gradients.peepholes?[.output][j] += dOutput * now
    }
    backpropagate(.input)
    backpropagate(.forget)
    backpropagate(.candidate)
    backpropagate(.output)
  }
}
