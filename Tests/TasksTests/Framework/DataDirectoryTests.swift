import DataIO
import Tasks
import TestSupport
import Testing

@Suite struct DataDirectoryTests {
  @Test func linesComeWithoutTheirEnds() throws {
    try withTemporaryFolder { folder in
      writeFile(Array("one\n\ntwo\n".utf8), to: folder + "/file.txt")
      let lines = try DataDirectory(folder).lines(of: "file.txt")
      #expect(lines == ["one", "", "two"])
    }
  }

  @Test func aMissingFileIsNamed() {
    #expect { try DataDirectory("/nowhere").lines(of: "file.txt") } throws: {
      ($0 as? DataError)?.file == "/nowhere/file.txt"
    }
    #expect(!DataDirectory("/nowhere").holds(.digits))
  }

  @Test func withoutAFolderTheErrorNamesTheCommandThatFetchesTheData() {
    #expect { try TaskContext(.quick).dataFolder(for: .chorales) } throws: { "\($0)".contains("rnn fetch") }
  }

  @Test(
    .enabled(if: DataFolder.holds("digits.csv.gz"), "the data is not there: set RECURRENT_DATA"),
    arguments: DataSet.allCases)
  func theFolderHoldsEveryFileOf(_ dataSet: DataSet) {
    #expect(DataDirectory(DataFolder.path).holds(dataSet))
  }
}
