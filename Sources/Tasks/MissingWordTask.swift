internal import DataIO
internal import Figures
internal import Kernels
internal import Models

/// The missing word in the gap of a sentence, from the words before and after it. One network reads forwards up to the
/// gap, another backwards.
///
/// Measured on captions of images, one word removed at a time, beside trigrams that use the words before the gap, and
/// others that use both sides, too.
package enum MissingWordTask: RecurrentTask {
  package static let description = TaskDescription(
    "missing-word", "Finds the word that was removed from a sentence, reading both sides.", topology: "many-to-one",
    dataSets: [.multi30k])

  /// Trains on captions, and removes each word of the test captions.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let data = try GapSentences(
      context.dataFolder(for: .multi30k),
      limits: context.choose(quick: (6000, 200, 100), full: (.max, .max, .max)))
    context.note("\(data.training.count) captions to learn from; \(data.words.count) words are known")

    // Model.
    let (features, units) = context.choose(quick: (64, 64), full: (256, 256))
    let architecture = try GapArchitecture(
      embedding: EmbeddingTable(vocabularySize: data.words.count, dimension: features),
      recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: features, hiddenSize: units)),
      dropout: context.choose(quick: 0.1, full: 0.35))

    // Training.
    let epochs = context.choose(quick: 3, full: 12)
    var options = TrainingOptions(epochs: epochs, batchSize: 64, optimizer: .adam(), seed: context.seed)
    options.schedule = .cosine(
      peak: context.choose(quick: 4e-3, full: 3e-3), warmUpSteps: 100,
      totalSteps: epochs * options.batchesPerEpoch(examples: data.training.count))
    let examples = DrawnGaps(
      examples: GapExamples(
        data.training, unknown: GapSentences.unknown, tokenDropout: context.choose(quick: 0, full: 0.05)),
      share: context.choose(quick: 1, full: 0.7))
    let (model, report) = try context.session.train(
      "LSTM both sides", GapModel<Float>(architecture, seed: context.seed), on: examples,
      validatingOn: DrawnGaps(examples: GapExamples(data.validation, unknown: GapSentences.unknown)), options)

    // Score.
    let network = accuracy(of: model, on: data.test)
    let trigrams = GapTrigrams(data.training, vocabularySize: data.words.count)
    let (oneSide, bothSides) = (
      accuracy(on: data.test, trigrams.probabilities(before:in:)),
      accuracy(on: data.test, trigrams.probabilities(around:in:))
    )
    // A quick run trains on a fifth of the captions, too few to beat counting.
    let bars = context.choose(
      quick: (first: 22.0, firstFive: 40.0), full: (first: bothSides.top1 + 5, firstFive: bothSides.top5 + 5))
    let barIsFrom = context.choose(
      quick: "shows that it learns", full: "5 above trigrams of both sides, in this run")
    return TaskResult(
      Self.self, context,
      scores: [
        Score(
          "first guess, LSTM of 2 × \(units) units", network.top1, "%", bar: .atLeast(bars.first),
          comparison: barIsFrom),
        Score(
          "five guesses, LSTM of 2 × \(units) units", network.top5, "%", bar: .atLeast(bars.firstFive),
          comparison: barIsFrom),
        Score("first guess, trigrams of both sides", bothSides.top1, "%"),
        Score("five guesses, trigrams of both sides", bothSides.top5, "%"),
        Score("first guess, trigrams of what is before", oneSide.top1, "%"),
        Score("five guesses, trigrams of what is before", oneSide.top5, "%"),
        Score("gaps", Double(network.count), ""),
        Score("parameters", Double(model.parameters.count), ""),
      ],
      examples: Self.examples(of: model, data),
      figures: [.lineChart(LineChart(lossesOf: "LSTM both sides", report, unit: "nats per word"))])
  }

  /// Fills every gap of `sentences` with the network.
  private static func accuracy(of model: GapModel<Float>, on sentences: [[Int32]]) -> GapAccuracy {
    var accuracy = GapAccuracy()
    for first in stride(from: 0, to: sentences.count, by: 32) {
      let batch = Array(sentences[first..<min(first + 32, sentences.count)])
      let logits = model(PackedSequence(batch))
      logits.rows.withUnsafeBufferPointer { all in
        for (index, sentence) in batch.enumerated() {
          for gap in 0..<sentence.count - 2 {
            let row = logits.layout.row(of: index, at: gap)
            accuracy.add(all[row * logits.features..<(row + 1) * logits.features], answer: sentence[gap + 1])
          }
        }
      }
    }
    return accuracy
  }

  /// Fills every gap of `sentences` by what `probabilities` says of a place in a sentence.
  private static func accuracy(
    on sentences: [[Int32]], _ probabilities: (Int, [Int32]) -> [Double]
  ) -> GapAccuracy {
    var accuracy = GapAccuracy()
    for sentence in sentences {
      for place in 1..<sentence.count - 1 { accuracy.add(probabilities(place, sentence), answer: sentence[place]) }
    }
    return accuracy
  }

  /// A sentence that many words complete, and some of the test's with a word of their middle removed.
  private static func examples(of model: GapModel<Float>, _ data: GapSentences) -> [TaskExample] {
    let sushi = "i like sushi , i 'm going to eat at the restaurant .".split(separator: " ").map(String.init)
    let test = data.test.prefix(5).map { data.words.words(of: $0.dropFirst().dropLast()) }
    let gaps = [(sushi, 11)] + test.map { ($0, $0.count / 2) }
    return gaps.map { words, place in
      let logits = model(PackedSequence([data.numbers(of: words)])).sequence(0).row(place)
      let guesses = logits.indices.dropFirst(GapSentences.specialCount).sorted { logits[$0] > logits[$1] }.prefix(5)
      var shown = words
      shown[place] = "____"
      return TaskExample(
        shown.joined(separator: " "),
        [
          "guesses: " + data.words.words(of: guesses.map(Int32.init)).joined(separator: ", "),
          "it was: \(words[place])",
        ])
    }
  }
}
