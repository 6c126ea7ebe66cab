internal import SwiftCSV

/// The fields of a CSV file, as many in each row, and where the rows begin.
///
/// SwiftCSV 0.10 splits the text. It takes the end of the text for that of a quote, drops an empty field there, sees
/// neither a separator nor a quote with a combining mark after it, and tells of no line. This type prevents the three
/// and counts the lines.
struct CSVRows {
  /// The fields, `[columns][rows]`.
  private(set) var columns: [[String]] = []
  /// The line on which each row begins, counted from 1.
  private(set) var lines: [Int] = []
  private let file: String
  /// The line that follows the last row.
  private var line = 1
  /// The last row, and the line on which it begins.
  private var last: (fields: [String], line: Int)?
  private var failure: DataError?

  /// What stands in a row of its own after the text: where a quote is still open, it is swallowed.
  private static let end = "end"

  private init(file: String) { self.file = file }

  init(_ text: String, file: String, separator: Character?) throws(DataError) {
    var rows = CSVRows(file: file)
    let text = try CSVText(text, file: file).trimmed
    guard !text.isEmpty else { throw DataError(file: file, reason: "holds no table") }
    let delimiter = separator.map { CSVDelimiter(unicodeScalarLiteral: $0) } ?? CSVDelimiter.guessed(string: text)
    try CSVText(text, file: file).checkMarks(separator: delimiter.rawValue)

    do {
      // Of the rows, this reads the first alone; then each goes straight to its columns.
      let csv = try EnumeratedCSV(
        string: "\(text)\n\(Self.end)\n", delimiter: delimiter, loadColumns: false, rowLimit: 0)
      try csv.enumerateAsArray(rowLimit: nil) { rows.append($0) }
    } catch {
      throw rows.failure ?? rows.error("a quote stands where none can be, or text right after a closing one")
    }
    if let failure = rows.failure { throw failure }
    guard let last = rows.last, last.fields == [Self.end] else {
      throw rows.error("a quote is not closed", line: rows.last?.line)
    }
    guard !rows.lines.isEmpty else { throw DataError(file: file, reason: "holds no table") }
    self = rows
  }

  /// Adds the row before this one, which is known not to be the last.
  private mutating func append(_ fields: [String]) {
    if let last, failure == nil { add(last.fields, line: last.line) }
    last = (fields, line)
    line += 1 + fields.reduce(0) { $0 + $1.newlines }
  }

  private mutating func add(_ fields: [String], line: Int) {
    if fields == [""], columns.count != 1 { return }
    if columns.isEmpty { columns = [[String]](repeating: [], count: fields.count) }
    guard fields.count == columns.count else {
      failure = DataError(
        file: file, line: line, column: min(fields.count, columns.count) + 1,
        reason: "the number of fields is \(fields.count), wanted \(columns.count)")
      return
    }
    lines.append(line)
    for (index, field) in fields.enumerated() { columns[index].append(field) }
  }

  private func error(_ reason: String, line: Int? = nil) -> DataError {
    DataError(file: file, line: line ?? self.line, reason: reason)
  }
}

/// The text of a CSV file before it is split.
private struct CSVText {
  /// The text without a byte order mark at its beginning and without line ends at its end.
  let trimmed: String
  private let file: String

  /// Throws where there are characters that are not text.
  init(_ text: String, file: String) throws(DataError) {
    let scalars = text.unicodeScalars.drop { $0 == "\u{feff}" }
    let end = scalars.lastIndex { $0 != "\n" && $0 != "\r" }.map(scalars.index(after:)) ?? scalars.startIndex
    trimmed = String(scalars[..<end])
    self.file = file
    if let odd = trimmed.unicodeScalars.firstIndex(where: Self.isNoText) {
      let code = String(trimmed.unicodeScalars[odd].value, radix: 16, uppercase: true)
      throw error(
        "the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) is not text", at: odd)
    }
  }

  /// Throws where a separator, a quote or a line end is one character with a mark before or after it.
  func checkMarks(separator: Character) throws(DataError) {
    guard !trimmed.utf8.allSatisfy({ $0 < 0x80 }) else { return }
    for index in trimmed.indices {
      let character = trimmed[index]
      guard character.unicodeScalars.count > 1, character != "\r\n" else { continue }
      for part in character.unicodeScalars where part == "\"" || Character(part) == separator {
        throw error("\(quoted(String(character))) is one character, of which \(part) is a part", at: index)
      }
    }
  }

  /// Controls other than tab and line end, and the separators of lines and paragraphs, which editors do not count.
  private static func isNoText(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: false
    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029: true
    default: false
    }
  }

  private func error(_ reason: String, at index: String.Index) -> DataError {
    DataError(file: file, line: 1 + String(trimmed[..<index]).newlines, reason: reason)
  }
}

extension String {
  /// Number of line ends, of which CR and LF together are one.
  fileprivate var newlines: Int {
    guard utf8.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else { return 0 }
    return count(where: \.isNewline)
  }
}
