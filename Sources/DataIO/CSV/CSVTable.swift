internal import Kernels

/// A table of text as spreadsheets and databases export it: one row a line, fields separated by commas, semicolons or
/// tabs, in double quotes where they hold what would end them (RFC 4180).
///
/// Lines may end in LF or CR alone too, and blanks before a field and around quotes are skipped. Refused with its line is
/// what else cannot be read in one way only: rows of unequal length, a quote that is never closed or within a field
/// without quotes, a separator merged with a combining mark, characters that are not text. So are more than
/// 2²⁰ columns, and more than some twelve million rows that hardly hold any text, which take more memory than the file
/// justifies. Lines without any text are skipped, except in a table of one column, where one is an empty field.
public struct CSVTable: Sendable, Equatable {
  /// The path of the file, or what the caller called the bytes.
  public let file: String
  /// The names of the columns, all different; empty where the table has no header.
  public let header: [String]
  /// The fields, `[columns][rows]`: those of a column lie together.
  public let columns: [[String]]
  /// The line on which each row begins, counted from 1: what an error about a row should name.
  public let lines: [Int]
  /// The place of each name in ``header``.
  private let indices: [String: Int]

  /// Number of rows, without the header.
  public var rowCount: Int { lines.count }

  /// The most that a file may hold unless the caller says otherwise: 256 MiB. While it is read, a table of single
  /// digits takes up to 22 times its file, one of empty fields up to 26 times and 192 MiB, most less than ten times.
  public static let defaultLimit = 1 << 28

  /// Reads the file at `path`, which must be UTF-8, with at least one column.
  ///
  /// - Parameters:
  ///   - path: Where it lies.
  ///   - hasHeader: Whether the first line names the columns.
  ///   - separator: What separates the fields, in ASCII; `nil` leaves it to the first comma, semicolon or tab of the first
  ///     line.
  ///   - limit: The most bytes that are read.
  public init(
    contentsOf path: String, hasHeader: Bool = true, separator: Character? = nil, limit: Int = defaultLimit
  ) throws(DataError) {
    try self.init(
      text: FileReading.text(of: path, limit: limit), file: path, hasHeader: hasHeader, separator: separator)
  }

  /// Reads `text`, which came from `file`, as ``init(contentsOf:hasHeader:separator:limit:)`` does.
  public init(
    text: String, file: String, hasHeader: Bool = true, separator: Character? = nil
  ) throws(DataError) {
    require(
      separator.map { $0.isASCII && !$0.isNewline && $0 != "\"" } ?? true,
      "\(quoted(separator.map(String.init) ?? "")) cannot separate fields")
    let rows = try CSVReader(text, file: file, separator: separator?.asciiValue)
    self.file = file
    header = hasHeader ? rows.row(0).map { String($0.trimmingBlanks) } : []
    var indices: [String: Int] = [:]
    for (index, name) in header.enumerated() where indices.updateValue(index, forKey: name) != nil {
      throw DataError(
        file: file, line: Int(rows.lines[0]), column: index + 1,
        reason: "the column name \(quoted(name)) occurs twice")
    }
    self.indices = indices
    let first = hasHeader ? 1 : 0
    columns = (0..<rows.columnCount).map { rows.column($0, from: first) }
    lines = rows.lines.dropFirst(first).map(Int.init)
  }

  /// The index of the column called `name`.
  public func index(of name: String) throws(DataError) -> Int {
    guard let index = indices[name] else {
      let names = header.prefix(Self.maxNamesShown).map { quoted($0) }.joined(separator: ", ")
      throw DataError(file: file, reason: "has no column \(quoted(name))" + (names.isEmpty ? "" : ", but \(names)"))
    }
    return index
  }

  /// The numbers in the column `index`, `nil` where one is missing: where the field is empty, `NA`, `NaN` or `null`, in
  /// small or capital letters. Blanks around a number are skipped.
  ///
  /// Throws for the first field that is neither, with its line and column.
  public func numbers(of index: Int) throws(DataError) -> [Double?] {
    require(columns.indices.contains(index), "there is no column \(index) among \(columns.count)")
    var numbers: [Double?] = []
    numbers.reserveCapacity(rowCount)
    for (line, field) in zip(lines, columns[index]) {
      let text = field.trimmingBlanks
      do { numbers.append(Self.isMissing(text) ? nil : try DecimalNumber.value(text)) } catch {
        throw DataError(file: file, line: line, column: index + 1, reason: error.reason)
      }
    }
    return numbers
  }

  /// The limit on the names in an error message.
  private static let maxNamesShown = 100

  private static func isMissing(_ text: Substring) -> Bool {
    // Most fields are numbers, and longer than these.
    text.utf8.count <= 4 && ["", "na", "nan", "null"].contains(text.lowercased())
  }
}

extension String {
  /// What is left without blanks and tabs at either end.
  fileprivate var trimmingBlanks: Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = utf8.firstIndex(where: { !isBlank($0) }), let last = utf8.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return self[first...last]
  }
}
