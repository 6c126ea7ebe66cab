import DataIO
import Testing

@testable import Interchange

@Suite struct RunBudgetTests {
  private let hostile = [0, 1, -1, 1 << 31, 1 << 40, 1 << 62, Int.max, Int.min]

  @Test func productsCountZeroAsOneAndNeverOverflow() {
    #expect(checkedProduct([Int]()) == 1)
    #expect(checkedProduct([3, 0, 5]) == 15)
    #expect(checkedProduct([1 << 40, 0]) == 1 << 40)
    #expect(checkedProduct([1 << 31, 1 << 31]) == 1 << 62)
    #expect(checkedProduct([1 << 62, 0, 2]) == nil)
    #expect(checkedProduct([3, -1]) == nil)
    for a in hostile {
      for b in hostile {
        for c in hostile { #expect(checkedProduct([a, b, c]) ?? 1 > 0) }
      }
    }
  }

  @Test func sumsNeverOverflow() {
    #expect(checkedSum([1, 2, 3]) == 6)
    #expect(checkedSum([.max, 1]) == nil)
    #expect(checkedSum([1, nil]) == nil)
  }

  @Test func whatIsHeldLeavesLess() throws {
    let budget = RunBudget(memory: 100, operations: 10)
    let tensor = Tensor(shape: [15], [Float](repeating: 0, count: 15))
    try budget.allow([tensor.part], for: "x")
    budget.hold(tensor)
    let excess = #expect(throws: RunExcess.self) { try budget.allow([tensor.part], for: "x") }
    #expect(excess?.found == "x of shape [15] takes 60 bytes beside 60 that are held")
    #expect(excess?.wanted == "at most 100 in all, the limit on memory")
    budget.release(tensor)
    try budget.allow([.init(shape: [5], elementSize: 4), .init(shape: [2, 5], elementSize: 8)], for: "x")
    #expect(throws: RunExcess.self) {
      try budget.allow([.init(shape: [5], elementSize: 5), .init(shape: [2, 5], elementSize: 8)], for: "x")
    }
  }

  @Test func anEmptyTensorOfAnyShapeIsNotFree() {
    let budget = RunBudget(memory: 1 << 30, operations: 10)
    for shape in [[1 << 40, 0], [0, 1 << 40], [0, 1 << 62, 1 << 62], [Int.max, 0]] {
      #expect(throws: RunExcess.self) { try budget.allow([.init(shape: shape, elementSize: 4)], for: "x") }
    }
  }

  @Test func operationsAddUp() throws {
    let budget = RunBudget(memory: 0, operations: 10)
    try budget.charge([2, 3], for: "x")
    try budget.charge([4, 0], for: "x")
    let excess = #expect(throws: RunExcess.self) { try budget.charge([1], for: "x") }
    #expect(excess?.found == "x takes 1 operations after 10 before it")
    #expect(throws: RunExcess.self) { try RunBudget.unlimited.charge([.max, 2], for: "x") }
  }

  @Test func limitsThatAreLeftOpenFollowFromTheSizes() {
    let inputs = [Tensor(shape: [3], [1, 2, 3])]
    let open = RunBudget(RunLimits(), modelBytes: 1000, inputs: inputs)
    #expect(open.memory == 1 << 26 + 16 * 1012)
    #expect(open.operations == 1 << 26 + 4 * 1012 * 19)
    let given = RunBudget(RunLimits(memory: 7, operations: 8), modelBytes: 1000, inputs: inputs)
    #expect(given.memory == 7 && given.operations == 8)
  }
}
