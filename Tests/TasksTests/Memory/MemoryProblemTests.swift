import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct MemoryProblemTests {
  private func examples(_ problem: MemoryProblem, lag: Int, count: Int = 40) -> [MemoryProblem.Example] {
    var generator = SeededGenerator(seed: 2)
    return (0..<count).map { _ in problem.example(lag: lag, using: &generator) }
  }

  @Test func theSumIsThatOfTheTwoMarkedNumbers() {
    for example in examples(.adding, lag: 31) {
      let marked = (0..<31).filter { example.inputs[$0, 1] == 1 }
      #expect(marked.count == 2 && marked[0] < 15 && marked[1] >= 15)
      #expect(example.answer == .sum(example.inputs[marked[0], 0] + example.inputs[marked[1], 0]))
      #expect((0..<31).allSatisfy { 0..<1 ~= example.inputs[$0, 0] })
    }
  }

  @Test func theOrderIsThatOfTheTwoSymbols() {
    for example in examples(.temporalOrder, lag: 50) {
      let symbols = (0..<50).map { t in (0..<6).first { example.inputs[t, $0] == 1 } ?? -1 }
      let special = symbols.indices.filter { symbols[$0] < 2 }
      #expect(special.count == 2 && 5..<10 ~= special[0] && 20..<25 ~= special[1])
      #expect(example.answer == .order(Int32(2 * symbols[special[0]] + symbols[special[1]])))
    }
  }

  @Test func symbolsAreToBeWrittenALagAfterTheyWereSeen() {
    for example in examples(.copy, lag: 12) {
      guard case .symbols(let wanted) = example.answer else { continue }
      #expect(example.inputs.rows == 17 && wanted.count == 17)
      let seen = (0..<17).map { t in Int32((0..<10).first { example.inputs[t, $0] == 1 } ?? -1) }
      #expect(Array(wanted.prefix(12)) == [Int32](repeating: -1, count: 12))
      #expect(Array(wanted.suffix(5)) == Array(seen.prefix(5)))
      #expect(seen[12] == 9 && seen[5..<12].allSatisfy { $0 == 8 })
    }
  }
}

@Suite struct MemoryExamplesTests {
  private let adding = MemoryExamples(problem: .adding, lag: 20, count: 2000, seed: 3)

  @Test func alwaysAnsweringOneIsWrongByASixth() {
    #expect(abs(adding.error(ofAlwaysAnswering: 1) - 1.0 / 6) < 0.01)
  }

  @Test func chanceIsOneInFourOrders() {
    let examples = MemoryExamples(problem: .temporalOrder, lag: 20, count: 2000, seed: 3)
    #expect(abs(examples.error(ofAlwaysAnswering: 2) - 0.75) < 0.03)
  }

  @Test func examplesAreTheSameUntilTheyAreTrainedOn() {
    func inputs(_ batch: SequenceBatch<Float>) -> [Float] {
      if case .features(let sequence) = batch.inputs { sequence.rows.elements } else { [] }
    }
    var generator = SeededGenerator(seed: 5)
    #expect(inputs(adding.batch([4, 7])) == inputs(adding.batch([4, 7])))
    let (first, second) = (adding.batch([4], using: &generator), adding.batch([4], using: &generator))
    #expect(inputs(first) != inputs(second))
  }
}
