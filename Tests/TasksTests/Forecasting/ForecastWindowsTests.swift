import DataIO
import Kernels
import TestSupport
import Testing

@testable import Models
@testable import Tasks

@Suite struct ForecastWindowsTests {
  private func table(_ values: String...) throws -> ForecastTable {
    try withTemporaryFile(Array("y,x\n\(values.map { "\($0),1" }.joined(separator: "\n"))\n".utf8)) {
      try ForecastTable(learningFrom: $0, ForecastColumnOptions(target: "y"))
    }
  }

  @Test func noPartSeesTheTargetsOfAnother() throws {
    let table = try table(
      "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20")
    func targets(_ part: ForecastSplit.Part) -> [Int] {
      table.origins(of: part, history: 4, horizon: 3).flatMap { ($0.row + 1)...($0.row + 3) }
    }
    #expect(Set(targets(.training)) == Set(4..<14))
    #expect(Set(targets(.validation)) == Set(14..<17))
    #expect(Set(targets(.test)) == Set(17..<20))
    #expect(table.origins(of: nil, history: 4, horizon: 3).map(\.row) == Array(3...16))
  }

  @Test func withoutAValueToStartFromOrToHitThereIsNoWindow() throws {
    let table = try table("NA", "NA", "3", "4", "NA", "NA", "7")
    #expect(table.origins(of: nil, history: 1, horizon: 2).map(\.row) == [2, 4])
  }

  @Test func aBatchHoldsHistoriesAndChanges() throws {
    let table = try table("1", "2", "4", "NA", "16", "32")
    let windows = ForecastWindows(
      features: table.series.map { Matrix<Float>(rows: $0.count, columns: 1, $0.carried.map { Float($0) }) },
      series: table.series, origins: [ForecastOrigin(series: 0, row: 3), ForecastOrigin(series: 0, row: 1)], history: 3,
      horizon: 2, targetScale: 2)
    #expect(windows.lengths == [3, 2])
    let batch = windows.batch([1, 0])
    guard case .features(let inputs) = batch.inputs, case .finalValues(let targets) = batch.targets else {
      Issue.record("a batch of another kind")
      return
    }
    #expect(inputs.sequence(0) == Matrix([[1], [2]]))
    #expect(inputs.sequence(1) == Matrix([[2], [4], [4]]))
    #expect(targets.row(1) == [6, 14])
    #expect(targets[0, 0] == 1 && targets[0, 1].isNaN)
  }
}
