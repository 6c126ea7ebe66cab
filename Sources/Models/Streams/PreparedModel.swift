public import Kernels

/// A model that does not change any more, ready for any number of streams: its weights are brought into the order of the fused
/// path once, and shared by all who step through it.
///
///     let model = trained.prepared()
///     let workspace = model.workspace()          // one for each thread
///     var session = try model.session()          // one for each stream
///     try model.step(sample.span, &session, in: workspace, into: &output)
///
/// A value that threads can share; later changes to the model that it was made from do not reach it. A ``Session`` holds the
/// state of a stream. One step of one session, one of many sessions in a call, many steps, and the whole sequence give the same
/// bits, on the fused path and on the naive one; on the BLAS path, whose kernels depend on the number of rows, the same
/// numbers to rounding.
///
/// What it gives back, `[O]` for each step, are the predictions of a ``SequenceModel``; probabilities where
/// ``SequenceModel/preparedForProbabilities()`` made it; and of a ``RecurrentLayer`` the hidden state of the top layer. Where
/// the head reads one state of each sequence, they are those of the sequence as far as it has come. An ``EncoderDecoder`` and a
/// ``ConditionedDecoder`` give the logits of the token that follows each token of the target; their attention and readout are
/// computed alike on every path, so that their steps agree with each other to the bit, and with the model's pass over a whole
/// target, which multiplies all of it at once, to rounding.
public struct PreparedModel<Scalar: BLASScalar>: Sendable {
  let core: PreparedCore<Scalar>

  init(_ core: PreparedCore<Scalar>) { self.core = core }

  /// Prepares a model: a copy of its weights, in O(number of parameters).
  public init(_ model: SequenceModel<Scalar>) {
    core = PreparedCore(
      model.architecture.recurrent, model.architecture, model.parameters, activation: .none, execution: model.execution)
  }

  /// Prepares a layer, whose outputs are its hidden states.
  public init(_ layer: RecurrentLayer<Scalar>) {
    core = PreparedCore(layer.architecture, nil, layer.parameters, activation: .none, execution: layer.execution)
  }

  /// What it reads at each step.
  public var input: ModelInput { core.embedding.map { .tokens($0.vocabularySize) } ?? .features(core.inputSize) }
  /// Numbers that it gives back for each step, `O`.
  public var outputSize: Int { core.outputSize }
  /// Which model it is: the same in every process.
  public var identity: ModelIdentity { core.identity }
  /// Path and threads of every pass. A step of one session takes the calling thread alone.
  public var execution: Execution { core.execution }

  /// A stream before its first step. Costs a reference; the first step then allocates the session's memory.
  ///
  /// - Throws: ``SessionError/bidirectional`` where the model reads sequences from both ends, and
  ///   ``SessionError/start(found:wanted:)`` of a decoder, whose streams begin with a source or a context.
  public func session() throws(SessionError) -> Session<Scalar> {
    guard !core.stack.isBidirectional else { throw .bidirectional }
    guard core.decoder == nil else { throw .start(found: "nothing", wanted: core.startName) }
    return core.zero
  }

  /// Memory for the steps of one thread.
  public func workspace() -> StepWorkspace<Scalar> { StepWorkspace(core) }
}

extension SequenceModel {
  /// This model with its weights prepared for streams and for many passes.
  public func prepared() -> PreparedModel<Scalar> { PreparedModel(self) }

  /// The same, giving back the probability of each class instead of logits: a softmax of each row with the loss
  /// ``Loss/softmaxCrossEntropy``, a sigmoid of each number with ``Loss/binaryCrossEntropy``.
  ///
  /// - Throws: ``SessionError/noProbabilities(loss:)`` for other losses.
  public func preparedForProbabilities() throws(SessionError) -> PreparedModel<Scalar> {
    guard let activation = OutputActivation(probabilitiesOf: architecture.loss) else {
      throw .noProbabilities(loss: architecture.loss.rawValue)
    }
    return PreparedModel(
      PreparedCore(architecture.recurrent, architecture, parameters, activation: activation, execution: execution))
  }
}

extension RecurrentLayer {
  /// This layer with its weights prepared for streams and for many passes.
  public func prepared() -> PreparedModel<Scalar> { PreparedModel(self) }
}
