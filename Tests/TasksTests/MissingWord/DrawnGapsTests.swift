import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct DrawnGapsTests {
  private let gaps = DrawnGaps(
    examples: GapExamples([[1] + [Int32](repeating: 3, count: 40) + [2], [1, 4, 2]], unknown: 0), share: 0.25)

  @Test func trainingAsksForTheShareAndReadsEverything() {
    var generator = SeededGenerator(seed: 7)
    var asked = 0
    for _ in 0..<50 {
      let batch = gaps.batch([0], using: &generator)
      #expect(batch.tokens == gaps.examples.batch([0]).tokens)
      let targets = batch.targets.sequence(0)
      for step in 1...40 where targets[step, 0] >= 0 {
        #expect(targets[step, 0] == 3)
        asked += 1
      }
    }
    #expect(400...600 ~= asked)
  }

  @Test func measuringAsksForAll() {
    #expect(gaps.batch([1, 0]).targets == gaps.examples.batch([1, 0]).targets)
    #expect(gaps.lengths == [42, 3])
  }
}
