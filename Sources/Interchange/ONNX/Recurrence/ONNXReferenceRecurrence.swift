#if ONNX
internal import Kernels

/// One direction of an RNN, LSTM or GRU as the operator's text writes it, number by number: for the forms that no cell
/// of ours computes, and the reference for those that one does.
struct ONNXReferenceRecurrence<Scalar: BLASScalar>: Sendable {
  let kind: RecurrentCell.Kind
  /// f, g and, for an LSTM, h.
  let activations: [ONNXActivation]
  /// See ``ONNXRecurrentSettings``.
  let clip: Scalar?
  let couplesGates: Bool
  let resetsAfterProduct: Bool
  /// In ONNX's order.
  let weights: ONNXRecurrentWeights<Scalar>
  let inputSize: Int
  let hiddenSize: Int

  /// Direction `index` of an operator.
  init(
    _ settings: ONNXRecurrentSettings, _ index: Int, weights: ONNXRecurrentWeights<Scalar>, inputSize: Int,
    hiddenSize: Int
  ) {
    kind = settings.kind
    activations = settings.activations[index]
    clip = settings.clip.map(Scalar.init)
    couplesGates = settings.couplesGates
    resetsAfterProduct = settings.resetsAfterProduct
    self.weights = weights
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
  }

  /// The state of one sequence.
  struct State {
    /// H, `[H]`.
    var hidden: [Scalar]
    /// C, `[H]`; empty but for an LSTM.
    var cell: [Scalar]
  }

  /// The state after a step with input `x`, `[I]`.
  func step(_ x: [Scalar], _ state: State) -> State {
    switch kind {
    case .vanilla: rnn(x, state)
    case .lstm: lstm(x, state)
    case .gru: gru(x, state)
    }
  }

  /// Ht = f(Xt Wiᵀ + Ht-1 Riᵀ + Wbi + Rbi)
  private func rnn(_ x: [Scalar], _ state: State) -> State {
    let sums = add(inputProduct(0, x), recurrentProduct(0, state.hidden))
    return State(hidden: apply(0, sums), cell: [])
  }

  /// it = f(Xt Wiᵀ + Ht-1 Riᵀ + Pi ⊙ Ct-1 + Wbi + Rbi), ft and, with Ct for Ct-1, ot likewise;
  /// ct = g(Xt Wcᵀ + Ht-1 Rcᵀ + Wbc + Rbc); Ct = ft ⊙ Ct-1 + it ⊙ ct; Ht = ot ⊙ h(Ct)
  private func lstm(_ x: [Scalar], _ state: State) -> State {
    func sums(_ gate: Int) -> [Scalar] { add(inputProduct(gate, x), recurrentProduct(gate, state.hidden)) }
    let input = apply(0, add(sums(0), peephole(0, state.cell)))
    let forget = couplesGates ? input.map { 1 - $0 } : apply(0, add(sums(2), peephole(2, state.cell)))
    let candidate = apply(1, sums(3))
    let cell = add(multiply(forget, state.cell), multiply(input, candidate))
    let output = apply(0, add(sums(1), peephole(1, cell)))
    return State(hidden: multiply(output, apply(2, cell)), cell: cell)
  }

  /// zt = f(Xt Wzᵀ + Ht-1 Rzᵀ + Wbz + Rbz), rt likewise; Ht = (1 - zt) ⊙ ht + zt ⊙ Ht-1 with
  /// ht = g(Xt Whᵀ + (rt ⊙ Ht-1) Rhᵀ + Rbh + Wbh), or g(Xt Whᵀ + rt ⊙ (Ht-1 Rhᵀ + Rbh) + Wbh) after the product.
  private func gru(_ x: [Scalar], _ state: State) -> State {
    func sums(_ gate: Int) -> [Scalar] { add(inputProduct(gate, x), recurrentProduct(gate, state.hidden)) }
    let update = apply(0, sums(0))
    let reset = apply(0, sums(1))
    let recurrent =
      resetsAfterProduct
      ? multiply(reset, recurrentProduct(2, state.hidden)) : recurrentProduct(2, multiply(reset, state.hidden))
    let candidate = apply(1, add(inputProduct(2, x), recurrent))
    return State(
      hidden: add(multiply(update.map { 1 - $0 }, candidate), multiply(update, state.hidden)), cell: [])
  }

  /// Xt Wᵀ + Wb of gate block `gate`.
  private func inputProduct(_ gate: Int, _ x: [Scalar]) -> [Scalar] {
    product(weights.inputWeights, gate, x, bias: 0)
  }

  /// h Rᵀ + Rb of gate block `gate`.
  private func recurrentProduct(_ gate: Int, _ hidden: [Scalar]) -> [Scalar] {
    product(weights.recurrentWeights, gate, hidden, bias: weights.recurrentWeights.count / hiddenSize)
  }

  private func product(_ matrix: [Scalar], _ gate: Int, _ vector: [Scalar], bias: Int) -> [Scalar] {
    (gate * hiddenSize..<(gate + 1) * hiddenSize).map { row in
      var sum = weights.biases?[bias + row] ?? 0
      for k in vector.indices { sum += matrix[row * vector.count + k] * vector[k] }
      return sum
    }
  }

  /// P ⊙ c of gate block `gate`, nothing where there are no peepholes.
  private func peephole(_ gate: Int, _ cell: [Scalar]) -> [Scalar] {
    guard let peepholes = weights.peepholes else { return [Scalar](repeating: 0, count: hiddenSize) }
    return cell.indices.map { peepholes[gate * hiddenSize + $0] * cell[$0] }
  }

  /// Activation `index` of what is clipped before.
  private func apply(_ index: Int, _ sums: [Scalar]) -> [Scalar] {
    let activation = activations[index]
    guard let clip else { return sums.map { activation($0) } }
    return sums.map { activation(Swift.min(Swift.max($0, -clip), clip)) }
  }

  private func add(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] { a.indices.map { a[$0] + b[$0] } }
  private func multiply(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] { a.indices.map { a[$0] * b[$0] } }
}
#endif
