import Models
import Tasks
import Testing

@Suite struct TaskResultTests {
  @Test func aScoreMeetsItsBarOnTheRightSide() {
    #expect(Score("BLEU", 25, "", bar: .atLeast(25)).meetsBar && !Score("BLEU", 24.9, "", bar: .atLeast(25)).meetsBar)
    #expect(Score("loss", 1.5, "", bar: .atMost(1.5)).meetsBar && !Score("loss", 1.51, "", bar: .atMost(1.5)).meetsBar)
    #expect(Score("baseline", 0, "").meetsBar)
    #expect(!Score("loss", .nan, "", bar: .atMost(1)).meetsBar && !Score("x", .nan, "", bar: .atLeast(1)).meetsBar)
  }

  @Test func aResultMeetsItsBarsWhereEveryScoreDoes() {
    func result(_ values: Double...) -> TaskResult {
      TaskResult(TextTask.self, TaskContext(.quick), scores: values.map { Score("", $0, "", bar: .atMost(1)) })
    }
    #expect(result(0, 1).meetsBars && !result(0, 2).meetsBars)
    #expect(result(0).task == "text" && result(0).scale == .quick && result(0).seed == 1)
  }
}
