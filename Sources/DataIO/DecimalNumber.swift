/// Reads finite decimal numbers as they stand in tables: digits, a point, a sign, an exponent.
enum DecimalNumber {
  /// Why some text is no such number.
  struct Failure: Error {
    let reason: String
  }

  /// The number that `text` spells. Throws for anything else, such as the hexadecimal numbers and the names that Swift
  /// reads as well, and for numbers too large for a `Double`.
  static func value(_ text: some StringProtocol) throws(Failure) -> Double {
    guard text.utf8.allSatisfy(isPartOfNumber), let value = Double(text) else {
      let isName = ["nan", "inf", "infinity"].contains(text.lowercased().drop { "+-".contains($0) })
      // As spreadsheets export them in half of the world. In a table of commas it could be a thousand as well.
      let hasComma =
        text.count { $0 == "," } == 1 && (try? Self.value(String(text.map { $0 == "," ? "." : $0 }))) != nil
      throw Failure(
        reason: "\(quoted(text)) is not a \(isName ? "finite number" : "number")"
          + (hasComma ? "; decimals stand behind a point" : ""))
    }
    guard value.isFinite else { throw Failure(reason: "\(quoted(text)) is too large for a number") }
    return value
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}
