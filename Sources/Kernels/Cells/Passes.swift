/// What a forward pass of one direction of one layer reads and writes. All views are borrowed.
public struct ForwardPass<Scalar: BLASScalar>: Sendable {
  @usableFromInline package let layout: PackedLayout
  @usableFromInline package let direction: TimeDirection
  @usableFromInline package let inputs: MatrixView<Scalar>
  @usableFromInline package let parameters: MatrixView<Scalar>
  @usableFromInline package let hidden: MutableMatrixView<Scalar>
  @usableFromInline package let cell: MutableMatrixView<Scalar>
  @usableFromInline package let outputs: MutableMatrixView<Scalar>
  @usableFromInline package let recurrentMask: MatrixView<Scalar>?
  @usableFromInline package let isRecording: Bool
  @usableFromInline package let prepared: PreparedWeights<Scalar>?
  @usableFromInline package let execution: Execution

  /// A pass over borrowed views.
  ///
  /// - Parameters:
  ///   - layout: Where the rows of the batch lie.
  ///   - direction: The direction of the recurrence.
  ///   - inputs: `[N × I]`.
  ///   - parameters: The cell's parameters in the order of ``RecurrentCell/parameters``, `[1 × parameterCount]`.
  ///   - state: Hidden state `[B × R]` and cell state, `[B × H]` for an LSTM and `[B × 0]` for others, by rank: the initial
  ///     state on entry, the final one on return.
  ///   - outputs: Receives the hidden state of every step, `[N × R]`. Its stride may be wider, so that the two directions of a
  ///     layer write side by side.
  ///   - options: What a pass may have beside its data.
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
  @usableFromInline package var recurrentMask: MatrixView<Scalar>?
  @usableFromInline package var isRecording: Bool
  @usableFromInline package var prepared: PreparedWeights<Scalar>?
  @usableFromInline package var execution: Execution

  /// Options for a pass; by default no mask, no recording, the fastest path.
  ///
  /// - Parameters:
  ///   - recurrentMask: Scales what the recurrent weights see of the hidden state, `[B × R]`, by rank: the mask of recurrent
  ///     dropout, one for all steps (Gal & Ghahramani 2016).
  ///   - isRecording: Whether the tape is to serve a backward pass. Backward passes ignore it.
  ///   - prepared: The cell's weights, prepared earlier for the fused path; `nil` to prepare them in the pass. Backward passes
  ///     ignore it.
  ///   - execution: Path and threads.
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
  @usableFromInline package let layout: PackedLayout
  @usableFromInline package let direction: TimeDirection
  @usableFromInline package let inputs: MatrixView<Scalar>
  @usableFromInline package let parameters: MatrixView<Scalar>
  @usableFromInline package let outputs: MatrixView<Scalar>
  @usableFromInline package let dOutputs: MatrixView<Scalar>
  @usableFromInline package let dHidden: MutableMatrixView<Scalar>
  @usableFromInline package let dCell: MutableMatrixView<Scalar>
  @usableFromInline package let dInputs: MutableMatrixView<Scalar>?
  @usableFromInline package let dParameters: MutableMatrixView<Scalar>
  @usableFromInline package let recurrentMask: MatrixView<Scalar>?
  @usableFromInline package let execution: Execution

  /// The pass that belongs to `forward`, whose views must still hold what they held, and whose outputs what it wrote there.
  ///
  /// - Parameters:
  ///   - forward: The pass that was recorded.
  ///   - dOutputs: Gradient of the loss for the outputs, `[N × R]`.
  ///   - dState: By rank: on entry the gradient for the final hidden state `[B × R]` and cell state `[B × H]` or `[B × 0]`, on
  ///     return the one for the initial state.
  ///   - dInputs: The gradient for the inputs is added here, `[N × I]`; `nil` to skip.
  ///   - dParameters: The gradient for the parameters is added here, `[1 × parameterCount]`.
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
