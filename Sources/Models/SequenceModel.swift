public import Kernels

/// The architecture of the common sequence model: features or an embedding of tokens, a recurrent stack, a linear head
/// that reads every step or the last state, and the loss it is trained with.
public struct SequenceArchitecture: Hashable, Sendable {
  /// Which states the head reads.
  public enum Readout: String, Codable, CaseIterable, Sendable {
    /// The output of every step: labelling, forecasting, language modelling.
    case everyStep
    /// The top layer's final hidden state, both directions side by side: classification.
    case finalState
    /// The mean of all outputs of a sequence, zero where it has no step: classification by more than the end.
    case meanState
    /// The largest of all outputs of a sequence, feature by feature, zero where it has no step.
    case maxState
  }

  /// The table that tokens go through; `nil` where inputs are features.
  public let embedding: EmbeddingTable?
  /// The recurrent layers.
  public let recurrent: RecurrentStack
  /// What the head reads.
  public let readout: Readout
  /// The head, from `D · R` features to predictions.
  public let head: LinearMap
  /// Whether the head's weight is the embedding's table, so that there is one row for a token, read and predicted (Press &
  /// Wolf, "Using the output embedding to improve language models", 2017). The head's bias is its own.
  public let tiesEmbedding: Bool
  /// What training makes small.
  public let loss: Loss
  /// Steps after which backpropagation through time is cut in training, the state carried on; `nil` for never.
  public var truncation: Int?

  /// An architecture whose parts fit: throws where the stack's input is not the embedding's dimension, where truncation is
  /// not positive or there is no prediction in every window, and where the head cannot be tied, because there is no
  /// embedding or its table, `[V × E]`, is not of the head's `[O × D·R]`.
  public init(
    embedding: EmbeddingTable? = nil, recurrent: RecurrentStack, readout: Readout = .everyStep,
    outputSize: Int, loss: Loss, truncation: Int? = nil, tiesEmbedding: Bool = false
  ) throws(ConfigurationError) {
    if let embedding, embedding.dimension != recurrent.inputSize {
      throw ConfigurationError(
        setting: "recurrent input size", found: "\(recurrent.inputSize)",
        wanted: "the embedding's dimension \(embedding.dimension)")
    }
    if let truncation {
      try ConfigurationError.checkPositive(["truncation": truncation])
      guard readout == .everyStep, !recurrent.isBidirectional else {
        throw ConfigurationError(
          setting: "truncation", found: "\(truncation)",
          wanted: "none where the head does not read every step or the network reads both directions")
      }
    }
    if tiesEmbedding {
      guard let embedding else {
        throw ConfigurationError(setting: "tied embedding", found: "a model of features", wanted: "one of tokens")
      }
      try ConfigurationError.require(
        embedding.dimension == recurrent.outputSize, "size that a tied head reads", "\(recurrent.outputSize)",
        wanted: "the embedding's dimension \(embedding.dimension)")
      try ConfigurationError.require(
        embedding.vocabularySize == outputSize, "output size of a tied head", "\(outputSize)",
        wanted: "the embedding's vocabulary of \(embedding.vocabularySize)")
    }
    self.embedding = embedding
    self.recurrent = recurrent
    self.readout = readout
    head = try LinearMap(inputSize: recurrent.outputSize, outputSize: outputSize)
    self.loss = loss
    self.truncation = truncation
    self.tiesEmbedding = tiesEmbedding
  }

  /// All parameters: `embedding.…`, `recurrent.…`, `head.…`; of a tied head its bias alone.
  public var parameterLayout: ParameterLayout {
    var parts: [(prefix: String, shapes: [ParameterShape])] = []
    if let embedding { parts.append(("embedding", embedding.parameters)) }
    parts.append(("recurrent", recurrent.parameters))
    parts.append(("head", tiesEmbedding ? Array(head.parameters.dropFirst()) : head.parameters))
    return ParameterLayout(parts)
  }

  /// Where each part's numbers lie in the flat buffer.
  var ranges: (embedding: Range<Int>, recurrent: Range<Int>, head: Range<Int>) {
    let first = embedding?.parameterCount ?? 0
    let second = first + recurrent.parameterCount
    return (0..<first, first..<second, second..<second + (tiesEmbedding ? head.outputSize : head.parameterCount))
  }

  /// Weight, `[O × D·R]`, and bias, `[1 × O]`, of the head among all `parameters`.
  func headParts<Scalar: BLASScalar>(
    of parameters: MatrixView<Scalar>
  ) -> (weight: MatrixView<Scalar>, bias: MatrixView<Scalar>) {
    let own = parameters.columns(ranges.head)
    return (
      MatrixView(
        tiesEmbedding ? parameters.columns(ranges.embedding).baseAddress : own.baseAddress, rows: head.outputSize,
        columns: head.inputSize), own.columns(own.columns - head.outputSize..<own.columns)
    )
  }

  /// The same for their gradients.
  func headParts<Scalar: BLASScalar>(
    of gradients: MutableMatrixView<Scalar>
  ) -> (weight: MutableMatrixView<Scalar>, bias: MutableMatrixView<Scalar>) {
    let own = gradients.columns(ranges.head)
    return (
      MutableMatrixView(
        tiesEmbedding ? gradients.columns(ranges.embedding).baseAddress : own.baseAddress, rows: head.outputSize,
        columns: head.inputSize), own.columns(own.columns - head.outputSize..<own.columns)
    )
  }
}

extension SequenceArchitecture: StoredArchitecture {
  /// What a file calls a ``SequenceModel``.
  public static let formatName = "recurrent.sequence-model"

  /// Tokens where there is an embedding.
  public var input: ModelInput { embedding.map { .tokens($0.vocabularySize) } ?? .features(recurrent.inputSize) }

  /// What the head puts out, `O`.
  public var outputSize: Int { head.outputSize }
}

extension SequenceArchitecture: Codable {
  private enum CodingKeys: String, CodingKey {
    case embedding, recurrent, readout, outputSize, loss, truncation, tiesEmbedding
  }

  /// Reads an architecture from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      embedding: values.decodeIfPresent(EmbeddingTable.self, forKey: .embedding),
      recurrent: values.decode(RecurrentStack.self, forKey: .recurrent),
      readout: values.decode(Readout.self, forKey: .readout),
      outputSize: values.decodeSize(forKey: .outputSize), loss: values.decode(Loss.self, forKey: .loss),
      truncation: values.decodeIfPresent(Int.self, forKey: .truncation),
      tiesEmbedding: values.decodeIfPresent(Bool.self, forKey: .tiesEmbedding) ?? false)
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(embedding, forKey: .embedding)
    try values.encode(recurrent, forKey: .recurrent)
    try values.encode(readout, forKey: .readout)
    try values.encode(head.outputSize, forKey: .outputSize)
    try values.encode(loss, forKey: .loss)
    try values.encodeIfPresent(truncation, forKey: .truncation)
    // Left out otherwise, so that such a file stays one for those who know of no ties.
    if tiesEmbedding { try values.encode(true, forKey: .tiesEmbedding) }
  }
}

/// The common sequence model: an architecture and its parameters. A value.
///
///     let architecture = try SequenceArchitecture(
///       recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 2, hiddenSize: 32)),
///       outputSize: 2, loss: .meanSquaredError)
///     var model = SequenceModel<Float>(architecture, seed: 1)
public struct SequenceModel<Scalar: BLASScalar>: Sendable {
  /// The parts and their sizes.
  public let architecture: SequenceArchitecture
  /// All parameters: `embedding.…`, `recurrent.…`, `head.…`.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic

  /// A model with initial parameters that `scheme` and `seed` decide. If no scheme is given it is
  /// ``InitializationScheme/recommended``, but for a tied table, whose rows then have length 1 instead of √E: as weights of
  /// the head they would give logits of that size.
  public init(_ architecture: SequenceArchitecture, scheme: InitializationScheme? = nil, seed: UInt64 = 0) {
    self.architecture = architecture
    var recommended = InitializationScheme.recommended
    if architecture.tiesEmbedding {
      recommended.embedding = .normal(standardDeviation: 1 / Double(architecture.head.inputSize).squareRoot())
    }
    parameters = .zeros(architecture.parameterLayout)
    parameters.initialize(scheme ?? recommended, seed: seed)
  }

  /// A model with given parameters, which must have the architecture's layout.
  public init(_ architecture: SequenceArchitecture, parameters: ParameterVector<Scalar>) {
    precondition(
      parameters.layout == architecture.parameterLayout, "the parameters have the layout of another architecture")
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
        outputSize: architecture.head.outputSize, loss: architecture.loss, truncation: architecture.truncation)
    } catch { preconditionFailure("what fits when tied fits without: \(error)") }
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
    precondition(architecture.readout == .everyStep, "this model predicts once for each sequence")
    let (predictions, state) = self(.features(inputs), from: state)
    return (PackedSequence(layout: inputs.layout, rows: predictions), state)
  }

  /// Fills `tape.predictions`, starting from `tape.state` and leaving the final state there.
  private func predict(_ inputs: SequenceInputs<Scalar>, tape: inout SequenceTape<Scalar>, mode: PassMode) {
    let (layout, ranges) = (inputs.layout, architecture.ranges)
    parameters.withView { all in
      architecture.withFeatures(inputs, parameters: all.columns(ranges.embedding), tape: &tape) { features, tape in
        architecture.recurrent.forward(
          features, layout: layout, parameters: all.columns(ranges.recurrent), state: &tape.state,
          tape: &tape.recurrent, mode: mode, execution: execution)
      }
      let read = architecture.readStates(&tape, layout: layout)
      let (weight, bias) = architecture.headParts(of: all)
      architecture.head.forward(
        read, weight: weight, bias: bias,
        into: tape.predictions.reshaped(rows: read.rows, columns: architecture.head.outputSize), execution: execution)
    }
  }
}

extension SequenceModel: StoredModel {}

extension SequenceModel: TrainableModel {
  /// An empty tape; `seed` decides the masks of dropout.
  public func makeTape(seed: UInt64) -> SequenceTape<Scalar> { SequenceTape(seed: seed) }

  /// Starts the random numbers of dropout anew.
  public func reseed(_ tape: inout SequenceTape<Scalar>, with seed: UInt64) {
    tape.recurrent.generator = SeededGenerator(seed: seed)
  }

  /// One window, or as many as the truncation cuts the longest sequence into.
  public func windowCount(of batch: SequenceBatch<Scalar>) -> Int {
    guard let window = architecture.truncation else { return 1 }
    return max(0, batch.inputs.layout.steps - 1) / window + 1
  }

  /// The mean loss over a window of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: SequenceBatch<Scalar>, window: Int, tape: inout SequenceTape<Scalar>,
    into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    var batch = batch
    if window == 0 { tape.state = batch.initialState ?? zeroState(batch: batch.inputs.layout.batch) }
    if let length = architecture.truncation {
      let start = window * length
      let steps = start..<start + min(length, batch.inputs.layout.steps - start)
      batch.inputs = batch.inputs.steps(steps)
      batch.targets = batch.targets.steps(steps)
    }
    predict(batch.inputs, tape: &tape, mode: .training)
    let dPredictions = tape.dPredictions.reshaped(
      rows: tape.predictions.rows, columns: architecture.head.outputSize)
    let mean = batch.targets.withLossTargets(rows: dPredictions.rows) {
      architecture.loss(tape.predictions.unsafeView, $0, gradientInto: dPredictions, execution: execution)
    }
    backpropagate(batch.inputs, tape: &tape, into: &gradient)
    return LossValue(mean: Double(mean), count: batch.targets.count(outputSize: architecture.head.outputSize))
  }

  /// The mean loss over `batch`, without dropout.
  public func loss(of batch: SequenceBatch<Scalar>, tape: inout SequenceTape<Scalar>) -> LossValue {
    tape.state = batch.initialState ?? zeroState(batch: batch.inputs.layout.batch)
    predict(batch.inputs, tape: &tape, mode: .inference)
    let mean = batch.targets.withLossTargets(rows: tape.predictions.rows) {
      architecture.loss(tape.predictions.unsafeView, $0, execution: execution)
    }
    return LossValue(mean: Double(mean), count: batch.targets.count(outputSize: architecture.head.outputSize))
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
    precondition(gradient.count == parameters.count, "the gradient has the layout of another architecture")
    let (layout, ranges, stack) = (inputs.layout, architecture.ranges, architecture.recurrent)
    let read = architecture.readStates(&tape, layout: layout)
    let dRead = tape.dRead.reshaped(rows: read.rows, columns: read.columns)
    parameters.withView { all in
      gradient.withMutableView { gradient in
        let dHead = architecture.headParts(of: gradient)
        architecture.head.backward(
          read, weight: architecture.headParts(of: all).weight, dOutputs: tape.dPredictions.unsafeView,
          dInputsInto: dRead, dWeightAddingTo: dHead.weight, dBiasAddingTo: dHead.bias, execution: execution)
        let dOutputs = architecture.spreadGradient(&tape, layout: layout)
        let dFeatures =
          architecture.embedding == nil
          ? nil : tape.dFeatures.zeroed(rows: layout.rowCount, columns: stack.inputSize)
        architecture.withFeatures(inputs, parameters: all.columns(ranges.embedding), tape: &tape) { features, tape in
          stack.backward(
            features, layout: layout, parameters: all.columns(ranges.recurrent),
            gradients: RecurrentGradients(
              dOutputs: dOutputs, addingInputsTo: dFeatures,
              addingParametersTo: gradient.columns(ranges.recurrent)),
            dState: &tape.dState, tape: &tape.recurrent, execution: execution)
        }
        if let embedding = architecture.embedding, let dFeatures, case .tokens(let tokens) = inputs {
          tokens.rows.withUnsafeBufferPointer {
            embedding.backward(
              $0, dOutputs: dFeatures.readOnly, dParametersAddingTo: gradient.columns(ranges.embedding))
          }
        }
      }
    }
  }
}
