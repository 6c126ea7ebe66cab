#if Tools
import ArgumentParser
import Interchange
import Testing

@testable import rnn

@Suite struct LimitOptionsTests {
  @Test(arguments: [("3kB", 3000), ("500MB", 500_000_000), ("1.5GB", 1_500_000_000)])
  func sizesHaveUnits(_ text: String, _ bytes: Int) throws {
    #expect(try LimitOptions.parse(["--memory-limit", text]).limits == RunLimits(memory: bytes))
  }

  @Test(arguments: ["", "GB", "0MB", "-1kB", "1000", "4G", "1e30GB", "nanMB"])
  func otherTextIsNoSize(_ text: String) {
    #expect(throws: (any Error).self) { try LimitOptions.parse(["--memory-limit", text]) }
  }

  @Test func operationsAreANumberAboveZero() throws {
    #expect(try LimitOptions.parse(["--operation-limit", "7"]).limits == RunLimits(operations: 7))
    #expect(throws: (any Error).self) { try LimitOptions.parse(["--operation-limit", "0"]) }
    #expect(try LimitOptions.parse([]).limits == RunLimits())
  }
}
#endif
