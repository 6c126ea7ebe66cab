public import Kernels

/// The common sequence model: an architecture and its parameters. A value.
///
///     let architecture = try SequenceArchitecture(
///       recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 2, hiddenSize: 32)),
///       outputSize: 2, loss: .meanSquaredError)
///     var model = SequenceModel<Float>(architecture, seed: 1)
public struct SequenceModel<Scalar: BLASScalar>: ParameterizedModel {
  /// The parts and their sizes.
  public let architecture: SequenceArchitecture
  /// All parameters: `embedding.…`, `recurrent.…`, `head.…`.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic

  /// A model with parameters of the architecture's layout.
  public init(unchecked architecture: SequenceArchitecture, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// The same model with a head of its own, whose weight is a copy of the table: what files of other engines hold. This
  /// model itself where nothing is tied.
  public func untied() -> SequenceModel {
    guard architecture.tiesEmbedding else { return self }
    let untied: SequenceArchitecture
    do {
      untied = try SequenceArchitecture(
        embedding: architecture.embedding, recurrent: architecture.recurrent, readout: architecture.readout,
        outputSize: architecture.outputSize, loss: architecture.loss, truncation: architecture.truncation,
        headSizes: architecture.head.hiddenLayers.map(\.outputSize))
    } catch { fatalError("what fits when tied fits without: \(error)") }
    var result = SequenceModel(untied, parameters: .zeros(untied.parameterLayout))
    for shape in parameters.layout.shapes { result.parameters[shape.name] = parameters[shape.name] }
    result.parameters["head.weight"] = parameters["embedding.weight"]
    result.execution = execution
    return result
  }

  /// The state before the first step of `batch` sequences.
  public func zeroState(batch: Int) -> RecurrentState<Scalar> { architecture.recurrent.zeroState(batch: batch) }

  /// Predictions before any activation (logits, for the losses that have one), and the final state.
  ///
  /// - Parameters:
  ///   - inputs: `B` sequences.
  ///   - state: Where they start; the zero state if omitted.
  /// - Returns: `[N × O]` in the order of the inputs' layout where the head reads every step, `[B × O]` in the
  ///   caller's order where it reads one state of each sequence.
  public func callAsFunction(
    _ inputs: SequenceInputs<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (predictions: Matrix<Scalar>, state: RecurrentState<Scalar>) {
    var tape = makeTape(seed: 0)
    tape.state = state ?? zeroState(batch: inputs.layout.batch)
    predict(inputs, tape: &tape, mode: .inference)
    return (tape.predictions, tape.state)
  }

  /// Predictions of every step of feature sequences, in their layout. Only where the head reads every step.
  public func callAsFunction(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (predictions: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    require(architecture.readout == .everyStep, "this model predicts once for each sequence")
    let (predictions, state) = self(.features(inputs), from: state)
    return (PackedSequence(layout: inputs.layout, rows: predictions), state)
  }

  /// Fills `tape.predictions`, starting from `tape.state` and leaving the final state there.
  private func predict(_ inputs: SequenceInputs<Scalar>, tape: inout SequenceTape<Scalar>, mode: PassMode) {
    let (layout, ranges) = (inputs.layout, architecture.ranges)
    parameters.withView { all in
      let features = architecture.features(of: inputs, parameters: all.columns(ranges.embedding), tape: &tape)
      architecture.recurrent.forward(
        features, layout: layout, parameters: all.columns(ranges.recurrent), state: &tape.state,
        tape: &tape.recurrent, mode: mode, execution: execution)
      withExtendedLifetime(inputs) {}
      let read = architecture.readStates(&tape, layout: layout)
      architecture.head.forward(
        read, architecture.headParameters(all), tape: &tape.head,
        into: tape.predictions.reshaped(rows: read.rows, columns: architecture.outputSize), execution: execution)
    }
  }
}

extension SequenceModel: StoredModel {}

extension SequenceModel: TrainableModel {
  /// One window, or as many as the truncation cuts the longest sequence into.
  public func windowCount(of batch: SequenceBatch<Scalar>) -> Int {
    guard let window = architecture.truncation else { return 1 }
    require(window >= 1, "backpropagation cannot be cut after \(window) steps")
    return max(0, batch.inputs.layout.steps - 1) / window + 1
  }

  /// The mean loss over a window of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: SequenceBatch<Scalar>, window: Int, tape: inout SequenceTape<Scalar>,
    into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    accumulateGradient(of: batch, window: window, minimizing: architecture.loss, tape: &tape, into: &gradient)
  }

  func accumulateGradient(
    of batch: SequenceBatch<Scalar>, window: Int, minimizing loss: some LossFunction,
    tape: inout SequenceTape<Scalar>, into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    var batch = batch
    if window == 0 { tape.state = batch.initialState ?? zeroState(batch: batch.inputs.layout.batch) }
    if let length = architecture.truncation {
      let start = window * length
      let steps = start..<start + min(length, batch.inputs.layout.steps - start)
      batch.inputs = batch.inputs.steps(steps)
      batch.targets = batch.targets.steps(steps)
    }
    check(gradient: gradient)
    predict(batch.inputs, tape: &tape, mode: .training)
    let dPredictions = tape.dPredictions.reshaped(
      rows: tape.predictions.rows, columns: architecture.outputSize)
    let mean = batch.targets.withLossTargets(rows: dPredictions.rows) {
      loss(tape.predictions.unsafeView, $0, gradientInto: dPredictions, execution: execution)
    }
    backpropagate(batch.inputs, tape: &tape, into: &gradient)
    return LossValue(mean: Double(mean), count: batch.targets.count(outputSize: architecture.outputSize))
  }

  /// The mean loss over `batch`, without dropout.
  public func loss(of batch: SequenceBatch<Scalar>, tape: inout SequenceTape<Scalar>) -> LossValue {
    evaluate(architecture.loss, on: batch, tape: &tape)
  }

  func evaluate(
    _ loss: some LossFunction, on batch: SequenceBatch<Scalar>, tape: inout SequenceTape<Scalar>
  ) -> LossValue {
    tape.state = batch.initialState ?? zeroState(batch: batch.inputs.layout.batch)
    predict(batch.inputs, tape: &tape, mode: .inference)
    let mean = batch.targets.withLossTargets(rows: tape.predictions.rows) {
      loss(tape.predictions.unsafeView, $0, gradientInto: nil, execution: execution)
    }
    return LossValue(mean: Double(mean), count: batch.targets.count(outputSize: architecture.outputSize))
  }

  /// Hidden and cell states.
  public func carriedState(of tape: SequenceTape<Scalar>) -> [Matrix<Scalar>] { tape.state.hidden + tape.state.cell }

  /// Hidden and cell states of any batch, in the shapes that this architecture's have.
  public func carry(_ state: [Matrix<Scalar>], on tape: inout SequenceTape<Scalar>) -> Bool {
    let zero = zeroState(batch: state.first?.rows ?? 0)
    guard
      state.count == zero.hidden.count + zero.cell.count,
      zip(state, zero.hidden + zero.cell).allSatisfy({ $0.rows == $1.rows && $0.columns == $1.columns })
    else { return false }
    tape.state = RecurrentState(
      hidden: Array(state.prefix(zero.hidden.count)), cell: Array(state.dropFirst(zero.hidden.count)))
    return true
  }

  /// From `tape.dPredictions` to the gradients of all parameters.
  private func backpropagate(
    _ inputs: SequenceInputs<Scalar>, tape: inout SequenceTape<Scalar>, into gradient: inout ParameterVector<Scalar>
  ) {
    let (layout, ranges, stack) = (inputs.layout, architecture.ranges, architecture.recurrent)
    let read = architecture.readStates(&tape, layout: layout)
    let dRead = tape.dRead.reshaped(rows: read.rows, columns: read.columns)
    withViews(mutating: &gradient, reading: parameters) { gradient, all in
      architecture.head.backward(
        read, architecture.headParameters(all), dPredictions: tape.dPredictions.unsafeView,
        gradients: HeadGradients(
          dInputs: dRead, dOwn: gradient.columns(ranges.head), dTable: gradient.columns(ranges.embedding)),
        tape: &tape.head, execution: execution)
      let dOutputs = architecture.spreadGradient(&tape, layout: layout)
      let dFeatures =
        architecture.embedding == nil
        ? nil : tape.dFeatures.zeroed(rows: layout.rowCount, columns: stack.inputSize)
      let features = architecture.features(of: inputs, parameters: all.columns(ranges.embedding), tape: &tape)
      stack.backward(
        features, layout: layout, parameters: all.columns(ranges.recurrent),
        gradients: RecurrentGradients(
          dOutputs: dOutputs, addingInputsTo: dFeatures,
          addingParametersTo: gradient.columns(ranges.recurrent)),
        dState: &tape.dState, tape: &tape.recurrent, execution: execution)
      withExtendedLifetime(inputs) {}
      if let embedding = architecture.embedding, let dFeatures, case .tokens(let tokens) = inputs {
        tokens.rows.withUnsafeBufferPointer {
          embedding.backward(
            $0, dOutputs: dFeatures.readOnly, dParametersAddingTo: gradient.columns(ranges.embedding))
        }
      }
    }
  }
}
