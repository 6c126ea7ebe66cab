internal import Kernels

extension TrainableModel {
  /// Throws for the first of `examples` that cannot be this model's and names it, as `name` and its index: what is wrong
  /// with data is an error before training begins and not the end of the process. Packs every example once.
  func check(
    _ examples: some TrainingExamples<Batch>, called name: String, batchSize: Int
  ) throws(ConfigurationError) {
    let count = examples.lengths.count
    for first in stride(from: 0, to: count, by: batchSize) {
      let indices = first..<min(first + batchSize, count)
      do throws(ConfigurationError) {
        try check(examples.batch(Array(indices)))
      } catch {
        for index in indices {
          do throws(ConfigurationError) {
            try check(examples.batch([index]))
          } catch {
            throw ConfigurationError(
              setting: "\(error.setting) of \(name) \(index)", found: error.found, wanted: error.wanted)
          }
        }
        throw error
      }
    }
  }
}

extension SequenceModel {
  /// Throws where the inputs are of another kind or width than the model reads, tokens or labels are outside their
  /// vocabulary, or the targets are of another kind, number or width than the predictions.
  public func check(_ batch: SequenceBatch<Scalar>) throws(ConfigurationError) {
    try checkInputs(of: batch)
    try checkRows(of: batch)
    let outputs = architecture.outputSize
    switch batch.targets {
    case .values(let targets): try checkValues(width: targets.features, rows: targets.rows.rows, outputs)
    case .finalValues(let targets): try checkValues(width: targets.columns, rows: targets.rows, outputs)
    case .classes(let targets): try checkClasses(targets.rows.elements, outputs)
    case .finalClasses(let targets): try checkClasses(targets, outputs)
    }
  }

  /// What has to hold whatever the loss is: the inputs are the model's.
  func checkInputs(of batch: SequenceBatch<Scalar>) throws(ConfigurationError) {
    switch (batch.inputs, architecture.embedding) {
    case (.features(let features), nil):
      try ConfigurationError.require(
        features.rows.rows == 0 || features.features == architecture.recurrent.inputSize, "number of features",
        "\(features.features)", wanted: "\(architecture.recurrent.inputSize)")
    case (.tokens(let tokens), let embedding?):
      try ConfigurationError.checkTokens(tokens, "token", vocabulary: embedding.vocabularySize)
    case (.features, _?):
      throw ConfigurationError(
        setting: "input", found: "features", wanted: "tokens, which the model has an embedding for")
    case (.tokens, nil):
      throw ConfigurationError(setting: "input", found: "tokens", wanted: "features: the model has no embedding")
    }
    guard let state = batch.initialState else { return }
    try ConfigurationError.require(
      state.fits(architecture.recurrent, batch: batch.inputs.layout.batch), "initial state",
      "one of another network or batch",
      wanted: "one of \(batch.inputs.layout.batch) sequences of this model")
  }

  /// As many targets as predictions.
  func checkRows(of batch: SequenceBatch<Scalar>) throws(ConfigurationError) {
    let layout = batch.inputs.layout
    let targets: (isEveryStep: Bool, layout: PackedLayout?, count: Int) =
      switch batch.targets {
      case .values(let sequence): (true, sequence.layout, sequence.batch)
      case .classes(let sequence): (true, sequence.layout, sequence.batch)
      case .finalValues(let matrix): (false, nil, matrix.rows)
      case .finalClasses(let classes): (false, nil, classes.count)
      }
    let predictsEveryStep = architecture.readout == .everyStep
    try ConfigurationError.require(
      targets.isEveryStep == predictsEveryStep, "targets",
      targets.isEveryStep ? "one for every step" : "one for a sequence",
      wanted: predictsEveryStep
        ? "one for every step, which the head reads"
        : "one for a sequence: the head reads \(architecture.readout.rawValue)")
    try ConfigurationError.require(
      targets.count == layout.batch, "number of targets", "\(targets.count)", wanted: "\(layout.batch)")
    try ConfigurationError.require(
      targets.layout ?? layout == layout, "lengths of targets", "\(targets.layout?.lengths ?? [])",
      wanted: "\(layout.lengths), as the inputs have")
  }

  private func checkValues(width: Int, rows: Int, _ outputs: Int) throws(ConfigurationError) {
    try ConfigurationError.require(
      architecture.loss != .softmaxCrossEntropy, "targets", "numbers",
      wanted: "classes, for \(architecture.loss.rawValue)")
    try ConfigurationError.require(
      rows == 0 || width == outputs, "numbers in a target", "\(width)",
      wanted: "\(outputs), as many as a prediction has")
  }

  private func checkClasses(_ classes: [Int32], _ outputs: Int) throws(ConfigurationError) {
    try ConfigurationError.require(
      architecture.loss == .softmaxCrossEntropy, "targets", "classes",
      wanted: "numbers, for \(architecture.loss.rawValue)")
    try ConfigurationError.checkClasses(classes, "label", count: outputs)
  }
}

extension ConditionedDecoder {
  /// Throws where a context has another width than the model's, tokens or targets are outside the vocabulary, or their
  /// lengths differ.
  public func check(_ batch: ConditionedBatch<Scalar>) throws(ConfigurationError) {
    try ConfigurationError.require(
      batch.context.columns == architecture.contextSize, "numbers in a context", "\(batch.context.columns)",
      wanted: "\(architecture.contextSize)")
    try ConfigurationError.require(
      batch.context.rows == batch.inputs.batch, "number of contexts", "\(batch.context.rows)",
      wanted: "\(batch.inputs.batch), as many as sequences")
    try ConfigurationError.check(
      batch.inputs, predicting: batch.targets, vocabulary: architecture.decoder.vocabularySize)
  }
}

extension EncoderDecoder {
  /// Throws where tokens or targets are outside their vocabulary, or there are not as many sources as targets.
  public func check(_ batch: EncoderDecoderBatch<Scalar>) throws(ConfigurationError) {
    try ConfigurationError.checkTokens(
      batch.sources, "token of a source", vocabulary: architecture.encoder.embedding.vocabularySize)
    try ConfigurationError.require(
      batch.sources.batch == batch.inputs.batch, "number of sources", "\(batch.sources.batch)",
      wanted: "\(batch.inputs.batch), as many as targets")
    try ConfigurationError.check(
      batch.inputs, predicting: batch.targets, vocabulary: architecture.decoder.vocabularySize)
  }
}

extension GapModel {
  /// Throws where tokens or targets are outside the vocabulary, or their lengths differ.
  public func check(_ batch: GapBatch) throws(ConfigurationError) {
    try ConfigurationError.check(
      batch.tokens, predicting: batch.targets, vocabulary: architecture.embedding.vocabularySize)
  }
}

extension ConfigurationError {
  /// Throws unless each of `tokens` has a row among `vocabulary`.
  static func checkTokens(
    _ tokens: PackedSequence<Int32>, _ name: String, vocabulary: Int
  ) throws(ConfigurationError) {
    try require(
      tokens.rows.rows == 0 || tokens.features == 1, "tokens in a step", "\(tokens.features)", wanted: "1")
    if let token = tokens.rows.elements.first(where: { !(0..<vocabulary ~= Int($0)) }) {
      throw ConfigurationError(setting: name, found: "\(token)", wanted: "0 to \(vocabulary - 1)")
    }
  }

  /// Throws unless each of `classes` is one of `count`, or −1, which does not count.
  static func checkClasses(_ classes: [Int32], _ name: String, count: Int) throws(ConfigurationError) {
    if let label = classes.first(where: { !(-1..<count ~= Int($0)) }) {
      throw ConfigurationError(setting: name, found: "\(label)", wanted: "0 to \(count - 1), or -1 to leave it out")
    }
  }

  /// Throws unless `inputs` are tokens, and `targets` tokens or −1 of the same lengths.
  fileprivate static func check(
    _ inputs: PackedSequence<Int32>, predicting targets: PackedSequence<Int32>, vocabulary: Int
  ) throws(ConfigurationError) {
    try checkTokens(inputs, "token", vocabulary: vocabulary)
    try require(
      targets.layout == inputs.layout, "lengths of targets", "\(targets.layout.lengths)",
      wanted: "\(inputs.layout.lengths), as the inputs have")
    try checkClasses(targets.rows.elements, "target", count: vocabulary)
  }
}
