internal import DataIO
internal import Figures
internal import Kernels
internal import Models

/// One-to-many: a language goes in, a name comes out, letter by letter. The language decides the state in which a
/// recurrent network starts, and is an input at every letter.
///
/// Scored on names that it has not seen, beside 4-grams of characters in the same run.
package enum NamesTask: RecurrentTask {
  package static let description = TaskDescription(
    "names", "Invents names in a language.", topology: "one-to-many", dataSets: [.names])

  /// Trains on names of 18 languages, scores on held-out ones, and invents some.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let names = try NameCollection(context.dataFolder(for: .names), seed: context.seed)
    context.note(
      "\(names.training.count) names of \(names.languages.count) languages to learn from, \(names.test.count) to predict"
    )

    // Model.
    let units = context.choose(quick: 96, full: 256)
    let decoder = try TokenDecoder(
      embedding: EmbeddingTable(vocabularySize: names.characters.count, dimension: 32),
      recurrent: RecurrentStack(
        RecurrentCell(.lstm, inputSize: 32 + names.languages.count, hiddenSize: units),
        recurrentDropout: context.choose(quick: 0, full: 0.2)),
      contextSize: names.languages.count, dropout: context.choose(quick: 0, full: 0.3))
    let architecture = try ConditionedArchitecture(contextSize: names.languages.count, decoder: decoder)

    // Training.
    let examples = examples(of: names.training, names)
    var options = TrainingOptions(epochs: context.choose(quick: 6, full: 50), batchSize: 64, seed: context.seed)
    options.schedule = .cosine(
      peak: 4e-3, warmUpSteps: 50,
      totalSteps: options.epochs * options.batchesPerEpoch(examples: examples.sequences.count))
    let (model, report) = try context.session.train(
      "LSTM", ConditionedDecoder<Float>(architecture, seed: context.seed), on: examples,
      validatingOn: Self.examples(of: names.validation, names), options)

    // Score.
    let loss = try model.loss(over: Self.examples(of: names.test, names), batchSize: 256).mean
    let nGrams = NameNGrams(names)
    let baseline = nGrams.loss(of: names.test)
    // A quick run ends before it beats 4-grams.
    let bar = context.choose(
      quick: (2.2, "shows that it learns"), full: (baseline, "4-grams of characters in this run"))
    return TaskResult(
      Self.self, context,
      scores: [
        Score(
          "held-out names, LSTM of \(units) units", loss, "nats per character", bar: .atMost(bar.0), comparison: bar.1),
        Score("held-out names, 4-grams (interpolated Kneser-Ney)", baseline, "nats per character"),
        Score("parameters", Double(model.parameters.count), ""),
      ],
      examples: try inventions(of: model, names, context),
      figures: [
        .lineChart(LineChart(lossesOf: "LSTM", report, unit: "nats per character"))
      ])
  }

  /// Names for the network: the language as a one among zeros.
  private static func examples(
    of entries: [NameCollection.Entry], _ names: NameCollection
  ) -> ConditionedExamples<Float> {
    ConditionedExamples(
      contexts: oneHot(entries.map(\.language), of: names.languages.count), sequences: entries.map(\.characters),
      startToken: NameCollection.start, endToken: NameCollection.end)
  }

  /// A row for each of `places`, with a one there.
  private static func oneHot(_ places: [Int], of count: Int) -> Matrix<Float> {
    var rows = Matrix<Float>.zeros(rows: places.count, columns: count)
    for (row, place) in places.enumerated() { rows[row, place] = 1 }
    return rows
  }

  /// Three names for some languages.
  private static func inventions(
    of model: ConditionedDecoder<Float>, _ names: NameCollection, _ context: TaskContext
  ) throws -> [TaskExample] {
    let known = Set((names.training + names.validation + names.test).map { names.name(of: $0.characters) })
    let decoder = model.decoder()
    return try ["Arabic", "English", "Greek", "Italian", "Japanese", "Polish", "Russian"].compactMap { language in
      guard let place = names.languages.firstIndex(of: language) else { return nil }
      let written = try decoder.generate(
        from: [[Int32]](repeating: [NameCollection.start], count: 3),
        state: model.state(for: oneHot([place, place, place], of: names.languages.count)),
        options: GenerationOptions(
          strategy: .temperature(0.7), maximumLength: 20, endToken: NameCollection.end,
          forbidden: [NameCollection.start], seed: context.seed &+ UInt64(place)))
      return TaskExample(
        language,
        written.map { sequence in
          let name = names.name(of: sequence.tokens)
          return known.contains(name) ? "\(name) (is in the data)" : name
        })
    }
  }
}
