/// The vanilla recurrent network (Elman 1990): h_t = φ(W x_t + b_x + U h_{t-1} + b_h), φ = tanh or ReLU.
public struct VanillaCell: StandardCell {
  /// What a vanilla cell applies to its sum.
  public enum Activation: String, CaseIterable, Codable, Sendable {
    case tanh, relu
  }

  /// The sizes.
  public private(set) var shape: CellShape
  /// φ.
  public let activation: Activation

  /// A vanilla cell of `hiddenSize` units. All sizes must be positive.
  public init(inputSize: Int, hiddenSize: Int, activation: Activation = .tanh, hasBias: Bool = true) {
    precondition(inputSize > 0 && hiddenSize > 0, "the sizes of a cell must be positive")
    self.activation = activation
    shape = CellShape(inputSize: inputSize, hiddenSize: hiddenSize, outputSize: hiddenSize, gates: 1, hasBias: hasBias)
  }

  /// The cell in its usual form.
  public static func standard(inputSize: Int, hiddenSize: Int) -> VanillaCell {
    VanillaCell(inputSize: inputSize, hiddenSize: hiddenSize)
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
