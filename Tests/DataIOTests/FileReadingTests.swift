import Foundation
import TestSupport
import Testing

@testable import DataIO

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

  @Test func aByteOrderMarkIsNoPartOfTheText() throws {
    let read = try withTemporaryFile([0xEF, 0xBB, 0xBF] + Array("ä\u{FEFF}b".utf8)) { try FileReading.text(of: $0) }
    #expect(read == "ä\u{FEFF}b")
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

  /// `printf 'one\ntwo\n' | gzip -n`, and with its checksum, its length and its end damaged.
  @Test func whatGzipPackedIsReadAndDamageIsNot() throws {
    let file: [UInt8] = [
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0xcf, 0x4b, 0xe5, 0x2a, 0x29, 0xcf, 0xe7, 0x02,
      0x00, 0xe6, 0x0b, 0xba, 0x12, 0x08, 0x00, 0x00, 0x00,
    ]
    let text = try withTemporaryFile(file) { try FileReading.text(ofGzip: $0) }
    #expect(text == "one\ntwo\n")
    var damaged = [Array(file.dropLast()), file + [0], Array("one\ntwo\n".utf8), []]
    for place in [0, 12, file.count - 5, file.count - 1] {
      var bytes = file
      bytes[place] ^= 0x10
      damaged.append(bytes)
    }
    for bytes in damaged {
      try withTemporaryFile(bytes) { path in
        #expect(throws: DataError.self) { try FileReading.bytes(ofGzip: path) }
      }
    }
  }

  @Test func aGzipFileThatStandsForTooMuchIsRefused() throws {
    // A thousand zeros.
    let file: [UInt8] = [
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77,
      0x00, 0x00, 0x80, 0x17, 0x0b, 0x06, 0xe8, 0x03, 0x00, 0x00,
    ]
    try withTemporaryFile(file) { path in
      let bytes = try FileReading.bytes(ofGzip: path, limits: .bytes(1000))
      #expect(bytes == [UInt8](repeating: 0, count: 1000))
      #expect(throws: DataError.self) { try FileReading.bytes(ofGzip: path, limits: .bytes(999)) }
    }
  }

  /// `bytes` as a gzip file.
  private func gzip(_ bytes: [UInt8]) -> [UInt8] {
    let trailer = [Deflate.checksum(bytes), UInt32(bytes.count)].flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] + Deflate.deflated(bytes) + trailer
  }

  @Test func aLogThatShrinksTwentyTimesIsRead() throws {
    let lines = (0..<10_000).map { "2026-11-28 04:40:44 INFO reading \($0) of the outer sensor is within its bounds\n" }
    let log = Array(String(repeating: lines.joined(), count: 50).utf8)
    let file = gzip(log)
    // More than archives of weights may unpack to.
    #expect(log.count > 32 << 20 && log.count > 8 * file.count && log.count < 100 * file.count)
    try withTemporaryFile(file) { path in
      let bytes = try FileReading.bytes(ofGzip: path)
      #expect(bytes.count == log.count && Deflate.checksum(bytes) == Deflate.checksum(log))
      #expect(throws: DataError.self) { try FileReading.bytes(ofGzip: path, limits: UnpackingLimits()) }
    }
  }

  @Test func aGzipFileThatShrinksLikeNoTextIsRefused() throws {
    let count = 33 << 20
    try withTemporaryFile(gzip([UInt8](repeating: 0, count: count))) { path in
      let size = try FileReading.bytes(of: path).count
      #expect(
        throws: DataError(
          file: path, reason: "unpacks to more than the \(32 << 20) bytes that a gzip file of \(size) may")
      ) { try FileReading.bytes(ofGzip: path) }
      #expect(try FileReading.bytes(ofGzip: path, limits: .bytes(count)).count == count)
      let tight = UnpackingLimits(minAllowance: 0, maxRatio: 100)
      #expect(throws: DataError.self) { try FileReading.bytes(ofGzip: path, limits: tight) }
    }
  }

  /// What does not shrink is a little larger when packed.
  @Test func aGzipFileLargerThanItsContentsIsReadUpToTheirSize() throws {
    var state: UInt64 = 2
    let noise = (0..<100_003).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
    let file = gzip(noise)
    #expect(file.count > noise.count)
    try withTemporaryFile(file) { path in
      let bytes = try FileReading.bytes(ofGzip: path, limits: .bytes(noise.count))
      #expect(bytes == noise)
      #expect(throws: DataError.self) { try FileReading.bytes(ofGzip: path, limits: .bytes(noise.count - 1)) }
    }
    // More behind the end of the only member.
    try withTemporaryFile(file + noise.prefix(70_000)) { path in
      #expect(throws: DataError(file: path, reason: "is damaged or no gzip file of one member")) {
        try FileReading.bytes(ofGzip: path)
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

  @Test func aFIFOIsRefusedAndNotWaitedFor() throws {
    try withTemporaryFolder { folder in
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(throws: DataError(file: folder + "/pipe", reason: "is a FIFO, no regular file")) {
        try FileReading.bytes(of: folder + "/pipe")
      }
    }
  }

  @Test func whatAProcessPipesInIsReadToItsEnd() throws {
    let pipe = Pipe()
    Thread.detachNewThread {
      for part in [[1, 2, 3], [4]] as [[UInt8]] {
        usleep(1000)
        pipe.fileHandleForWriting.write(Data(part))
      }
      pipe.fileHandleForWriting.closeFile()
    }
    #expect(try FileReading.bytes(of: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == [1, 2, 3, 4])
  }
}
