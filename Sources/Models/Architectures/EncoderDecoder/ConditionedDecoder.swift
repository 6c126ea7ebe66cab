public import Kernels

/// A one-to-many model: from some numbers (an image, a class) to a sequence of tokens (a caption, a name). A value.
///
///     let decoder = try TokenDecoder(
///       embedding: EmbeddingTable(vocabularySize: 30, dimension: 16),
///       recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 16, hiddenSize: 64)))
///     var model = ConditionedDecoder<Float>(try ConditionedArchitecture(contextSize: 64, decoder: decoder), seed: 1)
///     try model.train(on: ConditionedExamples(contexts: images, sequences: names, startToken: 0, endToken: 1))
public struct ConditionedDecoder<Scalar: BLASScalar>: ParameterizedModel {
  /// The parts and their sizes.
  public let architecture: ConditionedArchitecture
  /// All parameters: `bridge.…`, `decoder.…`.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic

  /// A model with parameters of the architecture's layout.
  public init(unchecked architecture: ConditionedArchitecture, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// Logits of what follows each token of `inputs`, `[N × V]` in their layout, where the contexts are `[B × C]`.
  public func callAsFunction(_ inputs: PackedSequence<Int32>, context: Matrix<Scalar>) -> PackedSequence<Scalar> {
    var tape = makeTape(seed: 0)
    predict(ConditionedBatch(context: context, inputs: inputs, targets: inputs), tape: &tape, mode: .inference)
    return PackedSequence(layout: inputs.layout, rows: tape.decoder.logits)
  }

  private func predict(_ batch: ConditionedBatch<Scalar>, tape: inout ConditionedTape<Scalar>, mode: PassMode) {
    withViews(parameters, batch.context) { all, context in
      architecture.predict(batch.reading(context), parameters: all, tape: &tape, mode: mode, execution: execution)
    }
  }
}

extension ConditionedDecoder: StoredModel {}

extension ConditionedDecoder: TrainableModel {
  /// Sets the step that decides how often the true tokens are read, see ``TeacherForcing``.
  public func prepare(_ tape: inout ConditionedTape<Scalar>, forStep step: Int) { tape.step = step }

  /// The mean loss over the targets of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: ConditionedBatch<Scalar>, window: Int, tape: inout ConditionedTape<Scalar>,
    into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    check(gradient: gradient)
    return withViews(mutating: &gradient, reading: parameters, batch.context) { gradient, all, context in
      let batch = batch.reading(context)
      architecture.predict(batch, parameters: all, tape: &tape, mode: .training, execution: execution)
      let loss = architecture.loss(of: batch, tape: &tape, withGradient: true, execution: execution)
      architecture.backward(
        batch, parameters: all, gradients: ConditionedGradients(dParameters: gradient), tape: &tape,
        execution: execution)
      return loss
    }
  }

  /// The mean loss over the targets of `batch`, every token read being the true one, without dropout.
  public func loss(of batch: ConditionedBatch<Scalar>, tape: inout ConditionedTape<Scalar>) -> LossValue {
    predict(batch, tape: &tape, mode: .inference)
    return batch.context.withView {
      architecture.loss(of: batch.reading($0), tape: &tape, withGradient: false, execution: execution)
    }
  }
}

/// Examples packed for one pass of a ``ConditionedDecoder``.
public struct ConditionedBatch<Scalar: BLASScalar>: Sendable {
  /// What the sequences are about, `[B × C]`.
  public var context: Matrix<Scalar>
  /// The tokens to read, `[N × 1]`.
  public var inputs: PackedSequence<Int32>
  /// The tokens to predict, `[N × 1]` in the same layout; −1 where one does not count.
  public var targets: PackedSequence<Int32>

  /// A batch of inputs and targets of one layout.
  public init(context: Matrix<Scalar>, inputs: PackedSequence<Int32>, targets: PackedSequence<Int32>) {
    self.context = context
    self.inputs = inputs
    self.targets = targets
  }

  /// This batch with `context`, a view of its own, as the decoder reads it.
  fileprivate func reading(_ context: MatrixView<Scalar>) -> DecoderBatch<Scalar> {
    DecoderBatch(context: context, inputs: inputs, targets: targets)
  }
}

/// Examples for a ``ConditionedDecoder``: some numbers, and the sequence that they stand for.
public struct ConditionedExamples<Scalar: BLASScalar>: TrainingExamples {
  /// What each sequence is about, `[n × C]`.
  public let contexts: Matrix<Scalar>
  /// The sequences, without start and end.
  public let sequences: [[Int32]]
  /// What a decoder reads first.
  public let startToken: Int32
  /// What it should predict last.
  public let endToken: Int32

  /// Examples from as many contexts as sequences.
  public init(contexts: Matrix<Scalar>, sequences: [[Int32]], startToken: Int32, endToken: Int32) {
    require(contexts.rows == sequences.count, "\(contexts.rows) contexts for \(sequences.count) sequences")
    self.contexts = contexts
    self.sequences = sequences
    self.startToken = startToken
    self.endToken = endToken
  }

  /// Steps of each example: its tokens and its end.
  public var lengths: [Int] { sequences.map { $0.count + 1 } }

  /// The examples `indices`, packed: what is read begins with the start, what is to be predicted ends with the end.
  public func batch(_ indices: [Int]) -> ConditionedBatch<Scalar> {
    check(indices, of: sequences.count)
    return ConditionedBatch(
      context: Matrix(
        rows: indices.count, columns: contexts.columns, indices.flatMap { contexts.row($0) }),
      inputs: PackedSequence(indices.map { [startToken] + sequences[$0] }),
      targets: PackedSequence(indices.map { sequences[$0] + [endToken] }))
  }
}
