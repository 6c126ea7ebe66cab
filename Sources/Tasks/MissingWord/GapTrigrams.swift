internal import Glibc

/// Trigrams as a baseline for gaps: the word that makes its neighbours most probable.
///
/// Three trigrams hold the gap w between a b and c d: P(w | a b) · P(c | b w) · P(d | w c) is, up to a factor, the
/// probability that a trigram model gives to w when the whole sentence is known.
struct GapTrigrams: Sendable {
  private let model: NGramModel

  /// Counts `sentences`, each with its start and end.
  init(_ sentences: [[Int32]], vocabularySize: Int) {
    model = NGramModel(order: 3, vocabularySize: vocabularySize, sequences: sentences.map { Array($0.dropFirst()) })
  }

  /// The probability of every word at `place` of `sentence` after the two words before it, `[V]`.
  func probabilities(before place: Int, in sentence: [Int32]) -> [Double] {
    model.probabilities(after: ([NGramModel.start] + sentence[1..<place])[...])
  }

  /// The same with what is after the gap, up to a factor, `[V]`.
  func probabilities(around place: Int, in sentence: [Int32]) -> [Double] {
    var probabilities = probabilities(before: place, in: sentence)
    // The start of a sentence is a context of this model and no token.
    let before = place == 1 ? NGramModel.start : sentence[place - 1]
    var (left, right) = ([before, 0], [0, sentence[place + 1]])
    let last = place + 2 < sentence.count ? sentence[place + 2] : nil
    for word in probabilities.indices {
      left[1] = Int32(word)
      probabilities[word] *= model.probability(of: sentence[place + 1], after: left[...])
      guard let last else { continue }
      right[0] = Int32(word)
      probabilities[word] *= model.probability(of: last, after: right[...])
    }
    return probabilities
  }
}
