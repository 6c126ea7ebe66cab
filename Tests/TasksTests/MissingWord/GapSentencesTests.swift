import Testing

@testable import Tasks

@Suite struct GapSentencesTests {
  private let sentences = GapSentences(
    training: [["a", "dog", "runs"], ["a", "dog", "sleeps"], ["a", "cat", "sleeps"]], validation: [["a", "cat"]],
    test: [["the", "dog"]])

  @Test func wordsThatOccurOnceAreUnknown() {
    #expect(sentences.words.words == ["<unknown>", "<start>", "<end>", "a", "dog", "sleeps"])
    #expect(sentences.training == [[1, 3, 4, 0, 2], [1, 3, 4, 5, 2], [1, 3, 0, 5, 2]])
    #expect(sentences.test == [[1, 0, 4, 2]] && sentences.validation == [[1, 3, 0, 2]])
  }

  @Test func aGuessIsRightWhereNoOtherWordIsAsProbable() {
    var accuracy = GapAccuracy()
    // Unknown, start and end are no guesses, however probable.
    accuracy.add([9.0, 9, 9, 0.1, 0.2, 0.3, 0, 0, 0], answer: 5)
    #expect(accuracy.top1 == 100 && accuracy.top5 == 100)
    accuracy.add([0.0, 0, 0, 0.3, 0.2, 0.3, 0, 0, 0], answer: 5)
    #expect(accuracy.top1 == 50 && accuracy.top5 == 100)
    accuracy.add([0.0, 0, 0, 0.3, 0.2, 0.3, 0.4, 0.5, 0.1], answer: 8)
    #expect(accuracy.top1 == 100.0 / 3 && accuracy.top5 == 200.0 / 3)
  }

  @Test func theUnknownWordIsNeverGuessed() {
    var accuracy = GapAccuracy()
    accuracy.add([9.0, 0, 0, 0.1], answer: 0)
    #expect(accuracy.count == 1 && accuracy.top5 == 0)
  }
}
