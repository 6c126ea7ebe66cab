internal import Kernels

/// Tokens that a decoder reads and those that it should predict, in one layout, and what it is given beside them, borrowed.
struct DecoderBatch<Scalar: BLASScalar> {
  /// What the initial state comes from, `[B × C]`.
  let context: MatrixView<Scalar>
  /// What attention may ask, and where its rows lie.
  var memory: (rows: MatrixView<Scalar>, layout: PackedLayout)?
  /// The tokens to read, `[N × 1]`.
  let inputs: PackedSequence<Int32>
  /// The tokens to predict, `[N × 1]`; −1 where one does not count.
  let targets: PackedSequence<Int32>

  /// What the decoder is given beside its tokens.
  func conditions(of decoder: TokenDecoder) -> DecoderConditions<Scalar> {
    DecoderConditions(context: decoder.contextSize > 0 ? context : nil, memory: memory)
  }
}

extension ConditionedArchitecture {
  /// The initial state of `context` in `tape.decoder.state`.
  func start<Scalar: BLASScalar>(
    _ context: MatrixView<Scalar>, parameters: MatrixView<Scalar>, tape: inout ConditionedTape<Scalar>,
    execution: Execution
  ) {
    require(context.columns == contextSize, "a context of \(context.columns) numbers, not \(contextSize)")
    tape.decoder.state.prepare(for: decoder.recurrent, batch: context.rows)
    bridge.forward(
      context, parameters: parameters.columns(ranges.bridge), values: &tape.stateValues, state: &tape.decoder.state,
      execution: execution)
  }

  /// Fills `tape.decoder.logits`.
  func predict<Scalar: BLASScalar>(
    _ batch: DecoderBatch<Scalar>, parameters: MatrixView<Scalar>, tape: inout ConditionedTape<Scalar>,
    mode: PassMode, execution: Execution
  ) {
    require(
      batch.context.rows == batch.inputs.batch, "\(batch.context.rows) contexts for \(batch.inputs.batch) sequences")
    start(batch.context, parameters: parameters, tape: &tape, execution: execution)
    let (layout, own) = (batch.inputs.layout, parameters.columns(ranges.decoder))
    var tokens = batch.inputs.rows
    let truth = teacherForcing.truthProbability(atStep: tape.step)
    if mode == .training, truth < 1 {
      replaceTokens(&tokens, of: batch, keeping: truth, own, &tape, execution)
      bridge.copy(tape.stateValues.unsafeView, to: &tape.decoder.state)
    }
    decoder.forward(
      tokens, layout: layout, conditions: batch.conditions(of: decoder), parameters: own, tape: &tape.decoder,
      mode: mode, execution: execution)
    decoder.predict(
      tape.decoder.read.unsafeView, parameters: own, tape: &tape.decoder.head,
      into: tape.decoder.logits.reshaped(rows: layout.rowCount, columns: decoder.vocabularySize),
      execution: execution)
  }

  /// The mean loss over the targets that count, and its gradient in `tape.decoder.dLogits` where asked for.
  func loss<Scalar: BLASScalar>(
    of batch: DecoderBatch<Scalar>, tape: inout ConditionedTape<Scalar>, withGradient: Bool, execution: Execution
  ) -> LossValue {
    require(batch.targets.layout == batch.inputs.layout, "the targets have another layout than the inputs")
    let logits = tape.decoder.logits.unsafeView
    return batch.targets.rows.withUnsafeBufferPointer { targets in
      let mean = Loss.softmaxCrossEntropy(
        logits, .classes(targets),
        gradientInto: withGradient ? tape.decoder.dLogits.reshaped(rows: logits.rows, columns: logits.columns) : nil,
        execution: execution)
      return LossValue(mean: Double(mean), count: targets.count { $0 >= 0 })
    }
  }

  /// The gradients of the pass that `tape` recorded, from `tape.decoder.dLogits`. Those for the parameters are added; that
  /// for the context is left in `tape.dContext`, where `computesContext`; that for the memory is added to `dMemory`.
  func backward<Scalar: BLASScalar>(
    _ batch: DecoderBatch<Scalar>, parameters: MatrixView<Scalar>, gradients: ConditionedGradients<Scalar>,
    tape: inout ConditionedTape<Scalar>, execution: Execution
  ) {
    let context = batch.context
    let computesBeside = gradients.computesContext && decoder.contextSize > 0
    let beside = computesBeside ? tape.dContextBeside.zeroed(rows: context.rows, columns: contextSize) : nil
    tape.decoder.dState.setToZero(for: decoder.recurrent, batch: context.rows)
    decoder.backward(
      layout: batch.inputs.layout, conditions: batch.conditions(of: decoder),
      parameters: parameters.columns(ranges.decoder),
      gradients: DecoderGradients(
        dParameters: gradients.dParameters.columns(ranges.decoder), dContext: beside, dMemory: gradients.dMemory),
      tape: &tape.decoder, execution: execution)
    let dContext =
      gradients.computesContext ? tape.dContext.reshaped(rows: context.rows, columns: contextSize) : nil
    bridge.backward(
      context, parameters: parameters.columns(ranges.bridge), values: tape.stateValues.unsafeView,
      dState: tape.decoder.dState, dValues: &tape.dStateValues,
      gradients: LinearGradients(
        dInputs: dContext, dParameters: gradients.dParameters.columns(ranges.bridge)),
      execution: execution)
    if let dContext, let beside { addElements(dContext, beside.readOnly) }
  }

  /// Scheduled sampling: each token behind the first of a sequence stays with probability `truth`, and else becomes one
  /// that is drawn from what the decoder predicts there after the true tokens.
  private func replaceTokens<Scalar: BLASScalar>(
    _ tokens: inout Matrix<Int32>, of batch: DecoderBatch<Scalar>, keeping truth: Double,
    _ parameters: MatrixView<Scalar>, _ tape: inout ConditionedTape<Scalar>, _ execution: Execution
  ) {
    let layout = batch.inputs.layout
    var (replaced, predictors): ([Int], [Int]) = ([], [])
    for t in 0..<layout.steps where t > 0 {
      for rank in 0..<layout.batchSizes[t] where tape.generator.uniform(Double.self) >= truth {
        replaced.append(layout.offsets[t] + rank)
        predictors.append(layout.offsets[t - 1] + rank)
      }
    }
    guard !replaced.isEmpty else { return }
    decoder.forward(
      tokens, layout: layout, conditions: batch.conditions(of: decoder), parameters: parameters, tape: &tape.decoder,
      mode: .inference, execution: execution)
    let read = tape.drawnRead.reshaped(rows: replaced.count, columns: decoder.head.inputSize)
    copyRows(tape.decoder.read.unsafeView, at: predictors, to: read)
    let logits = tape.drawnLogits.reshaped(rows: replaced.count, columns: decoder.vocabularySize)
    decoder.predict(
      read.readOnly, parameters: parameters, tape: &tape.decoder.head, into: logits, execution: execution)
    softmaxRows(logits)
    tokens.withUnsafeMutableBufferPointer { tokens in
      for (i, row) in replaced.enumerated() {
        tokens[row] = draw(logits.readOnly.rows(i..<i + 1), tape.generator.uniform(Double.self))
      }
    }
  }
}

/// Where the backward pass of a conditioned decoder leaves its gradients, borrowed.
struct ConditionedGradients<Scalar: BLASScalar> {
  /// Those for the parameters are added here.
  let dParameters: MutableMatrixView<Scalar>
  /// Whether that for the context is computed.
  var computesContext = false
  /// That for the memory is added here, `[N × M]`.
  var dMemory: MutableMatrixView<Scalar>?
}

/// The token at which the sum of `probabilities`, `[1 × V]`, passes `point`, in 0 ..< 1.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func draw<Scalar: BLASScalar>(_ probabilities: MatrixView<Scalar>, _ point: Double) -> Int32 {
  let row = probabilities.row(0)
  var sum = 0.0
  for token in 0..<probabilities.columns {
    sum += Double(row[token])
    if sum > point { return Int32(token) }
  }
  // The probabilities may sum to a little less than 1.
  return Int32(probabilities.columns - 1)
}
