/// The words, or characters, that a model knows, each with its number.
package struct Vocabulary: Hashable, Sendable {
  /// The word of each number.
  package let words: [String]
  private let numbers: [String: Int32]
  /// The number of the unknown word; `nil` where there is none.
  package let unknown: Int32?

  /// A vocabulary of `words`, which must differ; `unknown` is one of them and replaces all others.
  package init(_ words: [String], unknown: String? = nil) {
    self.words = words
    let numbers = Dictionary(uniqueKeysWithValues: zip(words, Int32(0)...))
    self.numbers = numbers
    self.unknown = unknown.map { word in
      guard let number = numbers[word] else { fatalError("\(word) is none of the words") }
      return number
    }
  }

  /// `special`, the first of which is the unknown word, and then the words of `sentences` that occur at least
  /// `minimumCount` times, the most frequent first, words of one frequency in alphabetical order.
  package init(
    of sentences: some Sequence<[String]>, special: [String], minimumCount: Int = 1, limit: Int = .max
  ) {
    var counts: [String: Int] = [:]
    for sentence in sentences { for word in sentence { counts[word, default: 0] += 1 } }
    for word in special { counts[word] = nil }
    let frequent = counts.filter { $0.value >= minimumCount }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    self.init(special + frequent.prefix(limit).map(\.key), unknown: special.first)
  }

  /// Words, `V`.
  package var count: Int { words.count }

  /// The number of `word`, or of the unknown word; `nil` where it is unknown and there is none of those.
  package subscript(word: String) -> Int32? { numbers[word] ?? unknown }

  /// The number of `word`, which must be in the vocabulary.
  package func number(of word: String) -> Int32 {
    guard let number = numbers[word] else { fatalError("\(word) is not in the vocabulary") }
    return number
  }

  /// The numbers of `words`, unknown ones left out where there is no unknown word.
  package func numbers(of words: some Sequence<String>) -> [Int32] { words.compactMap { self[$0] } }

  package func words(of numbers: some Sequence<Int32>) -> [String] { numbers.map { words[Int($0)] } }
}
