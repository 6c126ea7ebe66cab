package import Kernels

/// A table of numbers as scientists exchange them: one row a line, columns separated by blanks or tabs.
///
/// Lines that hold nothing but white space are skipped. Everything else must be finite decimal numbers, the same number
/// of them on every line; what is not is an error that names the file and the line.
package struct WhitespaceTable: Sendable {
  /// The numbers, `[rows × columns]`.
  package let values: Matrix<Double>
  /// The line that each row stood on, counted from 1: what an error about a row's meaning should name.
  package let lines: [Int]

  /// The longest line that is read, in bytes. Tables have short lines; a file with a longer one is something else.
  package static let longestLine = 1 << 16

  /// Reads the file at `path`, which must have `columns` columns and at least one row.
  package init(contentsOf path: String, columns: Int) throws(DataError) {
    try self.init(FileReading.bytes(of: path), file: path, columns: columns)
  }

  /// Reads `bytes`, which came from `file`.
  package init(_ bytes: [UInt8], file: String, columns: Int) throws(DataError) {
    require(columns > 0, "a table has at least one column, not \(columns)")
    var parser = Parser(file: file, columns: columns)
    var lines: [Int] = []
    var values: [Double] = []
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      parser.line += 1
      if try parser.readLine(line, appendingTo: &values) { lines.append(parser.line) }
    }
    guard !lines.isEmpty else { throw DataError(file: file, reason: "holds no numbers, wanted rows of \(columns)") }
    self.values = Matrix(rows: lines.count, columns: columns, values)
    self.lines = lines
  }
}

private struct Parser {
  let file: String
  let columns: Int
  var line = 0

  /// Reads the numbers of a line; `false` where there are none.
  func readLine(_ bytes: ArraySlice<UInt8>, appendingTo values: inout [Double]) throws(DataError) -> Bool {
    guard bytes.count <= WhitespaceTable.longestLine else {
      throw error("a line of \(bytes.count) bytes, longer than the \(WhitespaceTable.longestLine) of any table")
    }
    if let byte = bytes.first(where: { $0 < 0x20 && !isWhiteSpace($0) || $0 == 0x7f }) {
      throw error("byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)) is not text")
    }
    let fields = bytes.split(whereSeparator: isWhiteSpace)
    guard !fields.isEmpty else { return false }
    guard fields.count == columns else { throw error("the number of columns is \(fields.count), wanted \(columns)") }
    for (index, field) in fields.enumerated() { values.append(try number(field, column: index + 1)) }
    return true
  }

  private func number(_ field: ArraySlice<UInt8>, column: Int) throws(DataError) -> Double {
    do { return try DecimalNumber.value(String(decoding: field, as: UTF8.self)) } catch {
      throw self.error(error.reason, column)
    }
  }

  private func error(_ reason: String, _ column: Int? = nil) -> DataError {
    DataError(file: file, line: line, column: column, reason: reason)
  }

  private func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
