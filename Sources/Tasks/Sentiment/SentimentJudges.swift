internal import Glibc
internal import Kernels
internal import Models

/// An ensemble of networks that judge sentences: the mean of their probabilities.
struct SentimentJudges: Sendable {
  private let models: [SequenceModel<Float>]

  /// The judgement of `models`, each of which gives a sentence two logits, of class 0 and of class 1.
  init(_ models: [SequenceModel<Float>]) {
    require(
      !models.isEmpty && models.allSatisfy { $0.architecture.head.outputSize == 2 }, "judges have two classes")
    self.models = models
  }

  /// The probability that each of `sentences` is of class 1, `[B]`.
  func probabilities(of sentences: [[Int32]]) -> [Double] {
    var sums = [Double](repeating: 0, count: sentences.count)
    // Sentences of similar length together.
    let order = sentences.indices.sorted { (sentences[$0].count, $0) < (sentences[$1].count, $1) }
    for first in stride(from: 0, to: order.count, by: 64) {
      let batch = order[first..<min(first + 64, order.count)]
      let inputs = SequenceInputs<Float>.tokens(PackedSequence(batch.map { sentences[$0] }))
      for model in models {
        let logits = model(inputs).predictions
        for (row, place) in batch.enumerated() {
          sums[place] += 1 / (1 + exp(Double(logits[row, 0]) - Double(logits[row, 1])))
        }
      }
    }
    return sums.map { $0 / Double(models.count) }
  }

  /// The probability that `sentence` is of class 1.
  func probability(of sentence: [Int32]) -> Double { probabilities(of: [sentence])[0] }

  /// The same for the first word of `sentence`, for its first two, and so on, `[T]`. Networks that read both directions
  /// read each beginning anew.
  func probabilitiesAfterEachWord(of sentence: [Int32]) -> [Double] {
    probabilities(of: sentence.indices.map { Array(sentence[...$0]) })
  }

  /// Sentences judged correctly, in per cent.
  func accuracy(on examples: LabelledSentences) -> Double {
    examples.accuracy(of: probabilities(of: examples.sentences).map { $0 > 0.5 })
  }
}
