/// Gated recurrent unit (Cho et al. 2014):
///
///     r_t = σ(W_r x_t + b_xr + U_r h_{t-1} + b_hr)          reset gate
///     z_t = σ(W_z x_t + b_xz + U_z h_{t-1} + b_hz)          update gate
///     h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}
///
/// with the candidate n_t in one of two conventions, see ``ResetConvention``. The recurrent candidate bias b_hn is
/// separate from b_xn: after the product it is inside the reset.
public struct GRUCell: StandardCell {
  /// Where the reset gate acts.
  public enum ResetConvention: String, CaseIterable, Codable, Sendable {
    /// n_t = tanh(W_n x_t + b_xn + r_t ⊙ (U_n h_{t-1} + b_hn)): PyTorch, cuDNN, Keras `reset_after=True`,
    /// ONNX `linear_before_reset=1`.
    case afterProduct
    /// n_t = tanh(W_n x_t + b_xn + U_n (r_t ⊙ h_{t-1}) + b_hn): the 2014 paper, Keras `reset_after=False`,
    /// ONNX `linear_before_reset=0`.
    case beforeProduct
  }

  /// The sizes.
  public private(set) var shape: CellShape
  /// The convention.
  public let reset: ResetConvention

  /// A GRU cell of `hiddenSize` units. All sizes must be positive.
  public init(inputSize: Int, hiddenSize: Int, reset: ResetConvention = .afterProduct, hasBias: Bool = true) {
    precondition(inputSize > 0 && hiddenSize > 0, "the sizes of a cell must be positive")
    self.reset = reset
    shape = CellShape(
      inputSize: inputSize, hiddenSize: hiddenSize, outputSize: hiddenSize, gates: GRUGate.allCases.count,
      hasBias: hasBias)
  }

  /// The cell in its usual form.
  public static func standard(inputSize: Int, hiddenSize: Int) -> GRUCell {
    GRUCell(inputSize: inputSize, hiddenSize: hiddenSize)
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
    switch (tape.begin(pass, fused), reset) {
    case (.naive, _): naiveForward(pass, tape: &tape)
    case (.blas, .afterProduct): blasForwardResetAfter(pass, tape: &tape)
    case (.blas, .beforeProduct): blasForwardResetBefore(pass, tape: &tape)
    case (.fused, _): fusedForward(pass, tape: &tape)
    }
  }

  /// Runs the chain rule through the equations, from the last step back.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    shape.check(pass)
    switch (tape.recordedPath(for: pass), reset) {
    case (.naive, _): naiveBackward(pass, tape: &tape)
    case (.blas, .afterProduct): blasBackwardResetAfter(pass, tape: &tape)
    case (.blas, .beforeProduct): blasBackwardResetBefore(pass, tape: &tape)
    case (.fused, _): fusedBackward(pass, tape: &tape)
    }
  }

  /// Rows of the recurrent weights, and columns of the gates, that belong to `gates`.
  func block(_ gates: ClosedRange<GRUGate>) -> Range<Int> {
    gates.lowerBound.rawValue * hiddenSize..<(gates.upperBound.rawValue + 1) * hiddenSize
  }
}

extension GRUGate: Comparable {
  /// The order of the blocks.
  public static func < (a: GRUGate, b: GRUGate) -> Bool { a.rawValue < b.rawValue }
}
