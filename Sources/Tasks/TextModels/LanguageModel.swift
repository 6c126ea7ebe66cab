internal import DataIO
internal import Glibc
internal import Kernels
package import Models

/// A network that predicts each token of a text from those before it, with all that a file needs to score further text
/// and to continue a beginning.
package struct LanguageModel: Sendable {
  package let model: SequenceModel<Float>
  package let level: TextLevel
  /// The token of each number.
  package let vocabulary: Vocabulary
  /// How probable each token is without regard to those before it, `[V]`: the baseline.
  package let unigrams: [Double]
  /// How it was trained; `nil` until training ends.
  package var training: TrainingSummary?

  /// Replaces words that are not in the vocabulary.
  static let unknownWord = "<unk>"

  init(model: SequenceModel<Float>, level: TextLevel, vocabulary: Vocabulary, unigrams: [Double]) {
    self.model = model
    self.level = level
    self.vocabulary = vocabulary
    self.unigrams = unigrams
  }

  /// The numbers of the tokens of `text`.
  ///
  /// - Throws: ``UnknownTokens`` with all unknown tokens, where the vocabulary has no unknown word.
  package func numbers(of text: String) throws(UnknownTokens) -> [Int32] {
    let tokens = level.tokens(of: text)
    let unknown = tokens.indices.filter { vocabulary[tokens[$0]] == nil }
    guard let first = unknown.first else { return vocabulary.numbers(of: tokens) }
    // Only at the level of characters is a token unknown, and its place that in the text.
    let before = tokens[..<first]
    let line = 1 + before.count { $0 == "\n" }
    let column = before.reversed().prefix { $0 != "\n" }.count + 1
    var seen: Set<String> = []
    throw UnknownTokens(
      tokens: unknown.map { tokens[$0] }.filter { seen.insert($0).inserted }, line: line, column: column)
  }

  /// How well it predicts `text`, beside the frequency of its tokens in what it learned from.
  ///
  /// - Throws: ``UnknownTokens``; `DataError` for `file` where there are fewer than two tokens.
  package func evaluation(on text: String, file: String) throws -> TextEvaluation {
    let numbers = try numbers(of: text)
    guard numbers.count > 1 else {
      throw DataError(file: file, reason: "holds \(numbers.count) \(level.unit)s, wanted at least 2")
    }
    return evaluation(on: numbers)
  }

  /// The same for tokens.
  func evaluation(on numbers: [Int32]) -> TextEvaluation {
    let predicted = numbers.dropFirst()
    var loss = LossValue(mean: 0, count: 0)
    var state = model.zeroState(batch: 1)
    // In pieces, each from the state that the one before ends in: every token but the first is predicted from all
    // before it, and the predictions of a long text need no more memory than those of a piece.
    for start in stride(from: 0, to: predicted.count, by: Self.pieceLength) {
      let piece = start..<min(start + Self.pieceLength, predicted.count)
      let (predictions, next) = model(.tokens(PackedSequence([Array(numbers[piece])])), from: state)
      state = next
      let mean = predictions.withView { predictions in
        predicted[(piece.lowerBound + 1)...piece.upperBound].withUnsafeBufferPointer {
          softmaxCrossEntropy(predictions, $0, execution: model.execution)
        }
      }
      loss.add(LossValue(mean: Double(mean), count: piece.count))
    }
    return TextEvaluation(
      unit: level.unit, count: loss.count, loss: loss.mean,
      unigramLoss: -predicted.reduce(0) { $0 + log(unigrams[Int($1)]) } / Double(predicted.count),
      unknown: vocabulary.unknown.map { unknown in Double(predicted.count { $0 == unknown }) / Double(predicted.count) }
    )
  }

  /// The default beginning of a text: a new line, or the first token where the vocabulary has none.
  package var usualBeginning: String { vocabulary["\n"] == nil ? vocabulary.words[0] : "\n" }

  /// Steps of a piece.
  private static let pieceLength = 1000

  /// What follows `prompt`: `length` tokens, without the prompt.
  ///
  /// - Throws: ``UnknownTokens``; `ConfigurationError` where the prompt is empty or a setting is invalid.
  package func continuation(
    of prompt: String, length: Int, strategy: SamplingStrategy, seed: UInt64
  ) throws -> String {
    let decoder = try model.decoder()
    let generated = try decoder.generate(
      from: try numbers(of: prompt), state: decoder.zeroState(batch: 1),
      options: GenerationOptions(
        strategy: strategy, maximumLength: length, forbidden: Set([vocabulary.unknown].compactMap(\.self)), seed: seed))
    return level.text(of: vocabulary.words(of: generated.tokens))
  }
}

/// Tokens that a model has never seen.
package struct UnknownTokens: Error, Hashable, CustomStringConvertible {
  /// Each once, in the order in which they occur.
  package let tokens: [String]
  /// The line of the first, counted from 1.
  package let line: Int
  /// The column of the first, counted from 1.
  package let column: Int

  package var description: String {
    let shown = tokens.prefix(10).map { quoted($0) }.joined(separator: ", ") + (tokens.count > 10 ? ", …" : "")
    return "the model does not know \(shown)"
  }
}

/// How well a language model predicts a text.
package struct TextEvaluation: Hashable, Codable, Sendable {
  /// What a token is: “character”.
  package let unit: String
  /// The number of tokens predicted.
  package let count: Int
  /// The mean −log probability, in nats per token.
  package let loss: Double
  /// The same for the baseline of frequencies alone.
  package let unigramLoss: Double
  /// The share of tokens that are not in the vocabulary; `nil` where there are none.
  package let unknown: Double?

  /// e to the loss: the number of tokens among which the model is undecided.
  package var perplexity: Double { exp(loss) }
}
