import DataIO
import Testing

@Suite struct DataErrorTests {
  @Test(arguments: [
    (DataError(file: "a.txt", reason: "is empty"), "a.txt: is empty"),
    (DataError(file: "a.txt", line: 7, reason: "3 columns"), "a.txt:7: 3 columns"),
    (DataError(file: "a.txt", line: 7, column: 2, reason: "no number"), "a.txt:7:2: no number"),
    (DataError(file: "two\nlines", reason: "a\u{1b}[31mb"), "two\\u{a}lines: a\\u{1b}[31mb"),
  ])
  func theDescriptionIsOneLineOfPrintableText(error: DataError, line: String) {
    #expect("\(error)" == line)
  }

  @Test func oneIsSingular() {
    #expect(counted(1, "row") == "1 row" && counted(0, "row") == "0 rows" && counted(22, "row") == "22 rows")
  }
}
