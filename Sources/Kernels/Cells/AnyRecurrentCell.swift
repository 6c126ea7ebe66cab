/// A cell whose kind is known only at run time: what a model file or a command line names.
public enum AnyRecurrentCell: RecurrentCell {
  case vanilla(VanillaCell)
  case lstm(LSTMCell)
  case gru(GRUCell)

  /// The names of the kinds, as files and command lines spell them.
  public enum Kind: String, CaseIterable, Codable, Sendable {
    case vanilla, lstm, gru
  }

  /// A cell of `kind` in its usual form, see ``StandardCell``.
  public init(_ kind: Kind, inputSize: Int, hiddenSize: Int) {
    switch kind {
    case .vanilla: self = .vanilla(.standard(inputSize: inputSize, hiddenSize: hiddenSize))
    case .lstm: self = .lstm(.standard(inputSize: inputSize, hiddenSize: hiddenSize))
    case .gru: self = .gru(.standard(inputSize: inputSize, hiddenSize: hiddenSize))
    }
  }

  /// Which kind it is.
  public var kind: Kind {
    switch self {
    case .vanilla: .vanilla
    case .lstm: .lstm
    case .gru: .gru
    }
  }

  /// The sizes of the cell.
  public var shape: CellShape {
    switch self {
    case .vanilla(let cell): cell.shape
    case .lstm(let cell): cell.shape
    case .gru(let cell): cell.shape
    }
  }

  /// The same cell over `inputSize` features.
  public func withInputSize(_ inputSize: Int) -> AnyRecurrentCell {
    switch self {
    case .vanilla(let cell): .vanilla(cell.withInputSize(inputSize))
    case .lstm(let cell): .lstm(cell.withInputSize(inputSize))
    case .gru(let cell): .gru(cell.withInputSize(inputSize))
    }
  }

  /// Runs the cell's forward pass.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch self {
    case .vanilla(let cell): cell.forward(pass, tape: &tape)
    case .lstm(let cell): cell.forward(pass, tape: &tape)
    case .gru(let cell): cell.forward(pass, tape: &tape)
    }
  }

  /// Runs the cell's backward pass.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    switch self {
    case .vanilla(let cell): cell.backward(pass, tape: &tape)
    case .lstm(let cell): cell.backward(pass, tape: &tape)
    case .gru(let cell): cell.backward(pass, tape: &tape)
    }
  }
}
