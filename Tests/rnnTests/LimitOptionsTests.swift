#if Tools
import ArgumentParser
import Interchange
import Testing

@testable import rnn

@Suite struct LimitOptionsTests {
  @Test(arguments: [("1000", 1000), ("3K", 3072), ("500m", 500 << 20), ("4G", 4 << 30), ("2T", 2 << 40)])
  func sizesHaveUnits(_ text: String, _ bytes: Int) throws {
    #expect(try LimitOptions.parse(["--memory-limit", text]).limits == RunLimits(memory: bytes))
  }

  @Test(arguments: ["", "G", "0", "-1", "1.5G", "9223372036854775807K", "4GB"])
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
