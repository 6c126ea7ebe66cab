import DataIO
import TestSupport
import Testing

@Suite struct CSVTableTests {
  private func table(
    _ text: String, hasHeader: Bool = true, separator: Character? = nil
  ) throws -> CSVTable {
    try CSVTable(text: text, file: "it.csv", hasHeader: hasHeader, separator: separator)
  }

  @Test func columnsNamesAndLinesAreWhatTheFileHolds() throws {
    let table = try table("time, load ,\"note, \"\"q\"\"\"\n1,2.5,\"two\nlines\"\n2,,plain\n")
    #expect(table.header == ["time", "load", "note, \"q\""])
    #expect(table.columns == [["1", "2"], ["2.5", ""], ["two\nlines", "plain"]])
    #expect(table.lines == [2, 4])
    #expect(table.rowCount == 2)
    #expect(try table.index(of: "load") == 1)
  }

  @Test func aTableWithoutHeaderHasNoNames() throws {
    let table = try table("1;2\r\n3;4\r\n", hasHeader: false)
    #expect(table.header == [])
    #expect(table.columns == [["1", "3"], ["2", "4"]])
    #expect(table.lines == [1, 2])
  }

  @Test(arguments: [",", ";", "\t"]) func theSeparatorIsGuessed(_ separator: String) throws {
    let text = ["a|b", "1|2", "|", "3|"].joined(separator: "\n").replacing("|", with: separator)
    #expect(try table(text).columns == [["1", "", "3"], ["2", "", ""]])
  }

  @Test func theSeparatorMayBeGiven() throws {
    #expect(try table("a,b|c\n1,2|3", separator: "|").columns == [["1,2"], ["3"]])
  }

  @Test func aByteOrderMarkAndBlankLinesAreSkipped() throws {
    let table = try table("\u{feff}\na,b\n\n1,2\n  \n3,4\n\n\n")
    #expect(table.header == ["a", "b"])
    #expect(table.columns == [["1", "3"], ["2", "4"]])
    #expect(table.lines == [4, 6])
  }

  @Test func aBlankLineOfASingleColumnIsAMissingNumber() throws {
    let table = try table("load\n1\n\n3\n\n")
    #expect(try table.numbers(of: 0) == [1, nil, 3])
    #expect(table.lines == [2, 3, 4])
  }

  @Test func numbersMayBeMissing() throws {
    let table = try table("a,b\n 1.5 ,x\nNA,x\n-2e3,x\n,x\nnan,x\nNULL,x\n")
    #expect(try table.numbers(of: 0) == [1.5, nil, -2000, nil, nil, nil])
    #expect(throws: DataError(file: "it.csv", line: 2, column: 2, reason: "“x” is not a number")) {
      try table.numbers(of: 1)
    }
  }

  @Test(
    arguments: [
      ("inf", "“inf” is not a finite number"), ("1e999", "“1e999” is too large for a number"),
      ("0x1p3", "“0x1p3” is not a number"), ("1,5", "“1,5” is not a number; decimals stand behind a point"),
      ("1 2", "“1 2” is not a number"),
      ("１", "“１” is not a number"),
    ])
  func whatIsNoNumberNamesItsPlace(field: String, reason: String) throws {
    let table = try table("a,b\n\"two\nlines\",1\nx,\"\(field)\"\n")
    #expect(throws: DataError(file: "it.csv", line: 4, column: 2, reason: reason)) { try table.numbers(of: 1) }
  }

  @Test(
    arguments: [
      ("", nil, nil, "holds no table"), ("\n\r\n \n", nil, nil, "holds no table"),
      ("a,b\n1\n", 2, 2, "the number of fields is 1, wanted 2"),
      ("a,b\n\"1\n2\",3\n1,2,3\n4,5\n", 4, 3, "the number of fields is 3, wanted 2"),
      ("a,b,a\n", 1, 3, "the column name “a” occurs twice"), ("\n\na,b,a\n", 3, 3, "the column name “a” occurs twice"),
      ("a,b\n1,\"2\n3,4\n", 2, nil, "a quote is not closed"), ("a,\"", 1, nil, "a quote is not closed"),
      ("a,b\n1,\"2", 2, nil, "a quote is not closed"),
      ("a,b\n1,2\"3\n", 2, nil, "a quote stands where none can be, or text right after a closing one"),
      ("a,b\n1,\"2\"3\n", 2, nil, "a quote stands where none can be, or text right after a closing one"),
      ("a,b\n1,\"end\n", 2, nil, "a quote is not closed"),
      ("a,b\n1,\u{7}\n", 2, nil, "the character U+0007 is not text"),
      ("a,b\r\n1,\u{2028}\r\n", 2, nil, "the character U+2028 is not text"),
      ("a,b\n1,\u{301}2\n", 2, nil, "“,\u{301}” is one character, of which , is a part"),
      ("a,b\n1,\"2\u{600}\",3\n", 2, nil, "“\\u{600}\"” is one character, of which \" is a part"),
    ] as [(String, Int?, Int?, String)])
  func aMalformedTableIsRefusedWithItsPlace(text: String, line: Int?, column: Int?, reason: String) {
    #expect(throws: DataError(file: "it.csv", line: line, column: column, reason: reason)) { try table(text) }
  }

  @Test func aColumnThatIsMissingIsRefusedWithTheNamesThereAre() throws {
    let table = try table("a,b\n1,2\n")
    #expect(throws: DataError(file: "it.csv", reason: "has no column “c”, but “a”, “b”")) { try table.index(of: "c") }
  }

  @Test func filesAreReadUpToTheLimit() throws {
    try withTemporaryFile("a,b\n1,2\n".utf8) { path in
      let columns = try CSVTable(contentsOf: path).columns
      #expect(columns == [["1"], ["2"]])
      #expect(throws: DataError.self) { try CSVTable(contentsOf: path, limit: 7) }
    }
  }
}
