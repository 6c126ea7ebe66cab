import Foundation
import Tasks
import Testing

@Suite struct BLEUTests {
  /// What sacrebleu computed: the file that `Scripts/make-bleu-fixture.py` wrote.
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let translations: [[String]]
      let references: [[String]]
      let score: Double
      let precisions: [Double]
      let brevityPenalty: Double
    }
    let cases: [Case]
  }

  @Test func scoresAreThoseOfSacrebleu() throws {
    let url = try #require(Bundle.module.url(forResource: "bleu", withExtension: "json", subdirectory: "Fixtures"))
    let cases = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url)).cases
    #expect(cases.count == 7)
    for wanted in cases {
      let bleu = BLEU(of: wanted.translations, references: wanted.references)
      #expect(abs(bleu.score - wanted.score) < 1e-9, "\(wanted.name)")
      #expect(abs(bleu.brevityPenalty - wanted.brevityPenalty) < 1e-12, "\(wanted.name)")
      // Where nothing matches, sacrebleu does not smooth.
      guard wanted.score > 0 || wanted.precisions.contains(where: { $0 > 0 }) else { continue }
      for (found, wanted) in zip(bleu.precisions, wanted.precisions) { #expect(abs(found - wanted) < 1e-9) }
    }
  }

  @Test func anNGramCountsNoOftenerThanItsReferenceHasIt() {
    let bleu = BLEU(
      of: [["the", "the", "the", "the", "the", "the", "the"]],
      references: [["the", "cat", "is", "on", "the", "mat"]])
    #expect(bleu.matches == [2, 0, 0, 0] && bleu.totals == [7, 6, 5, 4])
    #expect(bleu.length == 7 && bleu.referenceLength == 6 && bleu.brevityPenalty == 1)
  }

  @Test func theReferenceItselfIsAHundredAndNothingIsZero() {
    let sentences = [[1, 2, 3, 4, 5], [6, 7, 8, 9]]
    #expect(abs(BLEU(of: sentences, references: sentences).score - 100) < 1e-12)
    #expect(BLEU(of: [[], []], references: sentences).score == 0)
    #expect(BLEU(of: [[Int]](), references: []).score == 0)
  }
}
