import Testing

@testable import DataIO

@Suite struct DecimalNumberTests {
  @Test(arguments: [("1", 1), ("-2.5e-3", -0.0025), ("+.5", 0.5), ("1e-400", 0)])
  func decimalNumbersAreRead(text: String, value: Double) throws {
    #expect(try DecimalNumber.value(text) == value)
  }

  @Test(arguments: ["", "-", "1e", "0x1", "nan", "-inf", "1e400", "1_000", "1.5.2"])
  func everythingElseIsRefused(_ text: String) {
    #expect(throws: DecimalNumber.Failure.self) { try DecimalNumber.value(text) }
  }
}
