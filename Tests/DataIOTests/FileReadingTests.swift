import DataIO
import TestSupport
import Testing

@Suite struct FileReadingTests {
  @Test func bytesComeBackAsTheyWereWritten() throws {
    let bytes = (0..<200_003).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let read = try withTemporaryFile(bytes) { try FileReading.bytes(of: $0) }
    #expect(read == bytes)
  }

  @Test func textComesBackAsItWasWritten() throws {
    let text = "Großmutter\r\n和\n"
    let read = try withTemporaryFile(text.utf8) { try FileReading.text(of: $0) }
    #expect(read == text)
  }

  @Test func aFileAtTheLimitIsReadAndALongerOneIsNot() throws {
    try withTemporaryFile([1, 2, 3]) { path in
      let read = try FileReading.bytes(of: path, limit: 3)
      #expect(read == [1, 2, 3])
      #expect(throws: DataError(file: path, reason: "holds more than the 2 bytes that are read at most")) {
        try FileReading.bytes(of: path, limit: 2)
      }
    }
  }

  @Test func anEndlessDeviceIsRefused() {
    #expect(throws: DataError.self) { try FileReading.bytes(of: "/dev/zero", limit: 1 << 20) }
  }

  @Test func aMissingFileAFolderAndAPathWithNULSayWhatIsWrong() {
    #expect(throws: DataError(file: "/no/such", reason: "No such file or directory")) {
      try FileReading.bytes(of: "/no/such")
    }
    #expect(throws: DataError(file: "/", reason: "Is a directory")) { try FileReading.bytes(of: "/") }
    #expect(throws: DataError(file: "/dev/null\0.txt", reason: "a path cannot hold a NUL")) {
      try FileReading.bytes(of: "/dev/null\0.txt")
    }
  }

  @Test func whatIsNotTextNamesItsLine() throws {
    try withTemporaryFile([0x61, 0x0a, 0x62, 0x00]) { path in
      #expect(throws: DataError(file: path, line: 2, reason: "byte 0x00 is not text")) {
        try FileReading.text(of: path)
      }
    }
    try withTemporaryFile([0x61, 0x0a, 0x0a, 0xc3, 0x28]) { path in
      #expect(throws: DataError(file: path, line: 3, reason: "the bytes are not UTF-8")) {
        try FileReading.text(of: path)
      }
    }
  }
}
