import Testing

@testable import Tasks

@Suite struct PlainTableTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (1.005, 1, "1.0"), (-0.004, 2, "0.00"), (-2.5, 0, "-3"), (12.3456, 3, "12.346"),
    (0.05, 1, "0.1"), (.infinity, 2, "inf"),
  ])
  func numbersHaveTheirDecimals(_ value: Double, _ decimals: Int, _ text: String) {
    #expect(fixed(value, decimals: decimals) == text)
  }

  @Test func columnsAreAsWideAsTheirWidestCell() {
    #expect(tableLines([["lag", "LSTM"], ["1000", "0"], ["2"]]) == ["lag   LSTM", "1000     0", "2   "])
  }
}
