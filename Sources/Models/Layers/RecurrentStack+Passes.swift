public import Kernels

/// The passes of a stack over parameters that the caller owns. ``RecurrentLayer`` calls them with its own; a model
/// that keeps the parameters of several parts in one buffer calls them with a part of that.
extension RecurrentStack {
  /// Runs all layers over all steps.
  ///
  /// - Parameters:
  ///   - inputs: `[N × I]`, laid out as `layout` says.
  ///   - layout: Where the rows of the batch lie.
  ///   - parameters: The stack's parameters, `[1 × parameterCount]`.
  ///   - state: The initial state on entry, the final one on return.
  ///   - tape: Receives the outputs (``RecurrentTape/lastOutputs``) and, when recording, what `backward` needs.
  ///   - mode: Whether to record, and whether dropout acts.
  ///   - execution: Path and threads.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, layout: PackedLayout, parameters: MatrixView<Scalar>,
    state: inout RecurrentState<Scalar>, tape: inout RecurrentTape<Scalar>, mode: PassMode, execution: Execution
  ) {
    state.check(fits: self, batch: layout.batch)
    tape.prepare(for: self, layout: layout)
    tape.usesMasks = mode == .training
    for part in layerDirections {
      let cell = cells[part.layer]
      let hidesUnits = mode == .training && recurrentDropout > 0
      if hidesUnits {
        tape.recurrentMasks[part.index].discardContents(resizingTo: layout.batch, by: cell.outputSize)
        drawMask(&tape.recurrentMasks[part.index], dropping: recurrentDropout, from: &tape.generator)
      }
      gather(state.hidden[part.index], by: layout, into: &tape.hidden[part.index])
      if cell.cellStateSize > 0 { gather(state.cell[part.index], by: layout, into: &tape.cell[part.index]) }

      cell.forward(
        forwardPass(
          part, inputs, layout, parameters, &tape,
          outputs: tape.outputs[part.layer].unsafeMutableView(),
          PassOptions(
            recurrentMask: hidesUnits ? tape.recurrentMasks[part.index].unsafeView : nil,
            isRecording: mode != .inference, prepared: tape.prepared.isEmpty ? nil : tape.prepared[part.index],
            execution: execution)),
        tape: &tape.cells[part.index])

      scatter(tape.hidden[part.index], by: layout, into: &state.hidden[part.index])
      if cell.cellStateSize > 0 { scatter(tape.cell[part.index], by: layout, into: &state.cell[part.index]) }
      let isLastOfLayer = part.columns.upperBound == outputSize
      if isLastOfLayer, part.layer < layers - 1, mode == .training, dropout > 0 {
        tape.dropoutMasks[part.layer].discardContents(resizingTo: layout.rowCount, by: outputSize)
        drawMask(&tape.dropoutMasks[part.layer], dropping: dropout, from: &tape.generator)
        // A copy: the outputs themselves are part of what a backward pass reads.
        tape.dropped[part.layer].discardContents(resizingTo: layout.rowCount, by: outputSize)
        multiplyElements(tape.outputs[part.layer], tape.dropoutMasks[part.layer], into: &tape.dropped[part.layer])
      }
    }
  }

  /// Exact backpropagation through time through all layers of the pass that `tape` recorded.
  ///
  /// - Parameters:
  ///   - inputs: The inputs of that pass, `[N × I]`.
  ///   - layout: Its layout.
  ///   - parameters: Its parameters, `[1 × parameterCount]`.
  ///   - gradients: Where gradients come from and go to.
  ///   - dState: The gradient for the final state on entry, for the initial one on return.
  ///   - tape: The recording.
  ///   - execution: Path and threads.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, layout: PackedLayout, parameters: MatrixView<Scalar>,
    gradients: RecurrentGradients<Scalar>, dState: inout RecurrentState<Scalar>, tape: inout RecurrentTape<Scalar>,
    execution: Execution
  ) {
    dState.check(fits: self, batch: layout.batch)
    require(tape.outputs.count == layers, "the tape holds no recording of this network")
    for i in tape.outputs.indices {
      require(tape.outputs[i].rows == layout.rowCount, "the tape holds no recording of this batch")
    }
    for layer in 0..<layers - 1 {
      tape.dOutputs[layer].discardContents(resizingTo: layout.rowCount, by: outputSize)
      tape.dOutputs[layer].setToZero()
    }
    for part in layerDirections.reversed() {
      let cell = cells[part.layer]
      let isFirstOfLayer = part.columns.upperBound == outputSize
      if isFirstOfLayer, part.layer < layers - 1, tape.usesMasks, dropout > 0 {
        tape.dOutputs[part.layer].multiplyElements(by: tape.dropoutMasks[part.layer])
      }
      gather(dState.hidden[part.index], by: layout, into: &tape.hidden[part.index])
      if cell.cellStateSize > 0 { gather(dState.cell[part.index], by: layout, into: &tape.cell[part.index]) }

      // The outputs are read at most: a caller may still hold them, and a mutable view would copy them.
      let forward = forwardPass(
        part, inputs, layout, parameters, &tape,
        outputs: MutableMatrixView(readingOnly: tape.outputs[part.layer].unsafeView),
        PassOptions(
          recurrentMask: tape.usesMasks && recurrentDropout > 0
            ? tape.recurrentMasks[part.index].unsafeView : nil, execution: execution))
      let dOutputs = part.layer == layers - 1 ? gradients.dOutputs : tape.dOutputs[part.layer].unsafeView
      cell.backward(
        BackwardPass(
          of: forward, dOutputs: dOutputs.columns(part.columns), dState: (forward.hidden, forward.cell),
          dInputs: part.layer == 0 ? gradients.dInputs : tape.dOutputs[part.layer - 1].unsafeMutableView(),
          dParameters: gradients.dParameters.columns(part.parameters)),
        tape: &tape.cells[part.index])

      scatter(tape.hidden[part.index], by: layout, into: &dState.hidden[part.index])
      if cell.cellStateSize > 0 { scatter(tape.cell[part.index], by: layout, into: &dState.cell[part.index]) }
    }
  }
}

extension RecurrentStack {
  /// One step of `B` sequences, in memory that the state carries along. Not for both directions.
  ///
  /// - Parameters:
  ///   - inputs: `[B × I]`.
  ///   - state: The state before the step on entry, after it on return.
  ///   - parameters: The stack's parameters, `[1 × parameterCount]`.
  ///   - prepared: The same prepared by ``prepare(parameters:)``, or nothing.
  ///   - outputs: Receives the outputs, `[B × R]`.
  ///   - execution: Path and threads.
  func step<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, _ state: inout RecurrentState<Scalar>, parameters: MatrixView<Scalar>,
    prepared: [PreparedWeights<Scalar>?] = [], into outputs: MutableMatrixView<Scalar>, execution: Execution
  ) {
    require(!isBidirectional, "a bidirectional network cannot step: it needs the future")
    var workspace = RecurrentTape<Scalar>()
    swap(&workspace, &state.workspace)
    if workspace.stepLayout?.batch != inputs.rows { workspace.stepLayout = PackedLayout(batch: inputs.rows, steps: 1) }
    workspace.prepared = prepared
    forward(
      inputs, layout: workspace.stepLayout!, parameters: parameters, state: &state, tape: &workspace,
      mode: .inference, execution: execution)
    workspace.prepared = []
    outputs.copy(from: workspace.outputs[layers - 1].unsafeView)
    swap(&workspace, &state.workspace)
  }

  /// The weights of each layer and direction in the order of the fused path, as far as its cell has one: a copy of the parameters,
  /// `[1 × parameterCount]`.
  func prepare<Scalar: BLASScalar>(parameters: MatrixView<Scalar>) -> [PreparedWeights<Scalar>?] {
    layerDirections.map { PreparedWeights(cells[$0.layer], parameters: parameters.columns($0.parameters)) }
  }

  /// The pass of one direction of one layer, on the buffers of `tape`.
  private func forwardPass<Scalar: BLASScalar>(
    _ part: LayerDirection, _ inputs: MatrixView<Scalar>, _ layout: PackedLayout, _ parameters: MatrixView<Scalar>,
    _ tape: inout RecurrentTape<Scalar>, outputs: MutableMatrixView<Scalar>, _ options: PassOptions<Scalar>
  ) -> ForwardPass<Scalar> {
    ForwardPass(
      layout: layout, direction: part.direction,
      inputs: part.layer == 0
        ? inputs
        : tape.usesMasks && dropout > 0
          ? tape.dropped[part.layer - 1].unsafeView : tape.outputs[part.layer - 1].unsafeView,
      parameters: parameters.columns(part.parameters),
      state: (tape.hidden[part.index].unsafeMutableView(), tape.cell[part.index].unsafeMutableView()),
      outputs: outputs.columns(part.columns), options: options)
  }
}

/// Copies states in the caller's order to the order of ranks.
private func gather<Scalar: BLASScalar>(
  _ states: Matrix<Scalar>, by layout: PackedLayout, into ranked: inout Matrix<Scalar>
) {
  let (source, target) = (states.unsafeView, ranked.unsafeMutableView())
  for (rank, sequence) in layout.order.enumerated() {
    target.row(rank).update(from: source.row(sequence), count: source.columns)
  }
}

/// Copies states in the order of ranks to the caller's order.
private func scatter<Scalar: BLASScalar>(
  _ ranked: Matrix<Scalar>, by layout: PackedLayout, into states: inout Matrix<Scalar>
) {
  let (source, target) = (ranked.unsafeView, states.unsafeMutableView())
  for (rank, sequence) in layout.order.enumerated() {
    target.row(sequence).update(from: source.row(rank), count: source.columns)
  }
}

/// Fills `mask` with 0, at probability `rate`, and else with 1 / (1 - rate), which keeps the mean of what it scales.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func drawMask<Scalar: BLASScalar>(
  _ mask: inout Matrix<Scalar>, dropping rate: Double, from generator: inout SeededGenerator
) {
  let kept = Scalar(1 / (1 - rate))
  mask.withUnsafeMutableBufferPointer { mask in
    for i in mask.indices { mask[i] = generator.uniform(Double.self) < rate ? 0 : kept }
  }
}

/// z = x ⊙ y.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplyElements<Scalar: BLASScalar>(
  _ x: Matrix<Scalar>, _ y: Matrix<Scalar>, into z: inout Matrix<Scalar>
) {
  let (x, y, z) = (x.unsafeView.baseAddress, y.unsafeView.baseAddress, z.unsafeMutableView())
  for i in 0..<z.rows * z.columns { z.baseAddress[i] = x[i] * y[i] }
}

extension Matrix where Element: BLASScalar {
  /// x = x ⊙ y.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  fileprivate mutating func multiplyElements(by y: Matrix) {
    let (x, y) = (unsafeMutableView(), y.unsafeView.baseAddress)
    for i in 0..<count { x.baseAddress[i] *= y[i] }
  }
}

/// What a pass is for.
public enum PassMode: Sendable {
  /// Outputs alone.
  case inference
  /// Records for a backward pass; no dropout, so that the result depends on the inputs alone.
  case recording
  /// Records for a backward pass, with dropout.
  case training
}

/// Where a backward pass reads and adds gradients, borrowed.
public struct RecurrentGradients<Scalar: BLASScalar> {
  /// Gradient of the loss for the outputs, `[N × D·R]`.
  package let dOutputs: MatrixView<Scalar>
  /// The gradient for the inputs is added here, `[N × I]`; `nil` to skip it.
  package let dInputs: MutableMatrixView<Scalar>?
  /// The gradients for the parameters are added here, `[1 × parameterCount]`.
  package let dParameters: MutableMatrixView<Scalar>

  /// Gradients from and to borrowed views.
  public init(
    dOutputs: MatrixView<Scalar>, addingInputsTo dInputs: MutableMatrixView<Scalar>?,
    addingParametersTo dParameters: MutableMatrixView<Scalar>
  ) {
    self.dOutputs = dOutputs
    self.dInputs = dInputs
    self.dParameters = dParameters
  }
}
