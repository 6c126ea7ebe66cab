internal import DataIO
internal import Figures
internal import Kernels
internal import Models

/// Continuing a text: a network that predicts each character of the plays of Shakespeare from those before it, and so
/// can continue a beginning (Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015).
///
/// Two layers of LSTM over streams of the training text, the state carried from window to window.
package enum TextTask: RecurrentTask {
  package static let description = TaskDescription(
    "text", "Predicts the next character of Shakespeare and continues a beginning.", topology: "many-to-many",
    dataSets: [.shakespeare])

  /// Trains on the first nine tenths of the text, and scores on the rest.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let text = try Text(context)
    context.note("\(text.training.count) characters to learn from, \(text.validation.count) to predict")

    // Model.
    let hiddenSize = context.choose(quick: 128, full: 384)
    let layers = context.choose(quick: 1, full: 2)
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: text.characters.count, dimension: 64),
      recurrent: RecurrentStack(
        RecurrentCell(.lstm, inputSize: 64, hiddenSize: hiddenSize), layers: layers,
        dropout: layers > 1 ? 0.3 : 0),
      outputSize: text.characters.count, loss: .softmaxCrossEntropy, truncation: 100)

    // Training.
    let streams = try TokenStreams<Float>(text.training, streams: 32, window: 100)
    let heldOut = try TokenStreams<Float>(text.validation, streams: context.choose(quick: 32, full: 8), window: 100)
    let epochs = context.choose(quick: 3, full: 8)
    let options = TrainingOptions(
      epochs: epochs, batchSize: streams.count,
      schedule: .cosine(
        peak: context.choose(quick: 4e-3, full: 3e-3), warmUpSteps: 50, totalSteps: epochs * streams.windows),
      seed: context.seed)
    let (model, report) = try context.session.train(
      "LSTM", SequenceModel<Float>(architecture, seed: context.seed), on: streams, validatingOn: heldOut, options)

    // Score.
    let loss = try model.loss(over: heldOut, batchSize: heldOut.count).mean
    let nGrams = NGramModel(order: 6, vocabularySize: text.characters.count, sequences: [text.training])
    return TaskResult(
      Self.self, context,
      scores: [
        Score(
          "validation loss, LSTM of \(layers) × \(hiddenSize) units", loss, "nats per character",
          bar: .atMost(context.choose(quick: 2.2, full: 1.50)),
          comparison: "a transformer of 10.65M parameters: 1.47 (nanoGPT)"),
        Score(
          "validation loss, 6-grams (interpolated Kneser-Ney)", nGrams.loss(of: [text.validation]).mean,
          "nats per character"),
        Score("parameters", Double(model.parameters.count), ""),
      ],
      examples: try beginnings.map { beginning in
        try TaskExample(
          "Continued by the network from “\(beginning)”",
          text.continuation(of: beginning, by: model, seed: context.seed))
      },
      figures: [
        .lineChart(LineChart(lossesOf: "LSTM", report, unit: "nats per character")),
        .heatMap(try text.gates(of: model)),
      ])
  }

  private static let beginnings = ["ROMEO:", "First Citizen:"]

  /// The text in two parts, in numbers of its characters.
  private struct Text {
    let characters: Vocabulary
    let training: [Int32]
    let validation: [Int32]

    /// The minimum length: every stream of the held-out tenth needs some characters.
    private static let minLength = 40_000

    /// The first nine tenths are for training, as everywhere.
    init(_ context: TaskContext) throws(DataError) {
      let folder = try context.dataFolder(for: .shakespeare)
      var text = Array(try FileReading.text(of: folder(DataSet.shakespeare.files[0])).unicodeScalars.map(String.init))
      guard text.count >= Self.minLength else {
        throw DataError(
          file: folder(DataSet.shakespeare.files[0]),
          reason: "holds \(text.count) characters, wanted \(Self.minLength) at least")
      }
      if context.scale == .quick { text = Array(text.prefix(200_000)) }
      characters = Vocabulary(Set(text).sorted())
      let numbers = characters.numbers(of: text)
      let cut = numbers.count * 9 / 10
      training = Array(numbers[..<cut])
      validation = Array(numbers[cut...])
    }

    /// The activity of the first layer's gates while `model` reads the beginning of the held-out part.
    func gates(of model: SequenceModel<Float>) throws -> HeatMap {
      let shown = Array(validation.prefix(60))
      let names = characters.words(of: shown).map { $0 == "\n" ? "↵" : $0 == " " ? "␣" : $0 }
      return HeatMap(
        "Gates of the first layer over a text", try model.gateActivity(on: .tokens(PackedSequence([shown]))),
        unitsOf: "forget", units: 12, steps: (names, "character"))
    }

    /// The lines of `beginning` and what `model` writes after it.
    func continuation(of beginning: String, by model: SequenceModel<Float>, seed: UInt64) throws -> [String] {
      let decoder = try model.decoder()
      let prompt = characters.numbers(of: beginning.unicodeScalars.map(String.init))
      let written = try decoder.generate(
        from: prompt, state: decoder.zeroState(batch: 1),
        options: GenerationOptions(
          strategy: .nucleus(0.95, temperature: 0.8), maximumLength: 400, seed: seed))
      return (beginning + characters.words(of: written.tokens).joined())
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
