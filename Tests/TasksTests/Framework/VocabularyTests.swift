import Tasks
import Testing

@Suite struct VocabularyTests {
  private let sentences = [["a", "dog", "runs"], ["a", "cat", "sleeps"], ["the", "dog"]]

  @Test func frequentWordsComeFirstAndEqualOnesInAlphabeticalOrder() {
    #expect(
      Vocabulary(of: sentences, special: ["<unk>"]).words == ["<unk>", "a", "dog", "cat", "runs", "sleeps", "the"])
    #expect(Vocabulary(of: sentences, special: ["<unk>"], minimumCount: 2).words == ["<unk>", "a", "dog"])
    #expect(Vocabulary(of: sentences, special: ["<unk>"], limit: 1).words == ["<unk>", "a"])
  }

  @Test func wordsAndNumbersAreInverse() {
    let vocabulary = Vocabulary(of: sentences, special: ["<unk>"])
    #expect(vocabulary.words(of: vocabulary.numbers(of: sentences[1])) == sentences[1])
  }

  @Test func unknownWordsAreReplacedOrLeftOut() {
    #expect(Vocabulary(of: sentences, special: ["<unk>"])["bird"] == 0)
    #expect(Vocabulary(["x", "y"])["z"] == nil)
    #expect(Vocabulary(["x", "y"]).numbers(of: ["y", "z", "x"]) == [1, 0])
  }
}
