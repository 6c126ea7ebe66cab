import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct ContentSumTests {
  private struct Content {
    var number = 1
    var rate: Double? = 0.5
    var kind = Kind.plain
    var words: Set = ["a", "b", "c", "d"]
    var matrix = Matrix<Float>(rows: 2, columns: 3, [1, 2, 3, 4, 5, 6])
    var sequences: [[Int32]] = [[1, 2], [3]]
    var execution = Execution(threads: 1)
    var pack: () -> Int = { 1 }
    var object = Object()
  }

  private enum Kind {
    case plain
    case weighted(by: Double)
    case scaled(by: Double)
  }

  private final class Object {}

  private func sum(_ change: (inout Content) -> Void) -> String {
    var content = Content()
    change(&content)
    var sum = ContentSum()
    sum.add(reflecting: content)
    return sum.text
  }

  @Test func everyValueCounts() {
    let changes: [(inout Content) -> Void] = [
      { _ in }, { $0.number = 2 }, { $0.rate = nil }, { $0.rate = 0.25 }, { $0.kind = .weighted(by: 0.5) },
      { $0.kind = .scaled(by: 0.5) }, { $0.words = ["a", "b", "c", "e"] }, { $0.matrix[1, 2] = 7 },
      { $0.matrix = Matrix(rows: 3, columns: 2, $0.matrix.elements) }, { $0.sequences = [[1], [2, 3]] },
      { $0.sequences = [[1, 2], [3], []] },
    ]
    #expect(Set(changes.map(sum)).count == changes.count)
  }

  @Test func threadsObjectsAndFunctionsDoNotCount() {
    let unchanged = sum { _ in }
    #expect(sum { $0.execution.threads = 2 } == unchanged)
    #expect(sum { $0.object = Object() } == unchanged)
    #expect(sum { $0.pack = { 2 } } == unchanged)
    #expect(sum { $0.words = ["d", "c", "b", "a"] } == unchanged)
  }

  @Test func theSumIsTheSameInEveryProcess() {
    // Words of sets come in another order in each.
    #expect(sum { _ in } == "a2cecb1c8eff401c")
  }
}
