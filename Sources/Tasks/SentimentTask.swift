internal import DataIO
internal import Figures
internal import Kernels
internal import Models

/// Judging: whether a sentence of a film review is for the film or against it. A network reads the words in both
/// directions, and a linear map judges the mean of its outputs.
///
/// Trained on sentences alone, without pretrained word vectors; scored beside naive Bayes over words and pairs of
/// words in the same run.
package enum SentimentTask: RecurrentTask {
  package static let description = TaskDescription(
    "sentiment", "Judges whether a sentence of a film review is for the film or against it.", topology: "many-to-one",
    dataSets: [.filmReviews])

  /// Trains on the training sentences, stops by the development sentences, and scores on the test sentences.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let reviews = try Reviews(context)
    context.note(
      "\(reviews.training.sentences.count) sentences to learn from; \(reviews.words.count) words are known")

    // Model.
    let units = context.choose(quick: 32, full: 64)
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: reviews.words.count, dimension: units),
      recurrent: RecurrentStack(
        RecurrentCell(.lstm, inputSize: units, hiddenSize: units), isBidirectional: true,
        recurrentDropout: context.choose(quick: 0, full: 0.3)),
      readout: .meanState, outputSize: 2, loss: .softmaxCrossEntropy)

    var scheme = InitializationScheme.recommended
    // Small initial rows: words are rare, and large random ones would outweigh what training changes.
    scheme.embedding = .normal(standardDeviation: 0.3)

    // Training: several networks that differ in their seed alone.
    let epochs = context.choose(quick: 3, full: 6)
    var (models, reports): ([SequenceModel<Float>], [TrainingReport]) = ([], [])
    for number in 1...context.choose(quick: UInt64(1), full: 5) {
      let seed = context.seed &* 1000 &+ number
      var options = TrainingOptions(
        epochs: epochs, batchSize: 32, optimizer: .adamW(weightDecay: 0.05), seed: seed)
      options.schedule = .cosine(
        peak: 2e-3, warmUpSteps: 50,
        totalSteps: epochs * options.batchesPerEpoch(examples: reviews.training.sentences.count))
      let (model, report) = try context.session.train(
        "LSTM \(number)", SequenceModel<Float>(architecture, scheme: scheme, seed: seed), on: reviews.training,
        validatingOn: reviews.development, options)
      models.append(model)
      reports.append(report)
    }

    // Score.
    let judges = SentimentJudges(models)
    let alone = models.map { SentimentJudges([$0]).accuracy(on: reviews.test) }
    let bayes = NaiveBayes(reviews.training.sentences, classes: reviews.training.classes)
    let baseline = reviews.test.accuracy(of: reviews.test.sentences.map { bayes.logOdds(of: $0) > 0 })
    let together = models.count == 1 ? "one bidirectional LSTM" : "\(models.count) bidirectional LSTMs together"
    return TaskResult(
      Self.self, context,
      scores: [
        Score(
          "test sentences, \(together)", judges.accuracy(on: reviews.test), "%",
          bar: .atLeast(context.choose(quick: 72, full: 80)), comparison: "half of them are for the film"),
        Score("test sentences, the mean of the networks alone", alone.reduce(0, +) / Double(alone.count), "%"),
        Score("test sentences, naive Bayes over words and pairs", baseline, "%"),
        Score("development sentences, \(together)", judges.accuracy(on: reviews.development), "%"),
        Score("parameters", Double(models.reduce(0) { $0 + $1.parameters.count }), ""),
      ],
      examples: reviews.test.sentences.prefix(5).enumerated().map { place, sentence in
        TaskExample(
          reviews.words.words(of: sentence).joined(separator: " "),
          [
            "\(percent(judges.probability(of: sentence))) for the film; it is "
              + (reviews.test.classes[place] == 1 ? "for it" : "against it")
          ])
      } + [running(shown, judges, reviews.words)],
      figures: [figure(shown, judges, reviews.words)]
        + reports.prefix(1).map {
          .lineChart(LineChart(lossesOf: "the first LSTM", $0, unit: "nats per sentence"))
        })
  }

  /// A sentence whose judgement comes after “but”.
  private static let shown = "the film looks beautiful , but the story is dull and goes nowhere ."
    .split(separator: " ").map(String.init)

  /// The networks' judgement after each word.
  private static func running(_ words: [String], _ judges: SentimentJudges, _ vocabulary: Vocabulary) -> TaskExample {
    let probabilities = judges.probabilitiesAfterEachWord(of: vocabulary.numbers(of: words))
    return TaskExample(
      "For the film, after each word", zip(words, probabilities).map { "\(percent($1))  \($0)" })
  }

  /// The same as a figure.
  private static func figure(_ words: [String], _ judges: SentimentJudges, _ vocabulary: Vocabulary) -> Figure {
    .heatMap(
      HeatMap(
        "What the networks think after each word", rows: ["for the film"],
        columns: words.enumerated().map { "\($0 + 1) \($1)" },
        values: [judges.probabilitiesAfterEachWord(of: vocabulary.numbers(of: words))], axes: ("", "word"),
        value: FigureAxis("probability")))
  }

  private static func percent(_ probability: Double) -> String { "\(Int((100 * probability).rounded())) %" }

  /// The sentences of the three parts, in numbers of their words.
  private struct Reviews {
    let words: Vocabulary
    let training, development, test: LabelledSentences

    /// Words that occur once in the training sentences are unknown.
    init(_ context: TaskContext) throws {
      let folder = try context.dataFolder(for: .filmReviews)
      let parts = try DataSet.filmReviews.files.map { try ReviewSentence.read($0, in: folder) }
      let words = Vocabulary(of: parts[0].map(\.words), special: ["<unknown>"], minimumCount: 2)
      self.words = words
      func numbers(_ part: [ReviewSentence], wordDropout: Double = 0) -> LabelledSentences {
        LabelledSentences(
          sentences: part.map { words.numbers(of: $0.words) }, classes: part.map(\.label), wordDropout: wordDropout)
      }
      training = numbers(parts[0], wordDropout: context.choose(quick: 0.3, full: 0.4))
      (development, test) = (numbers(parts[1]), numbers(parts[2]))
    }
  }
}
