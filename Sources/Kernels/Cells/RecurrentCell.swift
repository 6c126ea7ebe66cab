/// A recurrent cell: the sizes and conventions of one step, without numbers.
///
/// A cell walks one direction of one layer through time. ``VanillaCell``, ``LSTMCell`` and ``GRUCell`` conform; each
/// holds its equations, and each has the naive and the BLAS path beside it in files of its own. Parameters come as one
/// flat buffer in the order of ``CellShape/parameters``; states, inputs and outputs are borrowed views.
public protocol RecurrentCell: Hashable, Codable, Sendable {
  /// The sizes that everything about the cell follows from.
  var shape: CellShape { get }

  /// The same cell over another number of features, as a further layer needs it.
  func withInputSize(_ inputSize: Int) -> Self

  /// Runs the recurrence over every step of every sequence. Records into `tape` what backpropagation needs if
  /// `pass.isRecording`, and uses it as scratch memory otherwise.
  func forward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>)

  /// Exact backpropagation through time over what `forward` recorded in `tape` with the same inputs and parameters, on the
  /// path that recorded it. May be called more than once for one recording.
  func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>)
}

/// A cell with a usual form, which two sizes decide.
public protocol StandardCell: RecurrentCell {
  /// The cell as most people mean it: tanh; no peepholes, no projection; reset after the product; with biases.
  static func standard(inputSize: Int, hiddenSize: Int) -> Self
}

/// The sizes of a recurrent cell.
public struct CellShape: Hashable, Sendable {
  /// Features a step, `I`.
  public var inputSize: Int
  /// Hidden units, `H`.
  public var hiddenSize: Int
  /// Width of the hidden state and of an output, `R`: `H`, or the projection's size in a projected LSTM.
  public var outputSize: Int
  /// Gate blocks, `G`: 1 for a vanilla cell, 4 for an LSTM, 3 for a GRU.
  public var gates: Int
  /// Width of the cell state: `H` for an LSTM, 0 for the others.
  public var cellStateSize = 0
  /// Whether input and recurrent products each have a bias.
  public var hasBias: Bool
  /// Whether the cell state looks into the gates.
  public var hasPeepholes = false

  /// Whether the hidden state is a projection of the units.
  public var isProjected = false

  /// The parameters in the order in which they lie in the flat buffer. Names are PyTorch's without the `_l0`;
  /// `weight_ph` (peepholes) has none there.
  public var parameters: [ParameterShape] {
    let rows = gates * hiddenSize
    var shapes = [
      ParameterShape("weight_ih", rows: rows, columns: inputSize, role: .inputWeights, gates: gates),
      ParameterShape("weight_hh", rows: rows, columns: outputSize, role: .recurrentWeights, gates: gates),
    ]
    if hasBias {
      shapes += [
        ParameterShape("bias_ih", rows: rows, columns: 1, role: .inputBias, gates: gates),
        ParameterShape("bias_hh", rows: rows, columns: 1, role: .recurrentBias, gates: gates),
      ]
    }
    if isProjected {
      shapes.append(ParameterShape("weight_hr", rows: outputSize, columns: hiddenSize, role: .projection))
    }
    if hasPeepholes {
      shapes.append(
        ParameterShape("weight_ph", rows: LSTMPeephole.allCases.count, columns: hiddenSize, role: .peephole))
    }
    return shapes
  }

  /// Number of parameters.
  public var parameterCount: Int {
    gates * hiddenSize * (inputSize + outputSize + (hasBias ? 2 : 0))
      + (isProjected ? outputSize * hiddenSize : 0) + (hasPeepholes ? LSTMPeephole.allCases.count * hiddenSize : 0)
  }

  /// Floating-point operations of a forward pass over one row, counting a multiply-add as two and only the products:
  /// 2·G·H·(I + R), and 2·R·H for a projection. Forward and backward together take three times that.
  public var forwardOperations: Int {
    2 * gates * hiddenSize * (inputSize + outputSize) + (isProjected ? 2 * outputSize * hiddenSize : 0)
  }
}

extension RecurrentCell {
  /// Features a step, `I`.
  public var inputSize: Int { shape.inputSize }
  /// Hidden units, `H`.
  public var hiddenSize: Int { shape.hiddenSize }
  /// Width of the hidden state and of an output.
  public var outputSize: Int { shape.outputSize }
}

/// What a forward pass of one direction of one layer reads and writes. All views are borrowed.
public struct ForwardPass<Scalar: BLASScalar>: Sendable {
  /// Where the rows of the batch lie.
  public let layout: PackedLayout
  /// Which way the recurrence walks.
  public let direction: TimeDirection
  /// Inputs, `[N × I]`.
  public let inputs: MatrixView<Scalar>
  /// The cell's parameters, flat.
  public let parameters: MatrixView<Scalar>
  /// Hidden state, `[B × R]`, by rank: the initial state on entry, the final one on return.
  public let hidden: MutableMatrixView<Scalar>
  /// Cell state, `[B × H]` for an LSTM and `[B × 0]` for others, by rank: initial on entry, final on return.
  public let cell: MutableMatrixView<Scalar>
  /// Receives the hidden state of every step, `[N × R]`. Its stride may be wider, so that the two directions of a
  /// layer write side by side.
  public let outputs: MutableMatrixView<Scalar>
  /// Scales what the recurrent weights see of the hidden state, `[B × R]`, by rank: the mask of recurrent dropout,
  /// one for all steps (Gal & Ghahramani 2016). `nil` for none.
  public let recurrentMask: MatrixView<Scalar>?
  /// Whether the tape is to serve a backward pass.
  public let isRecording: Bool
  /// The cell's weights, prepared earlier for the fused path; `nil` to prepare them now.
  public let prepared: PreparedWeights<Scalar>?
  /// Path and threads.
  public let execution: Execution

  /// A pass over borrowed views; each must have the shape that its property states.
  @inlinable
  public init(
    layout: PackedLayout, direction: TimeDirection = .forward, inputs: MatrixView<Scalar>,
    parameters: MatrixView<Scalar>, state: (hidden: MutableMatrixView<Scalar>, cell: MutableMatrixView<Scalar>),
    outputs: MutableMatrixView<Scalar>, options: PassOptions<Scalar> = .init()
  ) {
    self.layout = layout
    self.direction = direction
    self.inputs = inputs
    self.parameters = parameters
    (hidden, cell) = state
    self.outputs = outputs
    recurrentMask = options.recurrentMask
    isRecording = options.isRecording
    prepared = options.prepared
    execution = options.execution
  }
}

/// What a pass may have beside its data.
public struct PassOptions<Scalar: BLASScalar>: Sendable {
  /// See ``ForwardPass/recurrentMask``.
  public var recurrentMask: MatrixView<Scalar>?
  /// See ``ForwardPass/isRecording``. Backward passes ignore it.
  public var isRecording: Bool
  /// See ``ForwardPass/prepared``. Backward passes ignore it.
  public var prepared: PreparedWeights<Scalar>?
  /// Path and threads.
  public var execution: Execution

  /// Options for a pass; by default no mask, no recording, the fastest path.
  @inlinable
  public init(
    recurrentMask: MatrixView<Scalar>? = nil, isRecording: Bool = false, prepared: PreparedWeights<Scalar>? = nil,
    execution: Execution = .automatic
  ) {
    self.recurrentMask = recurrentMask
    self.isRecording = isRecording
    self.prepared = prepared
    self.execution = execution
  }
}

/// What a backward pass of one direction of one layer reads and writes. All views are borrowed.
public struct BackwardPass<Scalar: BLASScalar>: Sendable {
  /// Where the rows of the batch lie.
  public let layout: PackedLayout
  /// Which way the recurrence walked; backpropagation walks the other way.
  public let direction: TimeDirection
  /// The inputs of the forward pass, `[N × I]`.
  public let inputs: MatrixView<Scalar>
  /// The parameters of the forward pass, flat.
  public let parameters: MatrixView<Scalar>
  /// The outputs of the forward pass, as it left them, `[N × R]`: part of the recording on the fused path.
  public let outputs: MatrixView<Scalar>
  /// Gradient of the loss for the outputs, `[N × R]`.
  public let dOutputs: MatrixView<Scalar>
  /// On entry the gradient for the final hidden state, on return the one for the initial, `[B × R]`, by rank.
  public let dHidden: MutableMatrixView<Scalar>
  /// The same for the cell state, `[B × H]` or `[B × 0]`.
  public let dCell: MutableMatrixView<Scalar>
  /// The gradient for the inputs is added here, `[N × I]`; `nil` where nobody wants it.
  public let dInputs: MutableMatrixView<Scalar>?
  /// The gradients for the parameters are added here, flat.
  public let dParameters: MutableMatrixView<Scalar>
  /// The mask of the forward pass.
  public let recurrentMask: MatrixView<Scalar>?
  /// Path and threads.
  public let execution: Execution

  /// The pass that belongs to `forward`; each view must have the shape that its property states.
  @inlinable
  public init(
    of forward: ForwardPass<Scalar>, dOutputs: MatrixView<Scalar>,
    dState: (hidden: MutableMatrixView<Scalar>, cell: MutableMatrixView<Scalar>),
    dInputs: MutableMatrixView<Scalar>?, dParameters: MutableMatrixView<Scalar>
  ) {
    layout = forward.layout
    direction = forward.direction
    inputs = forward.inputs
    parameters = forward.parameters
    outputs = forward.outputs.readOnly
    self.dOutputs = dOutputs
    (dHidden, dCell) = dState
    self.dInputs = dInputs
    self.dParameters = dParameters
    recurrentMask = forward.recurrentMask
    execution = forward.execution
  }
}

extension CellShape {
  /// Stops a caller whose views do not fit the cell, before anything is written through them.
  func check<Scalar>(_ pass: ForwardPass<Scalar>) {
    let (rows, batch) = (pass.layout.rowCount, pass.layout.batch)
    expect(pass.inputs, rows, inputSize, "inputs")
    expect(pass.outputs.readOnly, rows, outputSize, "outputs")
    expect(pass.hidden.readOnly, batch, outputSize, "hidden state")
    expect(pass.cell.readOnly, batch, cellStateSize, "cell state")
    expect(pass.parameters, 1, parameterCount, "parameters")
    if let mask = pass.recurrentMask { expect(mask, batch, outputSize, "recurrent mask") }
    if let prepared = pass.prepared {
      precondition(prepared.shape == self, "the prepared weights are those of another cell")
    }
  }

  func check<Scalar>(_ pass: BackwardPass<Scalar>) {
    let (rows, batch) = (pass.layout.rowCount, pass.layout.batch)
    expect(pass.inputs, rows, inputSize, "inputs")
    expect(pass.outputs, rows, outputSize, "outputs")
    expect(pass.dOutputs, rows, outputSize, "output gradient")
    expect(pass.dHidden.readOnly, batch, outputSize, "hidden state gradient")
    expect(pass.dCell.readOnly, batch, cellStateSize, "cell state gradient")
    expect(pass.parameters, 1, parameterCount, "parameters")
    expect(pass.dParameters.readOnly, 1, parameterCount, "parameter gradient")
    if let dInputs = pass.dInputs { expect(dInputs.readOnly, rows, inputSize, "input gradient") }
  }

  private func expect<Scalar>(_ view: MatrixView<Scalar>, _ rows: Int, _ columns: Int, _ name: String) {
    precondition(
      view.rows == rows && view.columns == columns && !view.isTransposed,
      "the \(name) must be \(rows) × \(columns), not \(view.rows) × \(view.columns)")
  }
}
