import DataIO
import TestSupport
import Testing

@Suite struct FileWritingTests {
  @Test func whatIsWrittenReplacesWhatWasThere() throws {
    try withTemporaryFile([1, 2, 3]) { path in
      try FileWriting.write([7, 8], to: path)
      #expect(try FileReading.bytes(of: path) == [7, 8])
      try FileWriting.write([], to: path)
      #expect(try FileReading.bytes(of: path) == [])
    }
  }

  @Test func aFolderThatIsMissingAndAPathWithNULSayWhatIsWrong() {
    let missing = DataError(
      file: "/no/such/file", reason: "cannot be written: open: No such file or directory (errno 2)")
    #expect(throws: missing) { try FileWriting.write([1], to: "/no/such/file") }
    #expect(throws: DataError(file: "/tmp/a\0b", reason: "cannot be written: open: Invalid argument (errno 22)")) {
      try FileWriting.write([1], to: "/tmp/a\0b")
    }
  }
}
