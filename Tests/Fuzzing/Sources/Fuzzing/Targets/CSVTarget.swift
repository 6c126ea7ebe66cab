import DataIO

extension FuzzTarget {
  /// CSV files: a table that was read is written, all in quotes and with tabs, and read to the same.
  static let csv = FuzzTarget(name: "csv", seeds: { csvSeeds.map { Array($0.utf8) } }) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    for hasHeader in [true, false] {
      guard let table = try? CSVTable(text: text, file: "it.csv", hasHeader: hasHeader) else { continue }
      for column in table.columns.indices { _ = try? table.numbers(of: column) }
      // A mark that combines with a quote beside it cannot stand in quotes.
      guard (table.columns.joined() + table.header).allSatisfy(canBeQuoted) else { continue }
      let again = try? CSVTable(
        text: quotedText(of: table), file: "it.csv", hasHeader: hasHeader, separator: "\t")
      // A field of blanks in a single column is a blank line once it is written, in quotes or not.
      guard table.columns.count > 1 else { continue }
      requireSame(again?.header, as: table.header, "header")
      requireSame(again?.columns, as: table.columns, "columns")
    }
  }
}

private func canBeQuoted(_ field: String) -> Bool { "\"\(field)\"".count == field.count + 2 }

private func quotedText(of table: CSVTable) -> String {
  let rows = (0..<table.rowCount).map { row in table.columns.map { $0[row] } }
  return ((table.header.isEmpty ? [] : [table.header]) + rows)
    .map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: "\t") }
    .joined(separator: "\n")
}

private let csvSeeds = [
  "time,load,note\n1,2.5,\"two\nlines, \"\"quoted\"\"\"\n2,,plain\n", "a;b\r\n1;NA\r\n2;3\r\n", "a\tb\n1\t2",
  "load\n1\n\n3\n", "\u{feff}a,b\n\n1,2\n", String(repeating: ",", count: 8000), String(repeating: "\n", count: 8000),
  "a,b\n" + String(repeating: ",\n", count: 4000), "a,b\n1," + String(repeating: ",", count: 8000),
]
