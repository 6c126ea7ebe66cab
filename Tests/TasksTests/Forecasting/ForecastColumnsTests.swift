import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct ForecastColumnsTests {
  @Test func aColumnCannotHaveTwoRoles() throws {
    try withTemporaryFile(Array("x,y\n1,2\n".utf8)) { path in
      func refusal(_ options: ForecastColumnOptions) -> String {
        do {
          _ = try ForecastTable(learningFrom: path, options)
          return "nothing"
        } catch { return String("\(error)".dropFirst(path.count)) }
      }
      #expect(refusal(ForecastColumnOptions(target: "y", id: "y")) == ": column “y” is both --target and --id")
      #expect(
        refusal(ForecastColumnOptions(target: "y", ignoring: ["y"])) == ": column “y” is both --target and --ignore")
      #expect(
        refusal(ForecastColumnOptions(target: "y", id: "x", ignoring: ["x"]))
          == ": column “x” is both --id and --ignore")
      #expect(refusal(ForecastColumnOptions(target: "y", dates: "x")) == ":2:1: “1” is no date")
    }
  }

  @Test func aColumnThatHoldsNothingIsLeftOut() throws {
    try withTemporaryFile(Array("x,y,z\n,2,1\nNA,3,4\n".utf8)) { path in
      let table = try ForecastTable(learningFrom: path, ForecastColumnOptions(target: "y"))
      #expect(table.columns.featureNames == ["y", "z"])
    }
  }
}
