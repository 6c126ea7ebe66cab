internal import Kernels

extension TokenDecoder {
  /// Reads `tokens`, `[N × 1]` in the rows of `layout`, from `tape.state`; leaves what the head is to read in `tape.read`,
  /// and the final state.
  func forward<Scalar: BLASScalar>(
    _ tokens: Matrix<Int32>, layout: PackedLayout, conditions: DecoderConditions<Scalar>,
    parameters: MatrixView<Scalar>, tape: inout TokenDecoderTape<Scalar>, mode: PassMode, execution: Execution
  ) {
    require(tokens.columns == 1, "a step has one token, not \(tokens.columns)")
    let ranges = ranges
    tape.tokens = tokens
    embed(layout, conditions, parameters.columns(ranges.embedding), &tape, mode)
    recurrent.forward(
      tape.inputs.unsafeView, layout: layout, parameters: parameters.columns(ranges.recurrent), state: &tape.state,
      tape: &tape.recurrent, mode: mode, execution: execution)

    let outputs = tape.recurrent.outputs[recurrent.layers - 1].unsafeView
    let found = tape.found.reshaped(
      rows: layout.rowCount, columns: recurrent.outputSize + (attention?.memorySize ?? 0))
    found.columns(0..<recurrent.outputSize).copy(from: outputs)
    if let attention {
      guard let memory = conditions.memory else { fatalError("this decoder asks a memory, and there is none") }
      require(memory.layout.batch == layout.batch, "a decoder needs a memory for each sequence")
      let parameters = parameters.columns(ranges.attention)
      attention.remember(
        memory.rows, layout: memory.layout, parameters: parameters, into: &tape.attention.memory, execution: execution)
      tape.attention.groups = AttentionGroup.groups(layout.sequenceRanges, tape.attention.memory.sequences)
      tape.rowsBySequence = layout.rowsBySequence
      copyRows(
        outputs, at: tape.rowsBySequence,
        to: tape.attention.queries.reshaped(rows: layout.rowCount, columns: recurrent.outputSize))
      attention.attend(&tape.attention, parameters: parameters, execution: execution)
      spreadRows(
        tape.attention.contexts.unsafeView, to: found.columns(recurrent.outputSize..<found.columns),
        at: tape.rowsBySequence)
    }
    readOut(parameters.columns(ranges.readout), &tape, mode, execution)
  }

  /// From `tape.found` to `tape.read`.
  func readOut<Scalar: BLASScalar>(
    _ parameters: MatrixView<Scalar>, _ tape: inout TokenDecoderTape<Scalar>, _ mode: PassMode, _ execution: Execution
  ) {
    let found = tape.found.unsafeView
    let read = tape.read.reshaped(rows: found.rows, columns: head.inputSize)
    if let readout {
      let readouts = tape.readouts.reshaped(rows: found.rows, columns: head.inputSize)
      readout.forward(found, parameters: parameters, into: readouts, execution: execution)
      applyTanh(readouts)
      read.copy(from: readouts.readOnly)
    } else {
      read.copy(from: found)
    }
    tape.readMask.forward(read, rate: dropout, mode: mode, from: &tape.generator)
  }

  /// The logits, `[N × V]`, of what the head reads, `[N × Q]`. One GEMM. `parameters` are the decoder's.
  func predict<Scalar: BLASScalar>(
    _ read: MatrixView<Scalar>, parameters: MatrixView<Scalar>, tape: inout HeadTape<Scalar>,
    into logits: MutableMatrixView<Scalar>, execution: Execution
  ) {
    head.forward(read, headParameters(parameters), tape: &tape, into: logits, execution: execution)
  }

  /// The head's parameters among the decoder's.
  func headParameters<Scalar: BLASScalar>(_ parameters: MatrixView<Scalar>) -> HeadParameters<Scalar> {
    HeadParameters(own: parameters.columns(ranges.head), table: parameters.columns(ranges.embedding))
  }

  /// The gradients of the pass that `tape` recorded, from `tape.dLogits` and, for the final state, `tape.dState`, which
  /// then is that for the initial one. Those for the parameters are added to `dParameters`, that for the context beside
  /// the tokens to `dContext`, `[B × C]`, and that for the memory to `dMemory`, `[N × M]` in the rows of its layout.
  func backward<Scalar: BLASScalar>(
    layout: PackedLayout, conditions: DecoderConditions<Scalar>, parameters: MatrixView<Scalar>,
    gradients: DecoderGradients<Scalar>, tape: inout TokenDecoderTape<Scalar>, execution: Execution
  ) {
    let ranges = ranges
    let (rows, dParameters) = (layout.rowCount, gradients.dParameters)
    let read = tape.read.unsafeView
    let dRead = tape.dRead.reshaped(rows: read.rows, columns: read.columns)
    head.backward(
      read, headParameters(parameters), dPredictions: tape.dLogits.unsafeView,
      gradients: HeadGradients(
        dInputs: dRead, dOwn: dParameters.columns(ranges.head), dTable: dParameters.columns(ranges.embedding)),
      tape: &tape.head, execution: execution)
    tape.readMask.backward(dRead)
    let dFound = tape.dFound.reshaped(rows: rows, columns: tape.found.columns)
    if let readout {
      multiplyByTanhSlope(dRead, tape.readouts.unsafeView)
      readout.backward(
        tape.found.unsafeView, parameters: parameters.columns(ranges.readout), dOutputs: dRead.readOnly,
        dInputsInto: dFound, dParametersAddingTo: dParameters.columns(ranges.readout), execution: execution)
    } else {
      dFound.copy(from: dRead.readOnly)
    }

    let dOutputs = dFound.columns(0..<recurrent.outputSize)
    if let attention {
      copyRows(
        dFound.columns(recurrent.outputSize..<dFound.columns).readOnly, at: tape.rowsBySequence,
        to: tape.attention.dContexts.reshaped(rows: rows, columns: attention.memorySize))
      attention.backward(
        &tape.attention, parameters: parameters.columns(ranges.attention),
        dParameters: dParameters.columns(ranges.attention), execution: execution)
      addRows(tape.attention.dQueries.unsafeView, to: dOutputs, at: tape.rowsBySequence)
      if let memory = conditions.memory, let dMemory = gradients.dMemory {
        addRows(tape.attention.dValues.unsafeView, to: dMemory, at: memory.layout.rowsBySequence)
      }
    }

    let dInputs = tape.dInputs.zeroed(rows: rows, columns: recurrent.inputSize)
    recurrent.backward(
      tape.inputs.unsafeView, layout: layout, parameters: parameters.columns(ranges.recurrent),
      gradients: RecurrentGradients(
        dOutputs: dOutputs.readOnly, addingInputsTo: dInputs,
        addingParametersTo: dParameters.columns(ranges.recurrent)),
      dState: &tape.dState, tape: &tape.recurrent, execution: execution)
    if contextSize > 0, let dContext = gradients.dContext {
      addRows(dInputs.columns(embedding.dimension..<dInputs.columns).readOnly, to: dContext, at: tape.owners)
    }
    let dEmbedded = dInputs.columns(0..<embedding.dimension)
    tape.inputMask.backward(dEmbedded)
    tape.tokens.withUnsafeBufferPointer {
      embedding.backward(
        $0, dOutputs: dEmbedded.readOnly, dParametersAddingTo: dParameters.columns(ranges.embedding))
    }
  }
}

extension TokenDecoder {
  /// `tape.inputs`: the embedded tokens, after dropout, and the context beside them.
  private func embed<Scalar: BLASScalar>(
    _ layout: PackedLayout, _ conditions: DecoderConditions<Scalar>, _ parameters: MatrixView<Scalar>,
    _ tape: inout TokenDecoderTape<Scalar>, _ mode: PassMode
  ) {
    let inputs = tape.inputs.reshaped(rows: layout.rowCount, columns: recurrent.inputSize)
    let embedded = inputs.columns(0..<embedding.dimension)
    tape.tokens.withUnsafeBufferPointer { embedding.forward($0, parameters: parameters, into: embedded) }
    tape.inputMask.forward(embedded, rate: dropout, mode: mode, from: &tape.generator)
    guard contextSize > 0 else { return }
    guard let context = conditions.context else { fatalError("this decoder wants a context at every step") }
    require(
      context.rows == layout.batch && context.columns == contextSize,
      "a context of \(context.rows) × \(context.columns), not \(layout.batch) × \(contextSize)")
    tape.owners = layout.rowOwners
    copyRows(context, at: tape.owners, to: inputs.columns(embedding.dimension..<inputs.columns))
  }
}

/// Where the backward pass of a decoder adds its gradients, borrowed.
struct DecoderGradients<Scalar: BLASScalar> {
  /// For the decoder's parameters.
  let dParameters: MutableMatrixView<Scalar>
  /// For the context beside the tokens, `[B × C]`.
  var dContext: MutableMatrixView<Scalar>?
  /// For the memory, `[N × M]`.
  var dMemory: MutableMatrixView<Scalar>?
}

extension PackedLayout {
  /// For each row the caller's sequence that it belongs to, `[N]`.
  var rowOwners: [Int] { batchSizes.flatMap { order.prefix($0) } }
}
