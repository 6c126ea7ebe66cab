/// Splits CSV by the grammar of RFC 4180, in time and memory linear in the text: four bytes a field until columns are asked for.
///
/// Beyond the grammar, lines may end in LF or CR alone, and blanks before a field and after a closing quote are skipped.
/// What splits is ASCII, whose bytes are part of no other character in UTF-8.
struct CSVReader {
  /// The limit on columns: each takes some eighty bytes, however little is in it.
  static let maxColumns = 1 << 20
  /// What a field takes in memory, at most, while a table is made of it: a string, and an index in an array that grew
  /// to twice what it needs.
  private static let bytesPerField = MemoryLayout<String>.size + 2 * MemoryLayout<UInt32>.size
  /// What a row takes beside its fields: the line in an array likewise, and in the table's.
  private static let bytesPerRow = 2 * MemoryLayout<UInt32>.size + MemoryLayout<Int>.size
  /// The memory that a table may take for each byte of its text, beside ``freeMemory``. Each field has one byte at
  /// least, of the separator or the line end behind it, and one character in a row pays for what the row takes itself.
  private static let memoryPerByte = bytesPerField
  /// What any table may take beside that, if it has rows without any text.
  static let freeMemory = 192 << 20

  /// Number of columns.
  private(set) var columnCount = 0
  /// The line on which each row begins, counted from 1.
  private(set) var lines: [UInt32] = []
  /// Where each field begins, row after row.
  private var starts: [UInt32] = []

  private let file: String
  private let text: String
  /// Its UTF-8.
  private let bytes: [UInt8]
  /// The end of the bytes without line ends at the end.
  private let end: Int
  private let separator: UInt8
  private let memoryLimit: Int
  private var position: Int
  /// The line at `position`, and the one on which its row began: errors name the latter.
  private var (line, rowLine) = (1, 1)

  /// Reads all rows. `nil` for `separator` takes the first comma, semicolon or tab of the first line that has any text.
  init(
    _ text: String, file: String, separator: UInt8?, freeMemory: Int = CSVReader.freeMemory
  ) throws(DataError) {
    self.file = file
    self.text = text
    bytes = Array(text.utf8)
    guard bytes.count < UInt32.max else { throw DataError(file: file, reason: "holds more than 4 GiB") }
    end = bytes.count - bytes.reversed().prefix(while: isLineEnd).count
    // Byte order marks are no part of the text.
    position = text.unicodeScalars.prefix { $0 == "\u{feff}" }.count * 3
    self.separator = separator ?? guessedSeparator(of: bytes[min(position, end)..<end])
    memoryLimit = freeMemory + Self.memoryPerByte * bytes.count
    try checkText()
    while position < end { try readRow() }
    guard !lines.isEmpty else { throw DataError(file: file, reason: "holds no table") }
  }

  /// The fields of column `index` from row `row` on.
  func column(_ index: Int, from row: Int = 0) -> [String] {
    (row..<lines.count).map { field(at: Int(starts[$0 * columnCount + index])) }
  }

  /// The fields of row `row`.
  func row(_ row: Int) -> [String] {
    starts[row * columnCount..<(row + 1) * columnCount].map { field(at: Int($0)) }
  }

  private mutating func readRow() throws(DataError) {
    rowLine = line
    let rowStart = starts.count
    var count = 0
    repeat {
      skipBlanks()
      // What a row has too many is counted and not kept.
      if columnCount == 0 || count < columnCount { starts.append(UInt32(position)) }
      try skipField()
      count += 1
      guard columnCount > 0 || count <= Self.maxColumns else {
        throw error("the number of fields is more than the \(Self.maxColumns) of the widest table that is read")
      }
    } while try take(separator)
    _ = try (take(carriageReturn), take(lineFeed))
    line += 1
    if count == 1, columnCount != 1, field(at: Int(starts[rowStart])).isEmpty {
      starts.removeLast()
      return
    }
    if columnCount == 0 { columnCount = count }
    guard count == columnCount else {
      throw error(
        "the number of fields is \(count), wanted \(columnCount)", column: min(count, columnCount) + 1)
    }
    lines.append(UInt32(rowLine))
    let memory = Self.bytesPerField * starts.count + Self.bytesPerRow * lines.count
    guard memory <= memoryLimit else {
      throw error(
        "\(starts.count) fields up to here would take \(memory) bytes of memory, more than the \(memoryLimit) for a text of "
          + "\(bytes.count)")
    }
  }

  private mutating func skipField() throws(DataError) {
    if try take(quote) {
      try skipQuotedField()
    } else {
      while !isAtEndOfField, bytes[position] != quote { position += 1 }
    }
    guard isAtEndOfField else {
      throw error("a quote stands where none can be, or text right after a closing one")
    }
  }

  /// Skips what follows an opening quote, and blanks after the closing one.
  private mutating func skipQuotedField() throws(DataError) {
    while let byte = next {
      if try !take(quote) {
        position += 1
      } else if try !take(quote) {
        skipBlanks()
        return
      }
      if byte == lineFeed || byte == carriageReturn && next != lineFeed { line += 1 }
    }
    throw error("a quote is not closed")
  }

  /// The field that begins at `start`, which was skipped before.
  private func field(at start: Int) -> String {
    guard start < end, bytes[start] == quote else {
      var last = start
      while last < end, bytes[last] != separator, !isLineEnd(bytes[last]) { last += 1 }
      return String(decoding: bytes[start..<last], as: UTF8.self)
    }
    var (field, position): ([UInt8], Int) = ([], start + 1)
    while position < end {
      if bytes[position] == quote {
        guard position + 1 < end, bytes[position + 1] == quote else { break }
        position += 1
      }
      field.append(bytes[position])
      position += 1
    }
    return String(decoding: field, as: UTF8.self)
  }

  private var next: UInt8? { position < end ? bytes[position] : nil }

  private var isAtEndOfField: Bool { next.map { $0 == separator || isLineEnd($0) } ?? true }

  private mutating func skipBlanks() {
    while !isAtEndOfField, next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { position += 1 }
  }

  /// Skips `byte` if it is next. Throws if it is part of a larger character there, as before U+0301, an accent: who looks
  /// at the table then sees no separator or quote.
  private mutating func take(_ byte: UInt8) throws(DataError) -> Bool {
    guard next == byte else { return false }
    if position > 0 && bytes[position - 1] >= 0x80 || position + 1 < bytes.count && bytes[position + 1] >= 0x80 {
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

private func guessedSeparator(of bytes: ArraySlice<UInt8>) -> UInt8 {
  var isQuoted = false
  let found = bytes.drop { isLineEnd($0) || $0 == UInt8(ascii: " ") }.first { byte in
    if byte == quote { isQuoted.toggle() }
    return !isQuoted && ",;\t\n\r".utf8.contains(byte)
  }
  return found.flatMap { isLineEnd($0) ? nil : $0 } ?? UInt8(ascii: ",")
}
