import Testing

@testable import Tasks

@Suite struct GapTrigramsTests {
  /// Start 1, end 2, words 3 to 7.
  private static let sentences: [[Int32]] = [
    [1, 3, 4, 5, 2], [1, 3, 4, 5, 2], [1, 3, 4, 6, 7, 2], [1, 3, 6, 7, 2], [1, 7, 4, 2],
  ]

  @Test func bothSidesGiveTheProbabilityOfTheWholeSentence() {
    let (trigrams, model) = (
      GapTrigrams(Self.sentences, vocabularySize: 8),
      NGramModel(order: 3, vocabularySize: 8, sequences: Self.sentences.map { Array($0.dropFirst()) })
    )
    let sentence: [Int32] = [1, 3, 4, 6, 7, 2]
    for place in 1...4 {
      let found = trigrams.probabilities(around: place, in: sentence)
      let whole: [Double] = (0..<8).map { word in
        var filled = sentence
        filled[place] = Int32(word)
        let tokens = [NGramModel.start] + filled.dropFirst()
        return tokens.indices.dropFirst().reduce(1) { $0 * model.probability(of: tokens[$1], after: tokens[..<$1]) }
      }
      // Equal up to a factor.
      for word in 0..<8 {
        #expect(abs(found[word] / found[3] - whole[word] / whole[3]) < 1e-10 * found[word] / found[3])
      }
    }
  }

  @Test func bothSidesDecideWhatOneSideCannot() {
    let trigrams = GapTrigrams(Self.sentences, vocabularySize: 8)
    // After the start and 3, 4 is more frequent; before 7, 6.
    let sentence: [Int32] = [1, 3, 0, 7, 2]
    let (one, both) = (
      trigrams.probabilities(before: 2, in: sentence), trigrams.probabilities(around: 2, in: sentence)
    )
    #expect(one[4] > one[6] && both[6] > both[4])
    #expect(abs(one.reduce(0, +) - 1) < 1e-12)
  }
}
