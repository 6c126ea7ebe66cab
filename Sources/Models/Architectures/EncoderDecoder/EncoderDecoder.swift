public import Kernels

/// A model of translation: from sequences of tokens to sequences of other tokens, of other lengths. A value.
///
///     let encoder = try TokenEncoder(
///       embedding: EmbeddingTable(vocabularySize: 8000, dimension: 256),
///       recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 256, hiddenSize: 256), isBidirectional: true))
///     let decoder = try TokenDecoder(
///       embedding: EmbeddingTable(vocabularySize: 6000, dimension: 256),
///       recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 256, hiddenSize: 512)),
///       attention: .multiplicative(querySize: 512, memorySize: 512), readoutSize: 256, tiesEmbedding: true)
///     var model = EncoderDecoder<Float>(try EncoderDecoderArchitecture(encoder: encoder, decoder: decoder), seed: 1)
///
/// In training the decoder reads the true target (teacher forcing, see ``TeacherForcing``), so that its recurrence, the
/// attention and the head each run over all steps of all sentences at once.
public struct EncoderDecoder<Scalar: BLASScalar>: ParameterizedModel {
  /// The parts and their sizes.
  public let architecture: EncoderDecoderArchitecture
  /// All parameters: `encoder.…`, `bridge.…`, `decoder.…`.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic

  /// A model with parameters of the architecture's layout.
  public init(unchecked architecture: EncoderDecoderArchitecture, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// Logits of what follows each token of `inputs`, `[N × V]` in their layout, after what it means to translate `sources`.
  public func callAsFunction(
    _ inputs: PackedSequence<Int32>, sources: PackedSequence<Int32>
  ) -> PackedSequence<Scalar> {
    var tape = makeTape(seed: 0)
    predict(EncoderDecoderBatch(sources: sources, inputs: inputs, targets: inputs), tape: &tape, mode: .inference)
    return PackedSequence(layout: inputs.layout, rows: tape.target.decoder.logits)
  }

  /// What the decoder looks at in one sentence: the weight of each source token at each target token that is read,
  /// `[target × source]`, each row summing to 1. Only for a model with attention.
  public func attentionWeights(of inputs: [Int32], source: [Int32]) -> Matrix<Scalar> {
    require(architecture.decoder.attention != nil, "a model without attention looks at nothing")
    let (inputs, source) = (PackedSequence([inputs]), PackedSequence([source]))
    var tape = makeTape(seed: 0)
    predict(EncoderDecoderBatch(sources: source, inputs: inputs, targets: inputs), tape: &tape, mode: .inference)
    return tape.target.decoder.attention.weights.withUnsafeBufferPointer {
      Matrix(rows: inputs.rows.rows, columns: source.rows.rows, $0)
    }
  }

  /// Fills the tape's logits.
  private func predict(
    _ batch: EncoderDecoderBatch<Scalar>, tape: inout EncoderDecoderTape<Scalar>, mode: PassMode
  ) {
    let ranges = architecture.ranges
    parameters.withView { all in
      encode(batch.sources, all.columns(ranges.encoder), tape: &tape.encoder, mode: mode)
      architecture.target.predict(
        decoderBatch(batch, tape.encoder), parameters: all.columns(ranges.target), tape: &tape.target, mode: mode,
        execution: execution)
    }
  }

  func encode(
    _ sources: PackedSequence<Int32>, _ parameters: MatrixView<Scalar>, tape: inout TokenEncoderTape<Scalar>,
    mode: PassMode
  ) {
    architecture.encoder.forward(sources, parameters: parameters, tape: &tape, mode: mode, execution: execution)
  }

  /// What the decoder reads, borrowed from the batch and from what the encoder left.
  private func decoderBatch(
    _ batch: EncoderDecoderBatch<Scalar>, _ tape: TokenEncoderTape<Scalar>
  ) -> DecoderBatch<Scalar> {
    require(
      batch.sources.batch == batch.inputs.batch, "\(batch.sources.batch) sources for \(batch.inputs.batch) targets")
    return DecoderBatch(
      context: tape.summary.unsafeView,
      memory: architecture.decoder.attention == nil
        ? nil : (architecture.encoder.outputs(of: tape), batch.sources.layout),
      inputs: batch.inputs, targets: batch.targets)
  }
}

extension EncoderDecoder: StoredModel {}

extension EncoderDecoder: TrainableModel {
  /// Sets the step that decides how often the true tokens are read, see ``TeacherForcing``.
  public func prepare(_ tape: inout EncoderDecoderTape<Scalar>, forStep step: Int) { tape.target.step = step }

  /// The mean loss over the targets of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: EncoderDecoderBatch<Scalar>, window: Int, tape: inout EncoderDecoderTape<Scalar>,
    into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    check(gradient: gradient)
    predict(batch, tape: &tape, mode: .training)
    let (ranges, encoder) = (architecture.ranges, architecture.encoder)
    let decoderBatch = decoderBatch(batch, tape.encoder)
    let loss = architecture.target.loss(
      of: decoderBatch, tape: &tape.target, withGradient: true, execution: execution)
    let dMemory = tape.encoder.dOutputs.zeroed(rows: batch.sources.layout.rowCount, columns: encoder.outputSize)
    withViews(mutating: &gradient, reading: parameters) { gradient, all in
      architecture.target.backward(
        decoderBatch, parameters: all.columns(ranges.target),
        gradients: ConditionedGradients(
          dParameters: gradient.columns(ranges.target), computesContext: true, dMemory: dMemory),
        tape: &tape.target, execution: execution)
      encoder.backward(
        batch.sources, dSummary: tape.target.dContext.unsafeView, parameters: all.columns(ranges.encoder),
        dParameters: gradient.columns(ranges.encoder), tape: &tape.encoder, execution: execution)
    }
    return loss
  }

  /// The mean loss over the targets of `batch`, every token read being the true one, without dropout.
  public func loss(of batch: EncoderDecoderBatch<Scalar>, tape: inout EncoderDecoderTape<Scalar>) -> LossValue {
    predict(batch, tape: &tape, mode: .inference)
    return architecture.target.loss(
      of: decoderBatch(batch, tape.encoder), tape: &tape.target, withGradient: false, execution: execution)
  }
}

/// The memory that passes of an ``EncoderDecoder`` work in, kept between batches.
public struct EncoderDecoderTape<Scalar: BLASScalar>: RecordingTape {
  var encoder: TokenEncoderTape<Scalar>
  var target: ConditionedTape<Scalar>

  /// An empty tape; `seed` decides the masks of dropout and what scheduled sampling draws.
  public init(seed: UInt64, memory: TapeMemory) {
    encoder = TokenEncoderTape(memory: memory.share(of: 2))
    target = ConditionedTape(seed: seed, memory: memory.share(of: 2))
    encoder.reseed(with: seed)
  }

  /// Bytes of the recordings and workspaces of the recurrent layers.
  public var byteCount: Int { encoder.recurrent.byteCount + target.byteCount }

  /// Starts everything random anew from `seed`.
  public mutating func reseed(with seed: UInt64) {
    encoder.reseed(with: seed)
    target.reseed(with: seed)
  }
}

/// Examples packed for one pass of an ``EncoderDecoder``.
public struct EncoderDecoderBatch<Scalar: BLASScalar>: Sendable {
  /// The tokens to translate, `[N × 1]`.
  public var sources: PackedSequence<Int32>
  /// The tokens that the decoder reads, `[N × 1]` in a layout of their own.
  public var inputs: PackedSequence<Int32>
  /// The tokens to predict, `[N × 1]` in the layout of the inputs; −1 where one does not count.
  public var targets: PackedSequence<Int32>

  /// A batch of as many sources as inputs, and targets in the layout of the inputs.
  public init(sources: PackedSequence<Int32>, inputs: PackedSequence<Int32>, targets: PackedSequence<Int32>) {
    self.sources = sources
    self.inputs = inputs
    self.targets = targets
  }
}

/// Examples for an ``EncoderDecoder``: pairs of sequences.
public struct EncoderDecoderExamples<Scalar: BLASScalar>: TrainingExamples {
  /// What to translate.
  public let sources: [[Int32]]
  /// The translations, without start and end.
  public let targets: [[Int32]]
  /// What a decoder reads first.
  public let startToken: Int32
  /// What it should predict last.
  public let endToken: Int32

  /// Examples from as many sources as targets.
  public init(sources: [[Int32]], targets: [[Int32]], startToken: Int32, endToken: Int32) {
    require(sources.count == targets.count, "\(sources.count) sources for \(targets.count) targets")
    self.sources = sources
    self.targets = targets
    self.startToken = startToken
    self.endToken = endToken
  }

  /// Steps of each example: the tokens of its target and the end.
  public var lengths: [Int] { targets.map { $0.count + 1 } }

  /// The examples `indices`, packed: what is read begins with the start, what is to be predicted ends with the end.
  public func batch(_ indices: [Int]) -> EncoderDecoderBatch<Scalar> {
    check(indices, of: sources.count)
    return EncoderDecoderBatch(
      sources: PackedSequence(indices.map { sources[$0] }),
      inputs: PackedSequence(indices.map { [startToken] + targets[$0] }),
      targets: PackedSequence(indices.map { targets[$0] + [endToken] }))
  }
}
