import TestSupport
import Testing

@testable import DataIO

extension CSVReader {
  /// The fields, `[columns][rows]`.
  fileprivate var columns: [[String]] { (0..<columnCount).map { column($0) } }
}

@Suite struct CSVReaderTests {
  private func reader(_ text: String, separator: Character? = nil) throws -> CSVReader {
    try CSVReader(text, file: "it.csv", separator: separator?.asciiValue)
  }

  /// Each text is a table of the columns “a” and “b” with one row.
  @Test(
    arguments: [
      ("a,b\n1,", "1", ""), ("a,b\n,2", "", "2"), ("a,b\n,", "", ""), ("a,b\n\"\",\"\"", "", ""),
      ("a,b\n\"1\",2", "1", "2"), ("a,b\n 1, 2 ", "1", "2 "), ("a,b\n \"1 \" ,\t\" 2\"\t", "1 ", " 2"),
      ("a,b\n\"\"\"\",\"\"\"\"\"\"", "\"", "\"\""), ("a,b\n\"x\"\"y\",\"\"\"z\"", "x\"y", "\"z"),
      ("a,b\n\"1,5\",\"2;\t5\"", "1,5", "2;\t5"), ("a;b\n1,5;2,5", "1,5", "2,5"), ("a\tb\n\t2", "", "2"),
      ("a\tb\n \t \"2\"", "", "2"), ("\"a,\"\";\nc\";b\n1;2", "1", "2"), ("\n \n\ra;b\n1;2", "1", "2"),
      ("a,b\n\"1\n2\",\"3\r\n\r4\"", "1\n2", "3\r\n\r4"), ("a,b\n\"\n\",\"\r\n\"\n\n", "\n", "\r\n"),
      ("\u{feff}\u{feff}a,b\n\u{feff},2", "\u{feff}", "2"), ("a,b\nGrüße,“é”\u{301}", "Grüße", "“é”\u{301}"),
      ("a,b\n\"x,\u{301}\",é", "x,\u{301}", "é"), ("a,b\né,e\u{301}\r\n", "é", "e\u{301}"),
    ])
  func fieldsAreWhatTheQuotesSay(text: String, first: String, second: String) throws {
    #expect(try reader(text).columns.map { $0.dropFirst() } == [[first], [second]])
  }

  @Test(arguments: ["\n", "\r", "\r\n"]) func everyLineEndIsCounted(_ end: String) throws {
    let text = ["a,b", "1,2", "", "\"3", "\",4", "", "", "5,6", ""].joined(separator: end)
    let reader = try reader(text)
    #expect(reader.columns == [["a", "1", "3\(end)", "5"], ["b", "2", "4", "6"]])
    #expect(reader.lines == [1, 2, 4, 8])
  }

  @Test func lineEndsMayBeMixed() throws {
    let reader = try reader("a\r1\r\r\n\n2\n\r3\r\n\r\n")
    #expect(reader.columns == [["a", "1", "", "", "2", "", "3"]])
    #expect(reader.lines == [1, 2, 3, 4, 5, 6, 7])
  }

  @Test func aQuotedSeparatorDoesNotDecideWhichItIs() throws {
    #expect(try reader("\"a;b\",c").columns == [["a;b"], ["c"]])
    #expect(try reader("a b\n1,2 \n", separator: " ").columns == [["a", "1,2"], ["b", ""]])
  }

  /// Errors name the line on which the row began, where the quote may be that is too many.
  @Test(
    arguments: [
      ("a,b\n\"1\n2\",\"3\n", 2, "a quote is not closed"), ("a,b\n1,\"\"\"", 2, "a quote is not closed"),
      ("a,b\n1,2\n\"3\n4\"x,5", 3, "a quote stands where none can be, or text right after a closing one"),
      ("a,b\r1,\"2\" \"3\"", 2, "a quote stands where none can be, or text right after a closing one"),
      ("a,b\n1,2\"\"3", 2, "a quote stands where none can be, or text right after a closing one"),
      ("a,b\n1,\"\u{301}2\"", 2, "“\"\u{301}” is one character, of which \" is a part"),
      ("a,b\n1,\"2\"\u{301}", 2, "“\"\u{301}” is one character, of which \" is a part"),
      ("a,b\r\n1,\u{85}", 2, "the character U+0085 is not text"),
      ("a,b\r\n\n\r1,\u{2029}", 4, "the character U+2029 is not text"),
    ] as [(String, Int, String)])
  func whatHasNoOneReadingIsRefused(text: String, line: Int, reason: String) {
    #expect(throws: DataError(file: "it.csv", line: line, reason: reason)) { try reader(text) }
  }

  /// Each would take minutes if every byte were looked at again for each that follows.
  @Test(
    arguments: [
      ("a\n", "\r"), ("a,b\n1,\"", "\"\""), ("a,b\n1,\"", "\n"), ("a,b\n", " "), ("", "x"), ("a\ne", "\u{301}"),
      ("", "\u{feff}"), ("a\n", "\u{1F1E9}\n"), ("a,b\n", "\u{600}x,\"\u{1F1E9}\u{1F1E9}\"\n"),
      ("a,b\n1,", "\u{1F1E9}"),
    ])
  func aLargeTextTakesTimeInProportion(start: String, part: String) {
    let text = start + String(repeating: part, count: (1 << 17) / part.utf8.count)
    _ = try? reader(text)
  }

  @Test(.enabled(if: isOptimized)) func aMillionColumnsAreReadAndMoreRefused() throws {
    let names = (0..<1 << 20).map { "c\($0)" }.joined(separator: ",")
    let table = try CSVTable(text: "\(names)\n1\(String(repeating: ",", count: 1 << 20 - 1))\n", file: "it.csv")
    #expect(table.columns.count == 1 << 20 && table.columns[0] == ["1"] && table.columns[1 << 20 - 1] == [""])
    #expect(try table.index(of: "c1048575") == 1 << 20 - 1)
    #expect(
      throws: DataError(
        file: "it.csv", line: 2,
        reason: "the number of fields is more than the 1048576 of the widest table that is read")
    ) { try reader("\n" + String(repeating: ",", count: 1 << 20)) }
  }

  @Test func aRowTooLongIsCountedAndNotKept() {
    #expect(throws: DataError(file: "it.csv", line: 2, column: 3, reason: "the number of fields is 300001, wanted 2")) {
      try reader("a,b\n" + String(repeating: ",", count: 300_000))
    }
  }

  @Test func whatTakesMoreMemoryThanItsTextIsRefused() throws {
    let text = "a,b\n" + String(repeating: ",\n", count: 100)
    #expect(try CSVReader(text, file: "it.csv", separator: nil, freeMemory: 5000).lines.count == 101)
    #expect {
      try CSVReader(text, file: "it.csv", separator: nil, freeMemory: 1000)
    } throws: {
      "\($0)"
        == "it.csv:93: 186 fields up to here would take 5952 bytes of memory, more than the 5896 for a text of 204"
    }
    let usual = "a,b\n" + String(repeating: "1.25,2\n", count: 100)
    #expect(try CSVReader(usual, file: "it.csv", separator: nil, freeMemory: 0).lines.count == 101)
  }

  /// However many rows there are: all of their memory is justified by the text.
  @Test(arguments: ["0\n", "0,0\n", "0,1,2\n", ",0\n", "\"\",\"\"\n", ",,,0,,,,,,,,,,,,,,,,\n"])
  func rowsWithAnyTextAreReadWhateverTheirNumber(_ row: String) throws {
    let text = String(repeating: row, count: 1000)
    #expect(try CSVReader(text, file: "it.csv", separator: nil, freeMemory: 0).lines.count == 1000)
  }

  /// Each takes 16 bytes more than its text justifies.
  @Test(arguments: ["\n", ",\n", ",,,,,,,,\n"]) func rowsWithoutTextAreCounted(_ row: String) throws {
    // Line ends at either end of the text are no rows.
    let (start, end) = row == "\n" ? ("a\n", "a") : ("", "")
    let text = start + String(repeating: row, count: 1000) + end
    #expect(throws: DataError.self) { try CSVReader(text, file: "it.csv", separator: nil, freeMemory: 15_000) }
    #expect(throws: Never.self) { try CSVReader(text, file: "it.csv", separator: nil, freeMemory: 16_500) }
    // Ten million of them are no reason to refuse a file.
    #expect(CSVReader.freeMemory > 16 * 10_000_000)
  }
}
