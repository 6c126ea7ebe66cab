public import Kernels

/// Steps of streams.
extension PreparedModel {
  /// One step of one session.
  ///
  /// After the session's first step, and its first after a copy, it allocates nothing, locks nothing and calls nothing of the
  /// system, on the fused path through cells that it has.
  ///
  /// - Parameters:
  ///   - features: The `I` numbers of the step.
  ///   - session: The state before the step on entry, after it on return.
  ///   - workspace: Memory of the calling thread.
  ///   - outputs: Receives `O` numbers.
  /// - Throws: ``SessionError`` where the session is of another model, the model reads tokens, or the numbers are not as many.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    _ features: Span<Scalar>, _ session: inout Session<Scalar>, in workspace: StepWorkspace<Scalar>,
    into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    guard core.embedding == nil else { throw .inputs(found: "features", wanted: "tokens") }
    if features.count != core.inputSize { try core.check("features", features.count, core.inputSize) }
    try begin(&session, workspace, outputs.count)
    features.withUnsafeBufferPointer { features in
      outputs.withUnsafeMutableBufferPointer {
        advance(&session, by: features.baseAddress!, workspace, into: $0.baseAddress!)
      }
    }
  }

  /// The same for a model that reads tokens.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    token: Int32, _ session: inout Session<Scalar>, in workspace: StepWorkspace<Scalar>,
    into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    guard let embedding = core.embedding else { throw .inputs(found: "tokens", wanted: "features") }
    try core.check(token: token, embedding)
    try begin(&session, workspace, outputs.count)
    let row = core.input(token, embedding, session.source, workspace)
    outputs.withUnsafeMutableBufferPointer { advance(&session, by: row, workspace, into: $0.baseAddress!) }
  }

  /// One step of one session, as an array.
  public func step(
    _ features: [Scalar], _ session: inout Session<Scalar>, in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) -> [Scalar] {
    var outputs = [Scalar](repeating: 0, count: outputSize)
    var span = outputs.mutableSpan
    try step(features.span, &session, in: workspace, into: &span)
    return outputs
  }

  /// The same for a model that reads tokens.
  public func step(
    token: Int32, _ session: inout Session<Scalar>, in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) -> [Scalar] {
    var outputs = [Scalar](repeating: 0, count: outputSize)
    var span = outputs.mutableSpan
    try step(token: token, &session, in: workspace, into: &span)
    return outputs
  }

  /// One step of any of `sessions`, in place: those at `indices`, each once, in any order.
  ///
  /// - Parameters:
  ///   - features: `I` numbers for each of `indices`, one after the other.
  ///   - sessions: Some of these step.
  ///   - indices: Which.
  ///   - workspace: Memory of the calling thread.
  ///   - outputs: Receives `O` numbers for each.
  /// - Throws: ``SessionError``, before anything has changed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    _ features: Span<Scalar>, _ sessions: inout [Session<Scalar>], at indices: Span<Int>,
    in workspace: StepWorkspace<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    try hold(&sessions, indices, in: workspace)
    try stepHeld(features, in: workspace, into: &outputs)
    withExtendedLifetime(sessions) {}
  }

  /// The same for a model that reads tokens: one for each of `indices`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    tokens: Span<Int32>, _ sessions: inout [Session<Scalar>], at indices: Span<Int>,
    in workspace: StepWorkspace<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    try hold(&sessions, indices, in: workspace)
    try stepHeld(tokens: tokens, in: workspace, into: &outputs)
    withExtendedLifetime(sessions) {}
  }

  /// Several steps of several sessions at once: sequence `b` of `inputs` is what comes next of session `b`.
  ///
  /// - Parameters:
  ///   - inputs: A sequence for each session; one may be empty.
  ///   - sessions: As many, changed in place.
  ///   - workspace: Memory of the calling thread.
  /// - Returns: Outputs as ``callAsFunction(_:from:)-(SequenceInputs<Scalar>,_)`` gives them: `[N × O]` in the order of the
  ///   inputs' layout, or `[B × O]` where the head reads one state of each sequence.
  /// - Throws: ``SessionError``, before anything has changed.
  public func run(
    _ inputs: SequenceInputs<Scalar>, _ sessions: inout [Session<Scalar>], in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) -> Matrix<Scalar> {
    try core.check("sessions", sessions.count, inputs.layout.batch)
    let all = Array(sessions.indices)
    try hold(&sessions, all.span, in: workspace)
    defer { withExtendedLifetime(sessions) {} }
    return try runHeld(inputs, in: workspace)
  }
}

extension PreparedModel {
  /// Checks one session and makes its memory its own.
  @inline(__always)
  private func begin(
    _ session: inout Session<Scalar>, _ workspace: StepWorkspace<Scalar>, _ outputCount: Int
  ) throws(SessionError) {
    guard core.stepsAlone || !core.stack.isBidirectional else { throw .bidirectional }
    try core.check(session)
    if outputCount != core.outputSize { try core.check("outputs", outputCount, core.outputSize) }
    try check(workspace)
    session.makeUnique()
  }

  /// Has `workspace` hold the sessions at `indices`.
  private func hold(
    _ sessions: inout [Session<Scalar>], _ indices: Span<Int>, in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) {
    guard !core.stack.isBidirectional else { throw .bidirectional }
    try check(workspace)
    try workspace.checkDistinct(indices, count: sessions.count)
    for i in indices.indices { try core.check(sessions[indices[i]]) }
    releaseSessions(of: workspace)
    for i in indices.indices { try hold(&sessions[indices[i]], in: workspace) }
  }

  @inline(__always)
  private func check(_ workspace: StepWorkspace<Scalar>) throws(SessionError) {
    guard workspace.core === core || workspace.core.identity == core.identity else {
      throw .otherModel(found: workspace.core.identity, wanted: core.identity)
    }
  }

  /// One step of one session.
  @inline(__always)
  private func advance(
    _ session: inout Session<Scalar>, by inputs: UnsafePointer<Scalar>, _ workspace: StepWorkspace<Scalar>,
    into outputs: UnsafeMutablePointer<Scalar>
  ) {
    guard core.stepsAlone, workspace.steps.count > 0 else {
      workspace.removeSessions()
      workspace.append(session)
      return core.advance(
        MatrixView(inputs, rows: 1, columns: core.inputSize), workspace.layout(of: 1), workspace,
        into: MutableMatrixView(outputs, rows: 1, columns: core.outputSize))
    }
    core.advance(session, by: inputs, workspace, into: outputs)
  }
}

extension PreparedCore {
  /// What the layers read of a token, `[E]` or in a decoder `[E + C]`.
  @inline(__always)
  fileprivate func input(
    _ token: Int32, _ embedding: EmbeddingTable, _ source: StreamSource<Scalar>?, _ workspace: StepWorkspace<Scalar>
  ) -> UnsafePointer<Scalar> {
    let row = table(embedding).row(Int(token))
    guard let decoder, decoder.contextSize > 0, let source else { return row }
    let inputs = workspace.embedded.reshaped(rows: 1, columns: embedding.dimension + decoder.contextSize)
    inputs.row(0).update(from: row, count: embedding.dimension)
    (inputs.row(0) + embedding.dimension).update(from: source.context.unsafeView.row(0), count: decoder.contextSize)
    return UnsafePointer(inputs.row(0))
  }

  /// What the layers read of the tokens of `layout`, `[N × E]` or in a decoder `[N × (E + C)]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func inputs(
    _ tokens: UnsafeBufferPointer<Int32>, _ embedding: EmbeddingTable, _ layout: PackedLayout,
    _ workspace: StepWorkspace<Scalar>
  ) -> MatrixView<Scalar> {
    let (size, contextSize) = (embedding.dimension, decoder?.contextSize ?? 0)
    let inputs = workspace.embedded.reshaped(rows: tokens.count, columns: size + contextSize)
    embedding.forward(tokens, parameters: embeddingParameters, into: inputs.columns(0..<size))
    guard contextSize > 0 else { return inputs.readOnly }
    layout.forEachRow { row, sequence in
      let context = workspace.sources[sequence]._withUnsafeGuaranteedRef { $0.context.unsafeView.row(0) }
      (inputs.row(row) + size).update(from: context, count: contextSize)
    }
    return inputs.readOnly
  }

  /// One step of one session through loops for a single sequence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func advance(
    _ session: Session<Scalar>, by inputs: UnsafePointer<Scalar>, _ workspace: StepWorkspace<Scalar>,
    into outputs: UnsafeMutablePointer<Scalar>
  ) {
    let storage = session.storage
    let (numbers, layout, steps) = (storage.numbers, sessionLayout, workspace.steps)
    var inputs = UnsafeRawPointer(inputs)
    let last = steps.count - 1
    for layer in 0...last {
      let hidden = numbers + layout.hidden(layer)
      steps[layer](
        inputs, hidden: hidden, cell: numbers + layout.cell(layer),
        into: layer == last && !hasHead ? outputs : workspace.output)
      inputs = UnsafeRawPointer(hidden)
    }
    let before = storage.header.steps
    storage.header.steps = before + 1
    guard hasHead else { return }
    var read = MatrixView(inputs.assumingMemoryBound(to: Scalar.self), rows: 1, columns: stack.outputSize)
    if readout.pools {
      let (pooled, count) = ((numbers + layout.pooled).assumingMemoryBound(to: Scalar.self), stack.outputSize)
      StreamPooling.add(read.baseAddress, to: pooled, count: count, steps: before, readout)
      StreamPooling.read(pooled, into: workspace.output, count: count, steps: before + 1, readout)
      read = MatrixView(workspace.output, rows: 1, columns: count)
    } else if let decoder, let source = session.source {
      read = decoder.read(read, of: source, workspace)
    }
    predict(read, workspace, into: MutableMatrixView(outputs, rows: 1, columns: outputSize))
  }

  /// The head on one row, on the calling thread.
  private func predict(
    _ read: MatrixView<Scalar>, _ workspace: StepWorkspace<Scalar>, into outputs: MutableMatrixView<Scalar>
  ) {
    guard let maps = preparedHead?.maps else { return }
    var row = read
    for index in workspace.headRows.indices {
      let hidden = workspace.headRows[index].unsafeMutableView()
      maps[index](row, into: hidden, .alone)
      applyTanh(hidden)
      row = hidden.readOnly
    }
    maps[workspace.headRows.count](row, into: outputs, .alone)
    activation.apply(to: outputs)
  }

  /// The steps of `layout` of the sessions that the workspace holds, through `features`, `[N × I]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func advance(
    _ features: MatrixView<Scalar>, _ layout: PackedLayout, _ workspace: StepWorkspace<Scalar>,
    into outputs: MutableMatrixView<Scalar>
  ) {
    let (places, cell) = (sessionLayout, stack.cells[0])
    var inputs = features
    for part in stack.layerDirections {
      let hidden = workspace.hidden.reshaped(rows: layout.batch, columns: cell.outputSize)
      let cells = workspace.cell.reshaped(rows: layout.batch, columns: cell.cellStateSize)
      workspace.gather(places.hidden(part.layer), by: layout, into: hidden)
      workspace.gather(places.cell(part.layer), by: layout, into: cells)
      let isLast = part.layer == stack.layers - 1
      let layerOutputs =
        isLast && !hasHead
        ? outputs : workspace.outputs[part.layer % 2].reshaped(rows: layout.rowCount, columns: cell.outputSize)
      stack.cells[part.layer].forward(
        ForwardPass(
          layout: layout, direction: .forward, inputs: inputs,
          parameters: parameters._view.columns(stackRange).columns(part.parameters), state: (hidden, cells),
          outputs: layerOutputs,
          options: PassOptions(prepared: weights.isEmpty ? nil : weights[part.index], execution: execution)),
        tape: &workspace.tapes[part.layer])
      workspace.scatter(hidden.readOnly, to: places.hidden(part.layer), by: layout)
      workspace.scatter(cells.readOnly, to: places.cell(part.layer), by: layout)
      inputs = layerOutputs.readOnly
    }
    if let head {
      let read = read(inputs, layout, workspace)
      head.forward(read, headParameters, tape: &workspace.head, into: outputs, execution: execution)
      activation.apply(to: outputs)
    }
    for (sequence, length) in layout.lengths.enumerated() { workspace.addSteps(length, to: sequence) }
  }

  /// What the head reads: the outputs of every step, or a row of each session.
  private func read(
    _ outputs: MatrixView<Scalar>, _ layout: PackedLayout, _ workspace: StepWorkspace<Scalar>
  ) -> MatrixView<Scalar> {
    if let decoder { return decoder.read(outputs, layout, execution, workspace) }
    guard readout != .everyStep else { return outputs }
    let rows = workspace.read.reshaped(rows: layout.batch, columns: stack.outputSize)
    let count = rows.columns
    if readout.pools {
      for t in 0..<layout.steps {
        for rank in 0..<layout.batchSizes[t] {
          let sequence = layout.order[rank]
          StreamPooling.add(
            outputs.row(layout.offsets[t] + rank), to: workspace.numbers(sequence, sessionLayout.pooled), count: count,
            steps: workspace.stepCount(sequence) + t, readout)
        }
      }
    }
    for (sequence, length) in layout.lengths.enumerated() {
      if readout.pools {
        StreamPooling.read(
          workspace.numbers(sequence, sessionLayout.pooled), into: rows.row(sequence), count: count,
          steps: workspace.stepCount(sequence) + length, readout)
      } else {
        rows.row(sequence).update(
          from: workspace.numbers(sequence, sessionLayout.hidden(stack.layers - 1)), count: count)
      }
    }
    return rows.readOnly
  }
}

extension PackedLayout {
  /// Calls `body` with each row and the sequence that it belongs to.
  @inline(__always)
  fileprivate func forEachRow(_ body: (_ row: Int, _ sequence: Int) -> Void) {
    for t in 0..<steps {
      for rank in 0..<batchSizes[t] { body(offsets[t] + rank, order[rank]) }
    }
  }
}

extension StreamDecoder {
  /// What the head reads of outputs in the rows of `layout`, `[N × R]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  fileprivate func read(
    _ outputs: MatrixView<Scalar>, _ layout: PackedLayout, _ execution: Execution, _ workspace: StepWorkspace<Scalar>
  ) -> MatrixView<Scalar> {
    let found = begin(outputs, workspace)
    if let attention {
      layout.forEachRow { row, sequence in
        workspace.sources[sequence]._withUnsafeGuaranteedRef {
          attention.find(
            outputs.rows(row..<row + 1), in: $0, &workspace.attention,
            into: found.rows(row..<row + 1).columns(outputs.columns..<found.columns))
        }
      }
    }
    return finish(found, Execution(path: .fused, threads: execution.threads), workspace)
  }

  /// The same of one output, `[1 × R]`, of a stream about `source`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  fileprivate func read(
    _ output: MatrixView<Scalar>, of source: StreamSource<Scalar>, _ workspace: StepWorkspace<Scalar>
  ) -> MatrixView<Scalar> {
    let found = begin(output, workspace)
    attention?.find(
      output, in: source, &workspace.attention, into: found.columns(output.columns..<found.columns))
    return finish(found, .alone, workspace)
  }

  /// The outputs with room for what attention finds beside them.
  private func begin(_ outputs: MatrixView<Scalar>, _ workspace: StepWorkspace<Scalar>) -> MutableMatrixView<Scalar> {
    let found = workspace.found.reshaped(
      rows: outputs.rows, columns: outputs.columns + (attention?.attention.memorySize ?? 0))
    found.columns(0..<outputs.columns).copy(from: outputs)
    return found
  }

  private func finish(
    _ found: MutableMatrixView<Scalar>, _ execution: Execution, _ workspace: StepWorkspace<Scalar>
  ) -> MatrixView<Scalar> {
    guard let readout else { return found.readOnly }
    let readouts = workspace.readouts.reshaped(rows: found.rows, columns: readout.outputSize)
    readout(found.readOnly, into: readouts, execution)
    applyTanh(readouts)
    return readouts.readOnly
  }
}

extension StepWorkspace {
  func removeSessions() {
    sessions.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
  }

  func append(_ session: Session<Scalar>) {
    sessions.append(Unmanaged.passUnretained(session.storage))
    if let source = session.source { sources.append(Unmanaged.passUnretained(source)) }
  }

  /// The numbers of a session from `offset` bytes on.
  func numbers(_ sequence: Int, _ offset: Int) -> UnsafeMutablePointer<Scalar> {
    (sessions[sequence].takeUnretainedValue().numbers + offset).assumingMemoryBound(to: Scalar.self)
  }

  /// Steps that a session had taken before those that run.
  func stepCount(_ sequence: Int) -> Int { sessions[sequence].takeUnretainedValue().header.steps }

  func addSteps(_ count: Int, to sequence: Int) { sessions[sequence].takeUnretainedValue().header.steps += count }

  /// Copies states of the sessions to the order of ranks.
  func gather(_ offset: Int, by layout: PackedLayout, into ranked: MutableMatrixView<Scalar>) {
    guard ranked.columns > 0 else { return }
    for rank in 0..<ranked.rows {
      ranked.row(rank).update(from: numbers(layout.order[rank], offset), count: ranked.columns)
    }
  }

  /// Copies states in the order of ranks to the sessions.
  func scatter(_ ranked: MatrixView<Scalar>, to offset: Int, by layout: PackedLayout) {
    guard ranked.columns > 0 else { return }
    for rank in 0..<ranked.rows {
      numbers(layout.order[rank], offset).update(from: ranked.row(rank), count: ranked.columns)
    }
  }
}
