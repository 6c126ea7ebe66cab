internal import DataIO
internal import Figures
internal import Glibc
internal import Kernels
internal import Models

/// Translation: an encoder reads a German caption in both directions, and a decoder, which attends to every word of
/// it, writes the English one (Bahdanau, Cho & Bengio 2015; Luong, Pham & Manning 2015).
///
/// The same network without attention is trained beside it, and the source itself is scored as a translation.
package enum TranslationTask: RecurrentTask {
  package static let description = TaskDescription(
    "translation", "Translates captions from German to English, with attention and without.",
    topology: "many-to-many, of another length", dataSets: [.multi30k])

  /// Trains both networks and scores them on the test of 2016; a quick run trains a small one on short sentences.
  package static func run(in context: TaskContext) throws -> TaskResult {
    // Data.
    let corpus = try Corpus(context)
    context.note(
      "\(corpus.training.sources.count) pairs to learn from, vocabularies of \(corpus.german.count) and "
        + "\(corpus.english.count) words")

    // Models and training.
    let attentive = try Translator.trained(on: corpus, withAttention: true, in: context)
    guard context.scale == .full else {
      return TaskResult(
        Self.self, context, scores: corpus.perplexities(of: attentive, maxShareOfUnigrams: 0.35),
        examples: try corpus.examples(of: [attentive]), figures: try attentive.figures(corpus))
    }
    let attentiveScore = try corpus.score(of: attentive, context)
    let blind = try Translator.trained(on: corpus, withAttention: false, in: context)
    let blindScore = try corpus.score(of: blind, context)

    // Score.
    let scores = [
      Score(
        "BLEU, with attention", attentiveScore, "", bar: .atLeast(25),
        comparison: "a GRU with attention: 28.3 (bentrevett/pytorch-seq2seq)"),
      Score(
        "BLEU, without attention", blindScore, "",
        comparison: "a GRU without attention: 20.6, an LSTM: 13.8 (bentrevett/pytorch-seq2seq)"),
      Score("BLEU of the source, unchanged", corpus.bleu(of: corpus.test.map(\.german)), ""),
    ]
    return TaskResult(
      Self.self, context, scores: scores + corpus.perplexities(of: attentive, maxShareOfUnigrams: nil),
      examples: try corpus.examples(of: [attentive, blind]),
      figures: try attentive.figures(corpus)
        + [.lineChart(LineChart(lossesOf: blind.name, blind.report, unit: "nats per word"))])
  }
}

// MARK: - Data

/// Aligned captions of images: training, validation and test.
private struct Corpus {
  typealias Pair = (german: [String], english: [String])

  let german: Vocabulary
  let english: Vocabulary
  let training: EncoderDecoderExamples<Float>
  let validation: EncoderDecoderExamples<Float>
  let test: [Pair]

  /// The tokens for rare words, the start and the end of a sentence.
  static let (unknown, start, end) = ("<unk>", "<s>", "</s>")

  /// The whole of it; in a quick run short sentences of the first part of it.
  init(_ context: TaskContext) throws(DataError) {
    let folder = try context.dataFolder(for: .multi30k)
    let longest = context.choose(quick: 9, full: 100)
    func pairs(_ part: String) throws(DataError) -> [Pair] {
      let (german, english) = (try folder.lines(of: "multi30k/\(part).de"), try folder.lines(of: "multi30k/\(part).en"))
      guard german.count == english.count else {
        throw DataError(
          file: folder("multi30k/\(part).en"),
          reason: "\(english.count) lines for the \(german.count) of \(part).de; wanted as many")
      }
      let pairs = zip(german, english).map { ($0.words, $1.words) }
        .filter { 1...longest ~= $0.0.count && 1...longest ~= $0.1.count }
      guard !pairs.isEmpty else { throw DataError(file: folder("multi30k/\(part).de"), reason: "holds no pairs") }
      return pairs
    }
    let (training, validation) = (try pairs("train"), try pairs("val"))
    test = try pairs("test_2016_flickr")
    func vocabulary(_ sentences: [[String]]) -> Vocabulary {
      Vocabulary(of: sentences, special: [Self.unknown, Self.start, Self.end], minimumCount: 2, limit: 10_000)
    }
    let (german, english) = (vocabulary(training.map(\.german)), vocabulary(training.map(\.english)))
    func examples(_ pairs: [Pair]) -> EncoderDecoderExamples<Float> {
      EncoderDecoderExamples(
        sources: pairs.map { german.numbers(of: $0.german) }, targets: pairs.map { english.numbers(of: $0.english) },
        startToken: english.number(of: Self.start), endToken: english.number(of: Self.end))
    }
    self.training = examples(training)
    self.validation = examples(validation)
    (self.german, self.english) = (german, english)
  }

  /// The perplexity of `translator`, and of the frequencies of the words alone.
  func perplexities(of translator: Translator, maxShareOfUnigrams share: Double?) -> [Score] {
    var counts = [Double](repeating: 1, count: english.count)
    for sentence in training.targets { for word in sentence + [training.endToken] { counts[Int(word)] += 1 } }
    let total = counts.reduce(0, +)
    let words = validation.targets.flatMap { $0 + [validation.endToken] }
    let unigrams = exp(-words.reduce(0) { $0 + log(counts[Int($1)] / total) } / Double(words.count))
    return [
      Score(
        "validation perplexity, \(translator.name)", exp(translator.report.validationLosses.min() ?? .nan), "",
        bar: share.map { .atMost($0 * unigrams) }),
      Score("validation perplexity of the words' frequencies", unigrams, ""),
    ]
  }

  /// The BLEU of `translations` of the test.
  func bleu(of translations: [[String]]) -> Double { BLEU(of: translations, references: test.map(\.english)).score }

  /// The BLEU of `translator` on the test.
  func score(of translator: Translator, _ context: TaskContext) throws -> Double {
    context.note("\(translator.name): translating \(test.count) sentences")
    let score = bleu(of: try translator.translations(of: test))
    context.note("\(translator.name): BLEU \(fixed(score, decimals: 2))")
    return score
  }

  /// A few sentences of the test as each of `translators` gives them.
  func examples(of translators: [Translator]) throws -> [TaskExample] {
    let shown = stride(from: 0, to: test.count, by: max(1, test.count / 5)).prefix(5).map { test[$0] }
    let translations = try translators.map { try $0.translations(of: shown) }
    return shown.enumerated().map { index, pair in
      TaskExample(
        pair.german.joined(separator: " "),
        ["reference: " + pair.english.joined(separator: " ")]
          + zip(translators, translations).map { "\($0.name): " + $1[index].joined(separator: " ") })
    }
  }
}

extension String {
  fileprivate var words: [String] { split(separator: " ").map(String.init) }
}

// MARK: - Model

/// A trained network, and how its training went.
private struct Translator {
  let name: String
  let model: EncoderDecoder<Float>
  let report: TrainingReport
  let corpus: Corpus

  static func trained(on corpus: Corpus, withAttention: Bool, in context: TaskContext) throws -> Translator {
    let name = withAttention ? "with attention" : "without attention"
    let epochs = context.choose(quick: 8, full: 7)
    let options = TrainingOptions(epochs: epochs, batchSize: context.choose(quick: 32, full: 128), seed: context.seed)
    let steps = epochs * options.batchesPerEpoch(examples: corpus.training.sources.count)
    var scheduled = options
    scheduled.schedule = .cosine(
      peak: context.choose(quick: 4e-3, full: 1.5e-3), warmUpSteps: steps / 20, totalSteps: steps)
    let architecture = try architecture(corpus, withAttention: withAttention, in: context)
    let (model, report) = try context.session.train(
      name, EncoderDecoder<Float>(architecture, seed: context.seed), on: corpus.training,
      validatingOn: corpus.validation, scheduled)
    return Translator(name: name, model: model, report: report, corpus: corpus)
  }

  /// An encoder of both directions; a decoder as wide as both together, whose head is its embedding.
  private static func architecture(
    _ corpus: Corpus, withAttention: Bool, in context: TaskContext
  ) throws(ConfigurationError) -> EncoderDecoderArchitecture {
    let features = context.choose(quick: 64, full: 256)
    let units = context.choose(quick: 64, full: 192)
    let dropout = context.choose(quick: 0.1, full: 0.35)
    return try EncoderDecoderArchitecture(
      encoder: TokenEncoder(
        embedding: EmbeddingTable(vocabularySize: corpus.german.count, dimension: features),
        recurrent: RecurrentStack(
          RecurrentCell(.gru, inputSize: features, hiddenSize: units), isBidirectional: true),
        dropout: dropout),
      decoder: TokenDecoder(
        embedding: EmbeddingTable(vocabularySize: corpus.english.count, dimension: features),
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: features, hiddenSize: 2 * units)),
        attention: withAttention ? .multiplicative(querySize: 2 * units, memorySize: 2 * units) : nil,
        readoutSize: features, tiesEmbedding: true, dropout: dropout))
  }

  /// The best translation of each sentence that beam search finds. The unknown word is never written.
  func translations(of pairs: [Corpus.Pair]) throws(ConfigurationError) -> [[String]] {
    let (decoder, english) = (model.decoder(), corpus.english)
    let start = english.number(of: Corpus.start)
    var translations = [[String]](repeating: [], count: pairs.count)
    let byLength = pairs.indices.sorted { (pairs[$0].german.count, $0) < (pairs[$1].german.count, $1) }
    for first in stride(from: 0, to: pairs.count, by: Self.sentencesAtOnce) {
      let indices = byLength[first..<min(first + Self.sentencesAtOnce, pairs.count)]
      let sources = indices.map { corpus.german.numbers(of: pairs[$0].german) }
      let options = BeamSearchOptions(
        width: 5, maximumLength: 2 * (sources.last?.count ?? 0) + 5, endToken: english.number(of: Corpus.end),
        lengthPenalty: 1, forbidden: [english.number(of: Corpus.unknown), start])
      let found = try decoder.beamSearch(
        from: sources.map { _ in [start] }, state: model.state(for: sources), options: options)
      for (index, sequences) in zip(indices, found) { translations[index] = english.words(of: sequences[0].tokens) }
    }
    return translations
  }

  private static let sentencesAtOnce = 40

  /// The losses, and the attention of the decoder over a sentence of the test.
  func figures(_ corpus: Corpus) throws(ConfigurationError) -> [Figure] {
    let losses = Figure.lineChart(LineChart(lossesOf: name, report, unit: "nats per word"))
    guard let shown = corpus.test.first(where: { $0.german.count >= 8 }) ?? corpus.test.first else { return [losses] }
    let written = try translations(of: [shown])[0]
    let inputs = corpus.english.numbers(of: [Corpus.start] + written)
    let weights = model.attentionWeights(of: inputs, source: corpus.german.numbers(of: shown.german))
    let map = HeatMap(
      "What the decoder looks at when it writes a word", rows: written + ["(end)"], columns: shown.german,
      values: weights.nestedRows.map { $0.map(Double.init) }, axes: (row: "written", column: "read"),
      value: FigureAxis("attention weight"))
    return [losses, .heatMap(map)]
  }
}
