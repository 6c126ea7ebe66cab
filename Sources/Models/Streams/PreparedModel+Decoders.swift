internal import Kernels

/// Decoders that write what a source or a context says: a stream of tokens each.
extension EncoderDecoder {
  /// This model with its weights, the encoder's among them, prepared for streams of target tokens, each of which begins with a
  /// source: ``PreparedModel/session(translating:)``.
  public func prepared() -> PreparedModel<Scalar> {
    let (target, start) = (architecture.target, architecture.ranges.target.lowerBound)
    let own = target.ranges.decoder
    let encoder = parameters.withView { all in
      execution.path == .fused
        ? architecture.encoder.prepare(parameters: all.columns(architecture.ranges.encoder)) : []
    }
    return PreparedModel(
      PreparedCore(
        target.decoder, start + own.lowerBound..<start + own.upperBound, of: parameters,
        start: .source(self, encoder: encoder), identity: ModelIdentity(architecture: json(architecture), parameters),
        execution: execution))
  }
}

extension ConditionedDecoder {
  /// This model with its weights prepared for streams of tokens, each of which begins with a context:
  /// ``PreparedModel/session(from:)-([Scalar])``.
  public func prepared() -> PreparedModel<Scalar> {
    PreparedModel(
      PreparedCore(
        architecture.decoder, architecture.ranges.decoder, of: parameters, start: .context(self),
        identity: ModelIdentity(architecture: json(architecture), parameters), execution: execution))
  }
}

extension PreparedModel {
  /// The stream that writes what `source` means, before its first token. The source is read here, once; forks share what is
  /// remembered of it.
  ///
  /// - Throws: ``SessionError`` where this is no ``EncoderDecoder``, or a token is outside the source's vocabulary.
  public func session(translating source: [Int32]) throws(SessionError) -> Session<Scalar> {
    guard case .source(let model, let weights)? = core.decoder?.start else {
      throw .start(found: "a source", wanted: core.startName)
    }
    let encoder = model.architecture.encoder
    for token in source { try core.check(token: token, encoder.embedding) }
    let memory = model.state(for: [source], encoderWeights: weights)
    return session(
      memory.recurrent,
      StreamSource(
        context: memory.shared.context, values: memory.shared.attention.values, keys: memory.shared.attention.keys))
  }

  /// The stream that writes what `context`, `C` numbers, stands for, before its first token.
  ///
  /// - Throws: ``SessionError`` where this is no ``ConditionedDecoder``, or the numbers are not as many.
  public func session(from context: [Scalar]) throws(SessionError) -> Session<Scalar> {
    guard case .context(let model)? = core.decoder?.start else {
      throw .start(found: "a context", wanted: core.startName)
    }
    try core.check("numbers of a context", context.count, model.architecture.contextSize)
    let memory = model.state(for: Matrix(rows: 1, columns: context.count, context))
    let none = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    return session(memory.recurrent, StreamSource(context: memory.shared.context, values: none, keys: none))
  }

  /// A session in `state`, that of one sequence.
  private func session(_ state: RecurrentState<Scalar>, _ source: StreamSource<Scalar>) -> Session<Scalar> {
    let layout = core.sessionLayout
    let storage = SessionStorage.zero(SessionHeader(model: identity, layout: layout, steps: 0))
    func copy(_ matrices: [Matrix<Scalar>], _ offset: (Int) -> Int) {
      for (layer, matrix) in matrices.enumerated() {
        matrix.withUnsafeBufferPointer {
          (storage.numbers + offset(layer)).copyMemory(
            from: $0.baseAddress!, byteCount: $0.count * MemoryLayout<Scalar>.stride)
        }
      }
    }
    copy(state.hidden, layout.hidden)
    copy(state.cell, layout.cell)
    return Session(storage, source)
  }
}
