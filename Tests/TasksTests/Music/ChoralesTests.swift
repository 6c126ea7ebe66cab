import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct ChoralesTests {
  private func read(_ text: String) throws -> Chorales {
    try withTemporaryFile(Array(text.utf8)) { try Chorales(path: $0) }
  }

  @Test func partsPiecesStepsAndNotesAreRead() throws {
    let chorales = try read(#"{"train":[[[64,60],[62]],[[50],[],[51]]],"valid":[[[21],[108]]],"test":[[[60],[61]]]}"#)
    #expect(chorales.training == [Piece([[60, 64], [62]]), Piece([[50], [], [51]])])
    #expect(chorales.validation == [Piece([[21], [108]])] && chorales.test == [Piece([[60], [61]])])
  }

  @Test(arguments: [
    ("[]", "JSON"), (#"{"train":[[[60],[61]]],"valid":[[[60],[61]]]}"#, "test"),
    (#"{"train":[[[60]]],"valid":[[[60],[61]]],"test":[[[60],[61]]]}"#, "at least 2"),
    (#"{"train":[[[60],[20]]],"valid":[[[60],[61]]],"test":[[[60],[61]]]}"#, "note 20"),
    (#"{"train":[],"valid":[[[60],[61]]],"test":[[[60],[61]]]}"#, "no piece"),
  ])
  func filesOfAnotherFormAreRefused(_ text: String, _ reason: String) {
    #expect { try read(text) } throws: { ($0 as? DataError)?.reason.contains(reason) == true }
  }

  @Test func aMovedPieceStaysOnThePiano() {
    #expect(Piece([[60, 64], [], [67]]).transposed(by: -3) == Piece([[57, 61], [], [64]]))
    #expect(Piece([[23, 106]]).transposed(by: 5) == Piece([[25, 108]]))
    #expect(Piece([[23, 106]]).transposed(by: -5) == Piece([[21, 104]]))
    #expect(Piece([[], []]).transposed(by: 5) == Piece([[], []]))
  }

  @Test func aStepIsPredictedFromThoseBeforeIt() {
    let batch = PieceExamples(pieces: [Piece([[21], [22, 108], [], [23]])]).batch([0])
    guard case .features(let inputs) = batch.inputs, case .values(let targets) = batch.targets else {
      Issue.record("other kinds")
      return
    }
    func notes(_ sequence: Matrix<Float>, _ step: Int) -> [Int] {
      (0..<88).filter { sequence[step, $0] == 1 }.map { $0 + 21 }
    }
    #expect((0..<3).map { notes(inputs.sequence(0), $0) } == [[21], [22, 108], []])
    #expect((0..<3).map { notes(targets.sequence(0), $0) } == [[22, 108], [], [23]])
  }
}

@Suite struct NoteFrequenciesTests {
  @Test func theLossOfFrequenciesIsTheSumOfTheirCrossEntropies() {
    let pieces = [Piece([[60], [60, 64], [60], []])]
    let frequencies = NoteFrequencies(of: pieces)
    // Of three steps after the first, C4 sounds in two and E4 in one; half a step more is counted with and without.
    func entropy(_ p: Double, _ sounding: Double) -> Double {
      -(sounding * Double._log(p) + (3 - sounding) * Double._log(1 - p)) / 3
    }
    let wanted = entropy(2.5 / 4, 2) + entropy(1.5 / 4, 1) + 86 * entropy(0.5 / 4, 0)
    #expect(abs(frequencies.loss(over: pieces) - wanted) < 1e-12)
  }
}

@Suite struct PieceWriterTests {
  @Test func setsOfNotesHaveTheProbabilitiesOfTheirOdds() {
    let logits = [0.5, -1, 0.2, -0.3].map { $0 as Double }
    var generator = SeededGenerator(seed: 4)
    var counts: [[Int]: Double] = [:]
    let draws = 40_000
    for _ in 0..<draws {
      counts[NoteSampler(logits).draw(1...2, using: &generator), default: 0] += 1 / Double(draws)
    }
    let sets: [[Int]] = [[0], [1], [2], [3], [0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    let weights = sets.map { set in Double._exp(set.reduce(0) { $0 + logits[$1] }) }
    let total = weights.reduce(0, +)
    #expect(Set(counts.keys).isSubset(of: sets))
    for (set, weight) in zip(sets, weights) { #expect(abs((counts[set] ?? 0) - weight / total) < 0.01, "\(set)") }
  }

  @Test func certainNotesAreDrawnAndImpossibleOnesAreNot() {
    var generator = SeededGenerator(seed: 4)
    let sampler = NoteSampler([Double](repeating: -1000, count: 5) + [1000, 1000], temperature: 0.7)
    for _ in 0..<100 { #expect(sampler.draw(0...4, using: &generator) == [5, 6]) }
    #expect(sampler.draw(9...12, using: &generator) == Array(0..<7))
  }
}
