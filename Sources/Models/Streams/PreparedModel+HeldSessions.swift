package import Kernels

/// Steps of sessions that a workspace holds: first each is named, then all of them step. What steps of sessions in an array
/// are made of, and for callers whose sessions do not lie in one.
///
///     model.releaseSessions(of: workspace)
///     for session in sessions { try model.hold(&session.pointee, in: workspace) }
///     try model.stepHeld(features, in: workspace, into: &outputs)
///
/// The caller keeps all of them alive and unchanged until the step is over, and names none twice. Nothing is copied; what is
/// allocated, ``StepWorkspace`` says.
extension PreparedModel {
  /// Begins a call: `workspace` holds no session.
  package func releaseSessions(of workspace: StepWorkspace<Scalar>) {
    workspace.removeSessions()
  }

  /// Adds a session to those that the next step is of. It changes in that step alone.
  package func hold(
    _ session: inout Session<Scalar>, in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) {
    try core.check(session)
    session.makeUnique()
    workspace.append(session)
  }

  /// One step of the `B` sessions that `workspace` holds: `features` are `[B × I]`, `outputs` `[B × O]`.
  ///
  /// - Throws: ``SessionError``, before anything has changed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func stepHeld(
    _ features: Span<Scalar>, in workspace: StepWorkspace<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    let batch = workspace.sessions.count
    guard core.embedding == nil else { throw .inputs(found: "features", wanted: "tokens") }
    try core.check("features", features.count, batch * core.inputSize)
    try core.check("outputs", outputs.count, batch * core.outputSize)
    guard batch > 0 else { return }
    features.withUnsafeBufferPointer { features in
      outputs.withUnsafeMutableBufferPointer {
        core.advance(
          MatrixView(features.baseAddress!, rows: batch, columns: core.inputSize), workspace.layout(of: batch),
          workspace,
          into: MutableMatrixView($0.baseAddress!, rows: batch, columns: core.outputSize))
      }
    }
  }

  /// The same for a model that reads tokens, `[B]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func stepHeld(
    tokens: Span<Int32>, in workspace: StepWorkspace<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    let batch = workspace.sessions.count
    guard let embedding = core.embedding else { throw .inputs(found: "tokens", wanted: "features") }
    try core.check("tokens", tokens.count, batch)
    for i in tokens.indices { try core.check(token: tokens[i], embedding) }
    try core.check("outputs", outputs.count, batch * core.outputSize)
    guard batch > 0 else { return }
    let layout = workspace.layout(of: batch)
    let features = tokens.withUnsafeBufferPointer { core.inputs($0, embedding, layout, workspace) }
    outputs.withUnsafeMutableBufferPointer {
      core.advance(
        features, layout, workspace, into: MutableMatrixView($0.baseAddress!, rows: batch, columns: core.outputSize))
    }
  }

  /// Several steps of the sessions that `workspace` holds, as ``run(_:_:in:)``: sequence `b` is what comes next of session `b`.
  ///
  /// - Throws: ``SessionError``, before anything has changed.
  package func runHeld(
    _ inputs: SequenceInputs<Scalar>, in workspace: StepWorkspace<Scalar>
  ) throws(SessionError) -> Matrix<Scalar> {
    let layout = inputs.layout
    try core.check("sessions", workspace.sessions.count, layout.batch)
    let features: MatrixView<Scalar>
    switch (inputs, core.embedding) {
    case (.features(let sequence), nil):
      try core.check("features of a step", sequence.features, core.inputSize)
      features = sequence.rows.unsafeView
    case (.tokens(let sequence), let embedding?):
      try core.check("tokens of a step", sequence.features, 1)
      for token in sequence.rows.elements { try core.check(token: token, embedding) }
      features = sequence.rows.withUnsafeBufferPointer { core.inputs($0, embedding, layout, workspace) }
    case (.features, _?): throw .inputs(found: "features", wanted: "tokens")
    case (.tokens, nil): throw .inputs(found: "tokens", wanted: "features")
    }
    let rows = core.readout == .everyStep ? layout.rowCount : layout.batch
    var outputs = Matrix<Scalar>(uninitializedRows: rows, columns: core.outputSize)
    if layout.batch > 0 { outputs.withMutableView { core.advance(features, layout, workspace, into: $0) } }
    withExtendedLifetime(inputs) {}
    return outputs
  }
}

extension StepWorkspace {
  /// The model whose steps it serves.
  package var model: PreparedModel<Scalar> { PreparedModel(core) }

  /// A step of that model, as ``PreparedModel/step(_:_:in:into:)-(Span<Scalar>,_,_,_)``. A caller who holds the workspace alone
  /// saves counting a reference to the model, some 10 ns.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func step(
    _ features: Span<Scalar>, _ session: inout Session<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    try PreparedModel(core).step(features, &session, in: self, into: &outputs)
  }

  /// The same for a model that reads tokens.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func step(
    token: Int32, _ session: inout Session<Scalar>, into outputs: inout MutableSpan<Scalar>
  ) throws(SessionError) {
    try PreparedModel(core).step(token: token, &session, in: self, into: &outputs)
  }
}
