import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct LabelledSentencesTests {
  @Test func wordsAreReplacedInTrainingAloneAndAsOftenAsTheRateSays() {
    let sentence = (1...50).map(Int32.init)
    let examples = LabelledSentences(sentences: [sentence], classes: [1], wordDropout: 0.3)
    guard case .tokens(let read) = examples.batch([0]).inputs else {
      Issue.record("sentences are not tokens")
      return
    }
    #expect(read == PackedSequence([sentence]))
    var generator = SeededGenerator(seed: 2)
    var replaced = 0
    for _ in 0..<40 {
      guard case .tokens(let read) = examples.batch([0], using: &generator).inputs else { return }
      let words = read.sequence(0)
      for (step, original) in sentence.enumerated() where words[step, 0] != original {
        #expect(words[step, 0] == 0)
        replaced += 1
      }
    }
    #expect(500...700 ~= replaced)
  }

  @Test func aLineIsAClassAndWords() throws {
    try withTemporaryFolder { folder in
      writeFile(Array("1 a fine film\n0 dull\n".utf8), to: folder + "/reviews.txt")
      let sentences = try ReviewSentence.read("reviews.txt", in: DataDirectory(folder))
      #expect(
        sentences == [
          ReviewSentence(words: ["a", "fine", "film"], label: 1), ReviewSentence(words: ["dull"], label: 0),
        ])
    }
  }

  @Test(arguments: ["2 fine", "fine", "1", ""])
  func invalidLinesAreNamed(_ line: String) throws {
    try withTemporaryFolder { folder in
      writeFile(Array("1 a fine film\n\(line)\n0 dull\n".utf8), to: folder + "/reviews.txt")
      let error = #expect(throws: DataError.self) {
        try ReviewSentence.read("reviews.txt", in: DataDirectory(folder))
      }
      #expect(error?.line == 2)
    }
  }

  @Test func accuracyIsInPerCent() {
    let examples = LabelledSentences(sentences: [[1], [2], [3], [4]], classes: [1, 0, 0, 1])
    #expect(examples.accuracy(of: [true, false, true, true]) == 75)
  }
}
