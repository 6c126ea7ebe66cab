internal import DataIO
internal import Kernels
internal import Models

/// Sentences of words with a class each.
struct LabelledSentences: TrainingExamples {
  /// The sentences, in numbers of their words.
  let sentences: [[Int32]]
  let classes: [Int32]
  /// The number of the unknown word.
  var unknown: Int32 = 0
  /// Probability with which a word that is read in training is replaced by the unknown one (Iyyer et al., "Deep
  /// unordered composition rivals syntactic methods for text classification", 2015).
  var wordDropout = 0.0

  var lengths: [Int] { sentences.map(\.count) }

  /// Sentences judged correctly where `judgements` says of each whether it is of class 1, in per cent.
  func accuracy(of judgements: [Bool]) -> Double {
    100 * Double(zip(judgements, classes).count { $0 == ($1 == 1) }) / Double(max(classes.count, 1))
  }

  /// The examples `indices` as they are.
  func batch(_ indices: [Int]) -> SequenceBatch<Float> {
    SequenceBatch(
      inputs: .tokens(PackedSequence(indices.map { sentences[$0] })),
      targets: .finalClasses(indices.map { classes[$0] }))
  }

  /// The examples `indices`, some of their words replaced.
  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> SequenceBatch<Float> {
    var read: [[Int32]] = []
    for index in indices {
      read.append(sentences[index].map { generator.uniform(Double.self) < wordDropout ? unknown : $0 })
    }
    return SequenceBatch(
      inputs: .tokens(PackedSequence(read)), targets: .finalClasses(indices.map { classes[$0] }))
  }
}

/// A sentence of a film review and whether it is for the film.
struct ReviewSentence: Hashable, Sendable {
  let words: [String]
  /// 1 where it is for the film, 0 where against.
  let label: Int32

  /// The sentences of a file of lines `label sentence`. Throws where a line does not begin with 0 or 1 and a space, or
  /// has no word, and where there is no line.
  static func read(_ file: String, in folder: DataDirectory) throws(DataError) -> [ReviewSentence] {
    var sentences: [ReviewSentence] = []
    for (number, line) in try folder.lines(of: file).enumerated() {
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count >= 2, let label = Int32(parts[0]), 0...1 ~= label else {
        throw DataError(
          file: folder(file), line: number + 1, column: 1, reason: "a line is 0 or 1, a space and a sentence")
      }
      sentences.append(ReviewSentence(words: Array(parts.dropFirst()), label: label))
    }
    guard !sentences.isEmpty else { throw DataError(file: folder(file), reason: "holds no sentence") }
    return sentences
  }
}
