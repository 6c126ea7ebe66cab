/// What a forward pass of one direction of one layer reads and writes. All views are borrowed.
public struct ForwardPass<Scalar: BLASScalar>: Sendable {
  /// Where the rows of the batch lie.
  public let layout: PackedLayout
  /// The direction of the recurrence.
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
  /// The direction of the recurrence; backpropagation goes in the opposite one.
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
  /// The gradient for the inputs is added here, `[N × I]`; `nil` to skip.
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
