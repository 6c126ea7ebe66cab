internal import Figures
internal import Kernels
internal import Models

/// One-to-many: a picture goes in, its caption comes out. Of a handwritten digit its name, letter by letter, and of a
/// scene of two shapes a sentence (Vinyals et al., "Show and tell: a neural image caption generator", 2015).
///
/// The picture decides the state in which a recurrent network starts. That is enough for a name of a few letters; for
/// a sentence the network also reads the picture at every word.
package enum CaptionTask: RecurrentTask {
  package static let description = TaskDescription(
    "caption", "Spells out handwritten digits, and says how shapes lie in a picture.", topology: "one-to-many",
    dataSets: [.digits])

  /// Trains on digits and on scenes, and scores on held-out ones.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let folder = try context.dataFolder(for: .digits)
    let digits = HandwrittenDigits.parts(
      of: try HandwrittenDigits.read(folder(DataSet.digits.files[0])), seed: context.seed)
    let scenes = ShapeScenes().parts(
      training: context.choose(quick: 2000, full: 20_000), validation: context.choose(quick: 200, full: 1000),
      test: 1000, seed: context.seed)
    context.note("\(digits.training.count) digits and \(scenes.training.count) scenes to learn from")

    // Models and training.
    let spelling = try Captioner(
      "digits", digits, .init(units: 128, readsPictureEveryStep: false, epochs: context.choose(quick: 20, full: 60)),
      context)
    let describing = try Captioner(
      "scenes", scenes,
      .init(
        units: context.choose(quick: 128, full: 256), readsPictureEveryStep: true,
        epochs: context.choose(quick: 6, full: 30)),
      context)

    // Score.
    return TaskResult(
      Self.self, context,
      scores: [
        Score(
          "digits, captions that are exact", spelling.exactAccuracy, "%",
          bar: .atLeast(context.choose(quick: 90, full: 95))),
        Score("digits, the most frequent caption", spelling.mostFrequentAccuracy, "%"),
        Score("scenes, captions that are exact", describing.exactAccuracy, "%"),
        Score(
          "scenes, words that are right", describing.tokenAccuracy, "%",
          bar: .atLeast(context.choose(quick: 60, full: 95))),
        Score("scenes, the most frequent caption", describing.mostFrequentAccuracy, "%"),
      ],
      examples: [spelling.example, describing.example],
      figures: [
        .lineChart(LineChart(lossesOf: "digits", spelling.report, unit: "nats per letter")),
        .lineChart(LineChart(lossesOf: "scenes", describing.report, unit: "nats per word")),
      ] + (spelling.pictures(2) + describing.pictures(2)).map(Figure.heatMap))
  }
}

private struct CaptionerSettings {
  var units: Int
  /// Whether the picture is an input at every token, too.
  var readsPictureEveryStep: Bool
  var epochs: Int
}

/// A network that has learned the captions of pictures.
private struct Captioner {
  let name: String
  let pictures: CaptionedPictures
  let model: ConditionedDecoder<Float>
  let report: TrainingReport
  /// The pictures of the test, and the network's caption of each.
  let answers: [(picture: CaptionedPicture, said: [String])]

  init(_ name: String, _ pictures: CaptionedPictures, _ settings: CaptionerSettings, _ context: TaskContext) throws {
    self.name = name
    self.pictures = pictures
    let features = 32
    let beside = settings.readsPictureEveryStep ? pictures.pixelCount : 0
    let decoder = try TokenDecoder(
      embedding: EmbeddingTable(vocabularySize: pictures.vocabulary.count, dimension: features),
      recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: features + beside, hiddenSize: settings.units)),
      contextSize: beside, dropout: 0.1)
    let architecture = try ConditionedArchitecture(contextSize: pictures.pixelCount, decoder: decoder)
    let examples = pictures.examples(of: pictures.training)
    var options = TrainingOptions(epochs: settings.epochs, batchSize: 32, seed: context.seed)
    options.schedule = .cosine(
      peak: 2e-3, warmUpSteps: 50,
      totalSteps: options.epochs * options.batchesPerEpoch(examples: examples.sequences.count))
    (model, report) = try context.session.train(
      name, ConditionedDecoder<Float>(architecture, seed: context.seed), on: examples,
      validatingOn: pictures.examples(of: pictures.validation), options)
    answers = Array(zip(pictures.test, try Self.captions(of: pictures, by: model)))
  }

  /// The captions that `model` gives the test's pictures: the most probable token at each step.
  private static func captions(
    of pictures: CaptionedPictures, by model: ConditionedDecoder<Float>
  ) throws -> [[String]] {
    let longest = pictures.training.map(\.caption.count).max() ?? 0
    return try model.decoder().generate(
      from: pictures.test.map { _ in [CaptionedPictures.start] },
      state: model.state(for: Matrix(pictures.test.map(\.pixels))),
      options: GenerationOptions(
        strategy: .greedy, maximumLength: longest + 1, endToken: CaptionedPictures.end,
        forbidden: [CaptionedPictures.start])
    ).map { pictures.vocabulary.words(of: $0.tokens) }
  }

  /// Captions of the test in which every token is right, in per cent.
  var exactAccuracy: Double {
    100 * Double(answers.count { $0.said == $0.picture.caption }) / Double(answers.count)
  }

  /// Tokens of the test's captions that are right at their position, in per cent.
  var tokenAccuracy: Double {
    var (right, count) = (0, 0)
    for (picture, said) in answers {
      right += zip(said, picture.caption).count { $0 == $1 }
      count += max(said.count, picture.caption.count)
    }
    return 100 * Double(right) / Double(max(count, 1))
  }

  /// Captions of the test that equal the most frequent one of training, in per cent: the baseline.
  var mostFrequentAccuracy: Double {
    var counts: [[String]: Int] = [:]
    for picture in pictures.training { counts[picture.caption, default: 0] += 1 }
    let mostFrequent = counts.max { ($0.value, pictures.text(of: $1.key)) < ($1.value, pictures.text(of: $0.key)) }?.key
    return 100 * Double(pictures.test.count { $0.caption == mostFrequent }) / Double(pictures.test.count)
  }

  /// Some captions of the test, wrong ones among them.
  var example: TaskExample {
    let shown = answers.prefix(5) + answers.dropFirst(5).filter { $0.said != $0.picture.caption }.prefix(3)
    return TaskExample(
      "\(name): what is said, and where it is wrong what is there",
      shown.map { picture, said in
        pictures.text(of: said) + (said == picture.caption ? "" : " (\(pictures.text(of: picture.caption)))")
      })
  }

  /// The first `count` pictures of the test, with the network's captions as titles.
  func pictures(_ count: Int) -> [HeatMap] {
    answers.prefix(count).map { $0.picture.figure(titled: "“\(pictures.text(of: $0.said))”") }
  }
}
