internal import DataIO
package import Kernels
package import Models

/// How a language model is made and trained.
package struct LanguageModelSettings: Hashable, Sendable {
  package var level: TextLevel
  package var cell = RecurrentCell.Kind.lstm
  package var layers = 1
  /// Hidden units of each layer, `H`.
  package var hiddenSize = 256
  /// Probability with which an output between two layers is dropped in training.
  package var dropout = 0.0
  /// Maximum number of passes over the text.
  package var epochs = 10
  /// Maximum number of streams that are read side by side.
  package var streams = 32
  /// The peak of the learning rate, which decays along a cosine.
  package var learningRate = 2e-3
  package var seed: UInt64 = 1
  /// How much memory training takes; changes no bit of the model.
  package var memory = TapeMemory.everything

  /// Settings that suit a book.
  package init(level: TextLevel) { self.level = level }

  /// Numbers for each token.
  var embeddingSize: Int { level == .char ? 64 : 128 }
  /// Steps after which backpropagation through time is cut.
  var window: Int { level == .char ? 100 : 35 }
  /// Steps of the pieces that are validated on after each epoch, each from the zero state: so that the predictions of a
  /// batch of them fit into memory, with a vocabulary of words too.
  var validationLength: Int { level == .char ? 500 : 64 }
  /// Epochs without a lower validation loss after which training ends.
  static let patience = 3
  /// The limit on the words of a vocabulary.
  static let maxWords = 20_000
}

extension LanguageModel {
  /// Trains a language model on the first nine tenths of `text`, until the loss on the last tenth no longer falls.
  ///
  /// At the level of characters the vocabulary is that of the whole text; at that of words it is what occurs at least
  /// twice in the first part.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - file: Its file, for errors.
  ///   - settings: The network and its training.
  ///   - session: Watches, stops and resumes the training, whose stage is named after the cell.
  /// - Returns: The model, and how well it predicts the last tenth.
  /// - Throws: `DataError` where the text is too short, `ConfigurationError` for invalid settings, and what
  ///   `TrainingSession` throws.
  package static func train(
    on text: String, file: String, _ settings: LanguageModelSettings, in session: TrainingSession
  ) throws -> (model: LanguageModel, evaluation: TextEvaluation) {
    try ConfigurationError.checkPositive([
      "epochs": settings.epochs, "batch": settings.streams, "hidden units": settings.hiddenSize,
      "layers": settings.layers,
    ])
    let tokens = settings.level.tokens(of: text)
    let cut = tokens.count * 9 / 10
    let streams = min(settings.streams, (cut - 1) / (2 * settings.window))
    guard streams > 0, tokens.count - cut > 2 else {
      throw DataError(
        file: file,
        reason: "holds \(tokens.count) \(settings.level.unit)s, too few to learn from: wanted at least "
          + "\(Int((Double(2 * settings.window + 2) / 0.9).rounded(.up)))")
    }
    let vocabulary =
      switch settings.level {
      case .char: Vocabulary(Set(tokens).sorted())
      case .word:
        Vocabulary(
          of: [Array(tokens[..<cut])], special: [unknownWord], minimumCount: 2, limit: LanguageModelSettings.maxWords)
      }
    let numbers = vocabulary.numbers(of: tokens)
    let (learned, heldOut) = (Array(numbers[..<cut]), Array(numbers[cut...]))

    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: vocabulary.count, dimension: settings.embeddingSize),
      recurrent: RecurrentStack(
        RecurrentCell(settings.cell, inputSize: settings.embeddingSize, hiddenSize: settings.hiddenSize),
        layers: settings.layers, dropout: settings.dropout),
      outputSize: vocabulary.count, loss: .softmaxCrossEntropy, truncation: settings.window)
    let examples = try TokenStreams<Float>(learned, streams: streams, window: settings.window)
    let options = TrainingOptions(
      epochs: settings.epochs, batchSize: streams,
      schedule: .cosine(
        peak: settings.learningRate, final: settings.learningRate / 20,
        totalSteps: settings.epochs * examples.windows),
      patience: LanguageModelSettings.patience, seed: settings.seed, memory: settings.memory)
    let (network, report) = try session.train(
      settings.cell.title, SequenceModel<Float>(architecture, seed: settings.seed), on: examples,
      validatingOn: try TokenStreams(
        heldOut, streams: max(1, (heldOut.count - 1) / settings.validationLength), window: 1), options)

    var model = LanguageModel(
      model: network, level: settings.level, vocabulary: vocabulary,
      unigrams: frequencies(of: learned, count: vocabulary.count))
    model.training = TrainingSummary(
      report, options, examples: learned.count, unit: "nats per \(settings.level.unit)")
    return (model, model.evaluation(on: heldOut))
  }

  /// How often each of `count` tokens occurs, one more counted for each so that none is impossible, as a share.
  private static func frequencies(of numbers: [Int32], count: Int) -> [Double] {
    var counts = [Double](repeating: 1, count: count)
    for number in numbers { counts[Int(number)] += 1 }
    return counts.map { $0 / Double(numbers.count + count) }
  }
}
