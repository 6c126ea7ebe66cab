import Glibc
import Tasks
import Testing

@Suite struct NaiveBayesTests {
  @Test func theOddsAreThoseOfTheFeaturesThatOccur() {
    let model = NaiveBayes([[1, 2], [1, 1], [3]], classes: [1, 0, 0], smoothing: 0.5)
    // Features: 1, 2, 1 2 of the first; 1, 1 1 of the second; 3 of the third: five in all, 3 occurrences each.
    let same = log((3 + 2.5) / (3 + 2.5))
    let prior = log(1.5 / 2.5)
    #expect(abs(model.logOdds(of: [2]) - (prior + log(1.5 / 0.5) - same)) < 1e-14)
    #expect(abs(model.logOdds(of: [3, 3]) - (prior + log(0.5 / 1.5) - same)) < 1e-14)
  }

  @Test func howOftenAFeatureOccursInATextDoesNotCount() {
    let model = NaiveBayes([[1, 2], [3, 4, 3]], classes: [0, 1])
    #expect(model.logOdds(of: [2, 9, 2]) == model.logOdds(of: [2]))
  }

  @Test func unseenFeaturesDoNotContribute() {
    let model = NaiveBayes([[1], [2], [5, 6]], classes: [1, 0, 1])
    #expect(model.logOdds(of: [8, 9]) == model.logOdds(of: []))
  }

  @Test func aPairCanCarryEvidenceThatItsWordsDoNot() {
    // Not good, not bad: each word is in both classes.
    let model = NaiveBayes([[7, 1], [2], [7, 2], [1]], classes: [0, 0, 1, 1])
    #expect(model.logOdds(of: [7, 1]) < 0 && model.logOdds(of: [7, 2]) > 0)
  }
}
