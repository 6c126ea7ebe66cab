import Testing

@testable import DataIO

@Suite struct DecimalNumberTests {
  @Test(arguments: [("1", 1), ("-2.5e-3", -0.0025), ("+.5", 0.5), ("1e-400", 0)])
  func decimalNumbersAreRead(text: String, value: Double) throws {
    #expect(try DecimalNumber.value(text) == value)
  }

  @Test func aCommaForAPointIsTold() throws {
    let failure = #expect(throws: DecimalNumber.Failure.self) { try DecimalNumber.value("15,047") }
    #expect(failure?.reason == "“15,047” is not a number; decimals stand behind a point")
    let other = #expect(throws: DecimalNumber.Failure.self) { try DecimalNumber.value("1,2,3") }
    #expect(other?.reason == "“1,2,3” is not a number")
  }

  @Test(arguments: ["", "-", "1e", "0x1", "nan", "-inf", "1e400", "1_000", "1.5.2"])
  func everythingElseIsRefused(_ text: String) {
    #expect(throws: DecimalNumber.Failure.self) { try DecimalNumber.value(text) }
  }
}
