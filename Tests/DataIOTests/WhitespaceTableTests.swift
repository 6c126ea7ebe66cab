import DataIO
import Kernels
import TestSupport
import Testing

@Suite struct WhitespaceTableTests {
  @Test func blanksTabsEmptyLinesAndForeignLineEndsAreAllAlike() throws {
    let table = try WhitespaceTable(Array("\n780\t1.0\r\n\n  -2.5e-1   +3 \n\t\n4 .5".utf8), file: "f", columns: 2)
    #expect(table.values.nestedRows == [[780, 1], [-0.25, 3], [4, 0.5]])
    #expect(table.lines == [2, 4, 6])
  }

  @Test func aFileGivesTheSameTableAsItsBytes() throws {
    let text = "1 2 3\n4 5 6\n"
    let fromFile = try withTemporaryFile(text.utf8) { try WhitespaceTable(contentsOf: $0, columns: 3) }
    #expect(fromFile.values.nestedRows == [[1, 2, 3], [4, 5, 6]])
  }

  /// What a file may hold instead of a table with two columns, and how the error reads.
  static let malformed: [(contents: [UInt8], error: String)] = [
    ([], "f: holds no numbers, wanted rows of 2"),
    (Array(" \r\n\t\n".utf8), "f: holds no numbers, wanted rows of 2"),
    (Array("1 2\n3\n".utf8), "f:2: the number of columns is 1, wanted 2"),
    (Array("1 2 3\n".utf8), "f:1: the number of columns is 3, wanted 2"),
    (Array("1,2\n".utf8), "f:1: the number of columns is 1, wanted 2"),
    (Array("1 2\n\nx 4\n".utf8), "f:3:1: “x” is not a number"),
    (Array("1 2,5\n".utf8), "f:1:2: “2,5” is not a number; decimals stand behind a point"),
    (Array("1 0x10\n".utf8), "f:1:2: “0x10” is not a number"),
    (Array("1 1e\n".utf8), "f:1:2: “1e” is not a number"),
    (Array("1 -\n".utf8), "f:1:2: “-” is not a number"),
    (Array("nan 2\n".utf8), "f:1:1: “nan” is not a finite number"),
    (Array("1 -Inf\n".utf8), "f:1:2: “-Inf” is not a finite number"),
    (Array("1 1e999\n".utf8), "f:1:2: “1e999” is too large for a number"),
    (Array("1 2\n3 \0\n".utf8), "f:2: byte 0x00 is not text"),
    ([0x7f, 0x45, 0x4c, 0x46, 0x02], "f:1: byte 0x7f is not text"),
    ([0xff, 0xfe, 0x20, 0x31], "f:1:1: “\u{fffd}\u{fffd}” is not a number"),
    (Array("１ 2\n".utf8), "f:1:1: “１” is not a number"),
    (Array("1 \u{202e}2\n".utf8), "f:1:2: “\\u{202e}2” is not a number"),
    (
      Array(repeating: UInt8(ascii: "7"), count: 70_000),
      "f:1: a line of 70000 bytes, longer than the 65536 of any table"
    ),
    (
      Array("1 ".utf8) + Array(repeating: UInt8(ascii: "z"), count: 60_000),
      "f:1:2: “\(String(repeating: "z", count: 40))…” is not a number"
    ),
  ]

  @Test(arguments: malformed.indices)
  func whatIsNoTableIsAnErrorThatNamesTheLine(_ index: Int) {
    let (contents, message) = Self.malformed[index]
    let error = #expect(throws: DataError.self) { try WhitespaceTable(contents, file: "f", columns: 2) }
    #expect(error?.description == message)
  }
}
