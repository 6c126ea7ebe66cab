internal import Glibc

/// Numbers as people read them, the same in every locale.
package enum NumberText {
  /// `value` with `decimals` digits behind the point, thousands apart: `-12,345.60`.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    let decimals = max(0, decimals)
    let scaled = (abs(value) * pow(10, Double(decimals))).rounded()
    guard value.isFinite, scaled < 9e15 else { return notFixed(value) }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let whole = grouped(padded.dropLast(decimals))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return sign + whole + (decimals > 0 ? "." + padded.suffix(decimals) : "")
  }

  /// `value` to `digits` significant digits, without zeros at the end: `0.0123`, `1.5e-9`.
  package static func significant(_ value: Double, digits: Int = 6) -> String {
    guard value.isFinite else { return notFixed(value) }
    guard value != 0 else { return "0" }
    let exponent = exponentOfTen(value)
    guard (-5..<9).contains(exponent) else {
      // The power of the least numbers is 0.
      let mantissa =
        exponent < -300 ? value * 1e300 / pow(10, Double(exponent + 300)) : value / pow(10, Double(exponent))
      return withoutTrailingZeros(fixed(mantissa, decimals: digits - 1)) + "e\(exponent)"
    }
    return withoutTrailingZeros(fixed(value, decimals: digits - 1 - exponent))
  }

  /// The whole number `exponent` raised: `⁻¹²`.
  static func superscript(_ exponent: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (exponent < 0 ? "⁻" : "")
      + String(String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }

  /// The largest power of ten that is no larger than `value`, which is finite and not zero.
  static func exponentOfTen(_ value: Double) -> Int {
    let exponent = Int(log10(abs(value)).rounded(.down))
    // The logarithm of 999999.9999999999 may round up to that of a million, and that of 1000 down.
    if abs(value) < pow(10, Double(exponent)) { return exponent - 1 }
    return abs(value) >= pow(10, Double(exponent + 1)) ? exponent + 1 : exponent
  }

  /// A coordinate in a picture: two digits behind the point at most.
  static func coordinate(_ value: Double) -> String {
    withoutTrailingZeros(fixed(value, decimals: 2).filter { $0 != "," })
  }

  private static func notFixed(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-∞" : "∞") : "\(value)"
  }

  private static func grouped(_ digits: Substring) -> String {
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
      result.append(digit)
    }
    return result
  }

  private static func withoutTrailingZeros(_ text: String) -> String {
    guard text.contains(".") else { return text }
    let stripped = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(stripped.reversed())
  }
}
