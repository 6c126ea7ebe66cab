import Testing

@testable import DataIO

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
}
