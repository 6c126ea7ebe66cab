/// Long short-term memory (Hochreiter & Schmidhuber 1997), with the forget gate of Gers, Schmidhuber & Cummins (2000):
///
///     i_t = σ(W_i x_t + U_i h_{t-1} + b_i)          input gate (a guide's "store" gate)
///     f_t = σ(W_f x_t + U_f h_{t-1} + b_f)          forget gate
///     g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)       candidate
///     o_t = σ(W_o x_t + U_o h_{t-1} + b_o)          output gate
///     c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
///     h_t = o_t ⊙ tanh(c_t)
///
/// With peepholes (Gers & Schmidhuber 2000) the gates see the cell state: p_i ⊙ c_{t-1} is added inside i, p_f ⊙
/// c_{t-1} inside f, p_o ⊙ c_t inside o. With a projection (Sak, Senior & Beaufays 2014) the hidden state is
/// h_t = W_p (o_t ⊙ tanh(c_t)), narrower than the `H` units.
public struct LSTMCell: StandardCell {
  /// The sizes.
  public private(set) var shape: CellShape
  /// Size of the projected hidden state; `nil` without projection.
  public let projectionSize: Int?

  /// An LSTM cell of `hiddenSize` units. All sizes must be positive.
  public init(
    inputSize: Int, hiddenSize: Int, projectionSize: Int? = nil, hasPeepholes: Bool = false, hasBias: Bool = true
  ) {
    precondition(
      inputSize > 0 && hiddenSize > 0 && projectionSize ?? 1 > 0, "the sizes of a cell must be positive")
    self.projectionSize = projectionSize
    var shape = CellShape(
      inputSize: inputSize, hiddenSize: hiddenSize, outputSize: projectionSize ?? hiddenSize,
      gates: LSTMGate.allCases.count, hasBias: hasBias)
    shape.cellStateSize = hiddenSize
    shape.hasPeepholes = hasPeepholes
    shape.isProjected = projectionSize != nil
    self.shape = shape
  }

  /// The cell in its usual form.
  public static func standard(inputSize: Int, hiddenSize: Int) -> LSTMCell {
    LSTMCell(inputSize: inputSize, hiddenSize: hiddenSize)
  }

  /// The same cell over `inputSize` features.
  public func withInputSize(_ inputSize: Int) -> Self {
    var cell = self
    cell.shape.inputSize = inputSize
    return cell
  }

  /// Runs the equations over every step, on the path that `pass` asks for.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    shape.check(pass)
    switch tape.begin(pass, fused) {
    case .naive: naiveForward(pass, tape: &tape)
    case .blas: blasForward(pass, tape: &tape)
    case .fused: fusedForward(pass, tape: &tape)
    }
  }

  /// Runs the chain rule through the equations, from the last step back.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    shape.check(pass)
    switch tape.recordedPath(for: pass) {
    case .naive: naiveBackward(pass, tape: &tape)
    case .blas: blasBackward(pass, tape: &tape)
    case .fused: fusedBackward(pass, tape: &tape)
    }
  }
}
