internal import DataIO
internal import Models

/// Captions of images, in numbers of their words, each with a start and an end.
struct GapSentences: Sendable {
  /// The words; unknown, start and end come first.
  let words: Vocabulary
  let training, validation, test: [[Int32]]

  static let unknown: Int32 = 0
  static let start: Int32 = 1
  static let end: Int32 = 2
  /// The number of special tokens, which precede all words.
  static let specialCount = 3

  /// Sentences of words; those words that occur at least twice in `training` are known.
  init(training: [[String]], validation: [[String]], test: [[String]]) {
    let words = Vocabulary(of: training, special: ["<unknown>", "<start>", "<end>"], minimumCount: 2)
    self.words = words
    (self.training, self.validation, self.test) = (
      training.map { Self.numbers(of: $0, words) }, validation.map { Self.numbers(of: $0, words) },
      test.map { Self.numbers(of: $0, words) }
    )
  }

  /// The English captions in `folder`, at most `limits` of each part.
  init(_ folder: DataDirectory, limits: (training: Int, validation: Int, test: Int)) throws(DataError) {
    func sentences(_ part: String, _ limit: Int) throws(DataError) -> [[String]] {
      let sentences = try folder.lines(of: "multi30k/\(part).en")
        .map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
      guard !sentences.isEmpty else {
        throw DataError(file: folder("multi30k/\(part).en"), reason: "holds no sentence")
      }
      return Array(sentences.prefix(limit))
    }
    self.init(
      training: try sentences("train", limits.training), validation: try sentences("val", limits.validation),
      test: try sentences("test_2016_flickr", limits.test))
  }

  /// A sentence with its start and end.
  func numbers(of sentence: [String]) -> [Int32] { Self.numbers(of: sentence, words) }

  private static func numbers(of sentence: [String], _ words: Vocabulary) -> [Int32] {
    [start] + words.numbers(of: sentence) + [end]
  }
}

/// How often the removed word is the first guess, and among the first five. Words outside the vocabulary count as
/// wrong.
struct GapAccuracy: Hashable, Sendable {
  private(set) var first = 0
  private(set) var firstFive = 0
  private(set) var count = 0

  /// Counts a gap, given the score of each word and the answer. Start, end and the unknown word are no guesses; words
  /// tied with the answer rank before it.
  mutating func add(_ scores: some RandomAccessCollection<some BinaryFloatingPoint>, answer: Int32) {
    count += 1
    guard Int(answer) >= GapSentences.specialCount else { return }
    let words = scores.dropFirst(GapSentences.specialCount)
    let right = scores[scores.index(scores.startIndex, offsetBy: Int(answer))]
    // The answer is tied with itself.
    let better = words.count { $0 >= right } - 1
    if better < 1 { first += 1 }
    if better < 5 { firstFive += 1 }
  }

  /// Gaps whose first guess is right, in per cent.
  var top1: Double { 100 * Double(first) / Double(max(count, 1)) }
  /// Gaps with the right word among five guesses, in per cent.
  var top5: Double { 100 * Double(firstFive) / Double(max(count, 1)) }
}
