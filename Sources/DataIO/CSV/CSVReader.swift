/// Splits CSV by the grammar of RFC 4180, in time and memory linear in the text.
///
/// Beyond the grammar, lines may end in LF or CR alone, and blanks before a field and after a closing quote are skipped.
/// What splits is ASCII, whose bytes are part of no other character in UTF-8.
struct CSVReader {
  /// The fields, `[columns][rows]`.
  private(set) var columns: [[String]] = []
  /// The line on which each row begins, counted from 1.
  private(set) var lines: [Int] = []

  private let file: String
  /// The text without byte order mark at its beginning.
  private let text: String
  /// Its UTF-8, without line ends at the end.
  private let bytes: [UInt8]
  private let separator: UInt8
  private var position = 0
  /// The line at `position`, and the one on which its row began: errors name the latter.
  private var (line, rowLine) = (1, 1)

  /// Reads all rows. `nil` for `separator` takes the first comma, semicolon or tab of the first line that has any text.
  init(_ text: String, file: String, separator: UInt8?) throws(DataError) {
    self.file = file
    self.text = String(text.unicodeScalars.drop { $0 == "\u{feff}" })
    var bytes = Array(self.text.utf8)
    bytes.removeLast(bytes.reversed().prefix(while: isLineEnd).count)
    self.bytes = bytes
    self.separator = separator ?? guessedSeparator(of: bytes)
    try checkText()
    while position < bytes.count { try readRow() }
    guard !lines.isEmpty else { throw DataError(file: file, reason: "holds no table") }
  }

  private mutating func readRow() throws(DataError) {
    rowLine = line
    var fields = [try readField()]
    while try take(separator) { fields.append(try readField()) }
    _ = try (take(carriageReturn), take(lineFeed))
    line += 1
    if fields == [""], columns.count != 1 { return }
    if columns.isEmpty { columns = [[String]](repeating: [], count: fields.count) }
    guard fields.count == columns.count else {
      throw error(
        "the number of fields is \(fields.count), wanted \(columns.count)",
        column: min(fields.count, columns.count) + 1)
    }
    lines.append(rowLine)
    for (index, field) in fields.enumerated() { columns[index].append(field) }
  }

  private mutating func readField() throws(DataError) -> String {
    skipBlanks()
    let field = try take(quote) ? readQuotedField() : readPlainField()
    guard isAtEndOfField else {
      throw error("a quote stands where none can be, or text right after a closing one")
    }
    return field
  }

  private mutating func readPlainField() -> String {
    let start = position
    while !isAtEndOfField, next != quote { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Reads what follows an opening quote, and skips blanks after the closing one.
  private mutating func readQuotedField() throws(DataError) -> String {
    var field: [UInt8] = []
    while let byte = next {
      if try !take(quote) {
        position += 1
      } else if try !take(quote) {
        skipBlanks()
        return String(decoding: field, as: UTF8.self)
      }
      if byte == lineFeed || byte == carriageReturn && next != lineFeed { line += 1 }
      field.append(byte)
    }
    throw error("a quote is not closed")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var isAtEndOfField: Bool { next.map { $0 == separator || isLineEnd($0) } ?? true }

  private mutating func skipBlanks() {
    while !isAtEndOfField, next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { position += 1 }
  }

  /// Skips `byte` if it is next. Throws if it is part of a larger character there, as before U+0301, an accent: who looks
  /// at the table then sees no separator or quote.
  private mutating func take(_ byte: UInt8) throws(DataError) -> Bool {
    guard next == byte else { return false }
    if !bytes[max(0, position - 1)...].prefix(3).allSatisfy({ $0 < 0x80 }) {
      let index = text.utf8.index(text.startIndex, offsetBy: position)
      let character = text[text.index(before: text.index(after: index))]
      guard character.asciiValue != nil else {
        let part = Character(Unicode.Scalar(byte))
        throw error("\(quoted(String(character))) is one character, of which \(part) is a part")
      }
    }
    position += 1
    return true
  }

  /// Throws for controls other than tab and line end, and for U+2028 and U+2029, which end a line for some programs.
  private func checkText() throws(DataError) {
    let index = text.unicodeScalars.firstIndex { scalar in
      switch scalar.value {
      case 0x09, 0x0a, 0x0d: false
      case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: true
      default: false
      }
    }
    guard let index else { return }
    let code = String(text.unicodeScalars[index].value, radix: 16, uppercase: true)
    throw DataError(
      file: file, line: 1 + text[..<index].count(where: \.isNewline),
      reason: "the character U+\(String(repeating: "0", count: 4 - code.count))\(code) is not text")
  }

  private func error(_ reason: String, column: Int? = nil) -> DataError {
    DataError(file: file, line: rowLine, column: column, reason: reason)
  }
}

private let quote = UInt8(ascii: "\"")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

private func isLineEnd(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }

private func guessedSeparator(of bytes: [UInt8]) -> UInt8 {
  var isQuoted = false
  let found = bytes.drop { isLineEnd($0) || $0 == UInt8(ascii: " ") }.first { byte in
    if byte == quote { isQuoted.toggle() }
    return !isQuoted && ",;\t\n\r".utf8.contains(byte)
  }
  return found.flatMap { isLineEnd($0) ? nil : $0 } ?? UInt8(ascii: ",")
}
