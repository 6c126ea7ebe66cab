import Testing

@testable import Figures

@Suite struct NumberTextTests {
  @Test(arguments: [
    (12345.6, 2, "12,345.60"), (-0.5, 1, "-0.5"), (-0.004, 2, "0.00"), (999.996, 2, "1,000.00"), (0, 0, "0"),
    (1_234_567, 0, "1,234,567"), (.nan, 3, "NaN"), (-.infinity, 1, "-∞"),
  ])
  func fixedDigits(value: Double, decimals: Int, text: String) {
    #expect(NumberText.fixed(value, decimals: decimals) == text)
  }

  @Test(arguments: [
    (0.0123, "0.0123"), (1, "1"), (-1234.56789, "-1,234.57"), (1e-9, "1e-9"), (1.5e12, "1.5e12"), (0.1 + 0.2, "0.3"),
    (100, "100"), (-0.0, "0"), (.infinity, "∞"),
  ])
  func significantDigits(value: Double, text: String) { #expect(NumberText.significant(value) == text) }

  @Test func exponentsAreExactAtPowersOfTen() {
    for exponent in -300...300 {
      let power = Double("1e\(exponent)") ?? 0
      #expect(NumberText.exponentOfTen(power.nextUp) == exponent)
      #expect(NumberText.exponentOfTen(-power.nextUp) == exponent)
    }
    #expect(NumberText.exponentOfTen(1000) == 3)
    #expect(NumberText.exponentOfTen(999.9999999999999) == 2)
  }

  @Test func exponentsAreRaised() { #expect(NumberText.superscript(-120) == "⁻¹²⁰") }
}
