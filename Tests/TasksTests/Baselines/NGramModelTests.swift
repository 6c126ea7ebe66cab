import Glibc
import Models
import Tasks
import TestSupport
import Testing

@Suite struct NGramModelTests {
  /// Letters in no particular order, some frequent and some rare.
  private let sequences: [[Int32]] = [
    [3, 1, 4, 1, 0], [2, 1, 4, 1, 3, 0], [1, 1, 4, 0], [3, 1, 3, 0], [2, 4, 1, 4, 0], [5, 0], [1, 4, 1, 4, 1, 0],
  ]

  @Test(arguments: 1...5)
  func probabilitiesSumToOne(order: Int) {
    let model = NGramModel(order: order, vocabularySize: 7, sequences: sequences)
    let contexts: [[Int32]] = [
      [], [NGramModel.start], [NGramModel.start, 3, 1], [4, 1, 4, 1], [6], [6, 6, 1], [5, 4],
    ]
    for context in contexts {
      let probabilities = model.probabilities(after: context[...])
      #expect(probabilities.count == 7 && probabilities.allSatisfy { $0 > 0 })
      #expect(abs(probabilities.reduce(0, +) - 1) < Tolerance.operations(20, Double.self), "after \(context)")
    }
  }

  @Test(arguments: 1...5)
  func probabilitiesOfAllTokensAreThoseOfEach(order: Int) {
    let model = NGramModel(order: order, vocabularySize: 7, sequences: sequences)
    for context in [[], [NGramModel.start, 3, 1], [4, 1, 4, 1], [6, 6, 1], [5, 4]] as [[Int32]] {
      for (token, probability) in model.probabilities(after: context[...]).enumerated() {
        let alone = model.probability(of: Int32(token), after: context[...])
        #expect(abs(probability - alone) <= Tolerance.operations(20, Double.self) * alone)
      }
    }
  }

  @Test func aBigramIsTheFormulaOfChenAndGoodman() {
    // Bigrams, with s before a sequence: s0 ×2, s1, 01 ×3, 02, 10 ×4, 12, 21, 22: counts 2 1 3 1 4 1 1 1, so n₁ = 5,
    // n₂ = n₃ = n₄ = 1, and Y = 5/7.
    let model = NGramModel(
      order: 2, vocabularySize: 4,
      sequences: [[0, 1, 0, 1, 0, 1, 0, 2, 2, 1, 0], [0], [1, 2]])
    let y = 5.0 / 7
    let (d1, d2, d3) = (1 - 2 * y / 5, max(0.1, 2 - 3 * y), max(0.1, 3 - 4 * y))
    // Of one token alone the counts are numbers of different tokens before: of 0 after s 1, of 1 after s 0 2, of 2
    // after 0 1 2, so 2 3 3. None is 1, so there is nothing to estimate from, and the discount is a half.
    let below = [2.0, 3, 3, 0].map { (max($0 - 0.5, 0) + 1.5 / 4) / 8 }
    // After 1: 0 four times, 2 once.
    let taken: Double = d3 + d1
    let wanted: [Double] = [(4 - d3 + taken * below[0]) / 5, (1 - d1 + taken * below[2]) / 5, taken * below[3] / 5]
    for (token, wanted) in zip([0, 2, 3] as [Int32], wanted) {
      #expect(abs(model.probability(of: token, after: [1]) - wanted) < 1e-14)
    }
    // At the start: 0 twice, 1 once.
    let start = model.probability(of: 0, after: [NGramModel.start])
    let wantedStart: Double = (2 - d2 + (d2 + d1) * below[0]) / 3
    #expect(abs(start - wantedStart) < 1e-14)
  }

  @Test func anUnseenContextFallsBackToItsLongestSeenSuffix() {
    let model = NGramModel(order: 4, vocabularySize: 7, sequences: sequences)
    #expect(model.probability(of: 1, after: [6, 6, 4]) == model.probability(of: 1, after: [4]))
    #expect(model.probability(of: 1, after: [6]) == model.probability(of: 1, after: []))
  }

  @Test func tokensFartherAwayThanTheOrderDoNotCount() {
    let model = NGramModel(order: 3, vocabularySize: 7, sequences: sequences)
    #expect(model.probability(of: 1, after: [2, 3, 1, 4]) == model.probability(of: 1, after: [5, 1, 4]))
  }

  @Test func aTokenAfterManyOthersIsMoreProbableThanOneAfterTheSame() {
    // 2 occurs more often than 3, but always after 1: in a new context 3 is more likely (the “San Francisco” of
    // Kneser and Ney).
    let model = NGramModel(
      order: 2, vocabularySize: 9, sequences: [[1, 2], [1, 2], [1, 2], [1, 2], [4, 3], [5, 3], [6, 3]])
    #expect(model.probability(of: 3, after: [7]) > model.probability(of: 2, after: [7]))
    #expect(model.probability(of: 2, after: [1]) > model.probability(of: 3, after: [1]))
  }

  @Test func withoutAnythingCountedAllTokensAreEquallyProbable() {
    let model = NGramModel(order: 3, vocabularySize: 5, sequences: [])
    #expect(model.probabilities(after: [1, 2]) == [Double](repeating: 0.2, count: 5))
  }

  @Test func theLossIsTheMeanOverAllTokens() {
    let model = NGramModel(order: 2, vocabularySize: 7, sequences: sequences)
    let loss = model.loss(of: [[3, 0], [1]])
    let sum =
      log(model.probability(of: 3, after: [NGramModel.start])) + log(model.probability(of: 0, after: [3]))
      + log(model.probability(of: 1, after: [NGramModel.start]))
    #expect(loss.count == 3 && abs(loss.mean + sum / 3) < 1e-14)
  }
}
