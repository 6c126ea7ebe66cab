public import Kernels

/// A recurrent network: an architecture and the parameters that fill it. A value; its state is never inside it.
///
///     let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 64, layers: 2)
///     let (outputs, state) = lstm(inputs)              // from the zero state
///     let (more, later) = lstm(moreInputs, from: state)
///     let y = lstm.step(x, &state)                     // one step, state updated in place
///
/// The three agree: splitting a sequence changes nothing, to the bit on the fused and the naive path and to rounding on the
/// BLAS path, whose kernels depend on the number of rows.
///
/// Training is explicit: ``forward(_:from:recordingInto:mode:)`` and then
/// ``backward(through:dOutputs:dState:accumulatingInto:)``.
public struct RecurrentLayer<Scalar: BLASScalar>: ParameterizedModel {
  /// Cell, layers, directions and dropout.
  public let architecture: RecurrentStack
  /// The parameters, under PyTorch's names (`weight_ih_l0`, `bias_hh_l0_reverse`, …).
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic
  /// What its states, and those of its copies, step with.
  private let steppingWeights = SteppingWeightsCache<Scalar>()

  /// A network with parameters of the architecture's layout.
  public init(unchecked architecture: RecurrentStack, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// The state before the first step of `batch` sequences.
  public func zeroState(batch: Int) -> RecurrentState<Scalar> { architecture.zeroState(batch: batch) }

  /// Outputs of every step, `[N × D·R]`, and the state after each sequence's last step.
  ///
  /// - Parameters:
  ///   - inputs: `B` sequences of `I` features.
  ///   - state: Where they start; the zero state if omitted.
  public func callAsFunction(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (outputs: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    var tape = RecurrentTape<Scalar>()
    return run(inputs, from: state, tape: &tape, mode: .inference)
  }

  /// One step of `B` sequences: outputs `[B × R]` from inputs `[B × I]`, the state updated in place. Allocates nothing
  /// but the result after the first step from a state. Not for bidirectional networks, which need the future.
  public func step(_ inputs: Matrix<Scalar>, _ state: inout RecurrentState<Scalar>) -> Matrix<Scalar> {
    var outputs = Matrix<Scalar>(uninitializedRows: inputs.rows, columns: architecture.outputSize)
    withViews(mutating: &outputs, reading: inputs) { step($1, &state, into: $0) }
    return outputs
  }

  /// One step of one sequence on plain buffers: `outputs` receives `R` numbers for the `I` numbers of `inputs`.
  ///
  /// All states share weights that are prepared once, at the first step of the first of them, for as long as one of them
  /// lives and the layer's parameters stay as they are. A state's first step allocates; those after it allocate nothing, lock
  /// nothing and call nothing of the system. For many states of a model see ``PreparedModel``.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    _ inputs: Span<Scalar>, _ state: inout RecurrentState<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) {
    require(
      inputs.count == architecture.inputSize && outputs.count == architecture.outputSize,
      "a step takes \(architecture.inputSize) numbers to \(architecture.outputSize), "
        + "not \(inputs.count) to \(outputs.count)")
    inputs.withUnsafeBufferPointer { inputs in
      outputs.withUnsafeMutableBufferPointer { outputs in
        if stepAlone(inputs.baseAddress!, &state, into: outputs.baseAddress!) { return }
        step(
          MatrixView(inputs.baseAddress!, rows: 1, columns: inputs.count), &state,
          into: MutableMatrixView(outputs.baseAddress!, rows: 1, columns: outputs.count))
      }
    }
  }

  /// One step of a single sequence without anything around the arithmetic, where that is possible.
  @inline(__always)
  private func stepAlone(
    _ inputs: UnsafePointer<Scalar>, _ state: inout RecurrentState<Scalar>, into outputs: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    if !isKnownUniquelyReferenced(&state.stepper)
      || !state.stepper!.shared.serve(architecture, parameters, execution)
    {
      state.check(fits: architecture, batch: 1)
      state.stepper = SequenceStepper(architecture, weights(forStepsFrom: state), execution)
    }
    guard let stepper = state.stepper, stepper.isUsable else { return false }
    stepper.step(inputs, &state.hidden, &state.cell, into: outputs)
    return true
  }

  /// One step of `B` sequences on borrowed memory.
  public func step(
    _ inputs: MatrixView<Scalar>, _ state: inout RecurrentState<Scalar>, into outputs: MutableMatrixView<Scalar>
  ) {
    if state.stepper?.shared.serve(architecture, parameters, execution) != true {
      state.check(fits: architecture, batch: inputs.rows)
      state.stepper = SequenceStepper(architecture, weights(forStepsFrom: state), execution)
    }
    let prepared = state.stepper?.shared.weights ?? []
    parameters.withView {
      architecture.step(
        inputs, &state, parameters: $0, prepared: prepared, into: outputs, execution: execution)
    }
  }

  /// The prepared weights: those that `state` stepped with before, or those that other states step with.
  private func weights(forStepsFrom state: RecurrentState<Scalar>) -> SteppingWeights<Scalar> {
    if let shared = state.stepper?.shared, shared.serve(architecture, parameters, execution) { return shared }
    return steppingWeights.weights(architecture, parameters, execution)
  }

  /// As ``callAsFunction(_:from:)``, recording into `tape` what a backward pass needs.
  ///
  /// With `mode` ``PassMode/training`` dropout acts; with ``PassMode/recording`` it does not, as in gradient checks.
  public func forward(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>? = nil,
    recordingInto tape: inout RecurrentTape<Scalar>, mode: PassMode = .training
  ) -> (outputs: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    tape.inputs = inputs
    return run(inputs, from: state, tape: &tape, mode: mode)
  }

  /// The gradients of a loss, by exact backpropagation through time over what `tape` recorded.
  ///
  /// - Parameters:
  ///   - tape: The recording of the pass with these parameters.
  ///   - dOutputs: The loss's gradient for the outputs, `[N × D·R]`.
  ///   - dState: Its gradient for the final state; zero if omitted.
  ///   - gradient: The gradients for the parameters are added here.
  /// - Returns: The gradients for the inputs, `[N × I]`, and for the initial state.
  public func backward(
    through tape: inout RecurrentTape<Scalar>, dOutputs: PackedSequence<Scalar>,
    dState: RecurrentState<Scalar>? = nil, accumulatingInto gradient: inout ParameterVector<Scalar>
  ) -> (dInputs: PackedSequence<Scalar>, dInitialState: RecurrentState<Scalar>) {
    guard let inputs = tape.inputs else { fatalError("the tape holds no recording") }
    require(dOutputs.layout == inputs.layout, "the gradient has another layout than the recorded pass")
    check(gradient: gradient)
    var dState = dState ?? zeroState(batch: inputs.batch)
    var dInputs = Matrix<Scalar>.zeros(rows: inputs.rows.rows, columns: inputs.features)
    withViews(mutating: &dInputs, &gradient, reading: inputs.rows, parameters, dOutputs.rows) {
      dInputs, gradient, inputRows, parameters, dOutputs in
      architecture.backward(
        inputRows, layout: inputs.layout, parameters: parameters,
        gradients: RecurrentGradients(dOutputs: dOutputs, addingInputsTo: dInputs, addingParametersTo: gradient),
        dState: &dState, tape: &tape, execution: execution)
    }
    return (PackedSequence(layout: inputs.layout, rows: dInputs), dState)
  }

  private func run(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>?, tape: inout RecurrentTape<Scalar>,
    mode: PassMode
  ) -> (outputs: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    var state = state ?? zeroState(batch: inputs.batch)
    withViews(inputs.rows, parameters) {
      architecture.forward(
        $0, layout: inputs.layout, parameters: $1, state: &state, tape: &tape, mode: mode, execution: execution)
    }
    return (PackedSequence(layout: inputs.layout, rows: tape.outputs[architecture.layers - 1]), state)
  }
}

extension RecurrentLayer {
  /// A network of `hiddenSize` units a layer, of a cell in its usual form: an LSTM unless `kind` says otherwise.
  ///
  ///     let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 64)
  ///     let gru = try RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: 64, layers: 2)
  ///
  /// Throws where a size is not positive, and as ``RecurrentStack`` does.
  public init(
    _ kind: RecurrentCell.Kind = .lstm, inputSize: Int, hiddenSize: Int, layers: Int = 1, isBidirectional: Bool = false,
    dropout: Double = 0, seed: UInt64 = 0
  ) throws(ConfigurationError) {
    try ConfigurationError.checkSides(["inputSize": inputSize, "hiddenSize": hiddenSize])
    self.init(
      try RecurrentStack(
        RecurrentCell(kind, inputSize: inputSize, hiddenSize: hiddenSize), layers: layers,
        isBidirectional: isBidirectional, dropout: dropout), seed: seed)
  }
}

/// The short name of ``RecurrentLayer`` for the cell that it has by default: long short-term memory (Hochreiter &
/// Schmidhuber 1997).
public typealias LSTM<Scalar: BLASScalar> = RecurrentLayer<Scalar>
