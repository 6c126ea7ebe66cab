#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

@Suite struct DownloadTests {
  private static let file = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }

  /// A server that has `file`, sends it in parts of 300 bytes, and breaks off after `limit` bytes.
  private static func server(knowsParts: Bool = true, limit: Int = .max) -> Download.Transfer {
    { _, start, began, receive in
      if knowsParts, start >= file.count { return try began(Download.Answer(status: 416)) }
      let isPart = knowsParts && start > 0
      try began(Download.Answer(status: isPart ? 206 : 200, start: isPart ? start : nil))
      let rest = file.dropFirst(knowsParts ? start : 0).prefix(limit)
      for part in stride(from: rest.startIndex, to: rest.endIndex, by: 300) {
        try receive(Array(rest[part..<min(part + 300, rest.endIndex)]))
      }
      if rest.count < file.count - (knowsParts ? start : 0) { throw DownloadError(description: "cut off") }
    }
  }

  private func download(_ folder: String, hash: String? = nil, by transfer: @escaping Download.Transfer) throws
    -> Download
  {
    Download(
      address: try #require(URL(string: "http://localhost/file")), size: Self.file.count,
      hash: hash ?? SHA256.hexadecimal(of: Self.file),
      path: folder + "/file", transfer: transfer)
  }

  @Test func theRightFileIsPutInPlace() throws {
    try withTemporaryFolder { folder in
      let download = try download(folder, by: Self.server())
      #expect(!download.isDone())
      try download()
      #expect(download.isDone())
      #expect(fileNames(in: folder) == ["file"])
      #expect(try FileReading.bytes(of: folder + "/file") == Self.file)
    }
  }

  @Test(arguments: [true, false]) func anInterruptedDownloadIsResumed(knowsParts: Bool) throws {
    try withTemporaryFolder { folder in
      #expect(throws: DownloadError.self) {
        try download(folder, by: Self.server(knowsParts: knowsParts, limit: 450))()
      }
      #expect(fileNames(in: folder) == ["file.part"])
      #expect(try FileReading.bytes(of: folder + "/file.part") == Array(Self.file.prefix(450)))
      try download(folder, by: Self.server(knowsParts: knowsParts))()
      #expect(try FileReading.bytes(of: folder + "/file") == Self.file)
    }
  }

  @Test func aPartThatIsTheWholeNeedsNoNetwork() throws {
    try withTemporaryFolder { folder in
      writeFile(Self.file, to: folder + "/file.part")
      let download = try download(folder) { _, _, _, _ in throw DownloadError(description: "no network") }
      try download()
      #expect(download.isDone() && fileNames(in: folder) == ["file"])
    }
  }

  @Test func aPartThatIsTheWholeIsPutInPlace() throws {
    try withTemporaryFolder { folder in
      writeFile(Self.file, to: folder + "/file.part")
      try download(folder, by: Self.server())()
      #expect(try FileReading.bytes(of: folder + "/file") == Self.file)
    }
  }

  @Test func anotherFileIsThrownAwayAndTheOldOneStays() throws {
    try withTemporaryFolder { folder in
      writeFile([1, 2, 3], to: folder + "/file")
      let wrong = try download(folder, hash: SHA256.hexadecimal(of: [4]), by: Self.server())
      #expect(throws: DownloadError.self) { try wrong() }
      #expect(fileNames(in: folder) == ["file"])
      #expect(try FileReading.bytes(of: folder + "/file") == [1, 2, 3])
    }
  }

  @Test(arguments: [404, 500, 416, 206, 0]) func anErrorOfTheServerIsReportedAndItsTextIsNotTheFile(status: Int) throws
  {
    try withTemporaryFolder { folder in
      let refused = try download(folder) { _, _, began, receive in
        try began(Download.Answer(status: status))
        try receive([9])
      }
      let error = #expect(throws: DownloadError.self) { try refused() }
      #expect(error?.description.contains("\(status)") == true)
      // Nothing came, so there is no part.
      #expect(fileNames(in: folder).isEmpty)
    }
  }

  /// How a download fails whose part has the first 400 bytes, which must stay.
  private func failureThatKeepsThePart(by transfer: @escaping Download.Transfer) throws -> String? {
    let part = Array(Self.file.prefix(400))
    return try withTemporaryFolder { folder in
      writeFile(part, to: folder + "/file.part")
      let download = try download(folder, by: transfer)
      let error = #expect(throws: DownloadError.self) { try download() }
      #expect(try FileReading.bytes(of: folder + "/file.part") == part)
      #expect(fileNames(in: folder) == ["file.part"])
      return error?.description
    }
  }

  @Test(arguments: [0, 1, 599, 601, 9_223_372_036_854_775_000, Int.max])
  func aPartOfAnotherLengthIsOfAnotherFile(count: Int) throws {
    let failure = try failureThatKeepsThePart { _, start, began, _ in
      try began(Download.Answer(status: 206, start: start, count: count))
    }
    #expect(failure?.hasSuffix("it has \(count) bytes from byte 400 on, not 600") == true)
  }

  @Test func aTransferWithoutAnAnswerIsAFailure() throws {
    let failure = try failureThatKeepsThePart { _, _, _, _ in }
    #expect(failure?.hasPrefix("localhost gave no answer") == true)
  }

  @Test func aPartOfWhichNothingComesIsCutOff() throws {
    let failure = try failureThatKeepsThePart { _, start, began, _ in
      try began(Download.Answer(status: 206, start: start))
    }
    #expect(failure?.contains("was cut off at 400 of 1000 bytes") == true)
  }

  @Test(arguments: [416, 206]) func aPartStaysUntilAnAnswerReplacesIt(status: Int) throws {
    let failure = try failureThatKeepsThePart { _, start, began, _ in
      try began(Download.Answer(status: start > 0 ? status : 503, start: 0))
    }
    #expect(failure?.contains("status 503") == true)
  }

  @Test func aFileThatIsCutOffWithoutAnErrorIsKept() throws {
    try withTemporaryFolder { folder in
      let short = try download(folder) { _, _, began, receive in
        try began(Download.Answer(status: 200))
        try receive(Array(Self.file.prefix(300)))
      }
      let error = #expect(throws: DownloadError.self) { try short() }
      #expect(error?.description.contains("was cut off at 300 of 1000 bytes") == true)
      #expect(try FileReading.bytes(of: folder + "/file.part") == Array(Self.file.prefix(300)))
      try download(folder, by: Self.server())()
      #expect(try FileReading.bytes(of: folder + "/file") == Self.file)
    }
  }

  @Test func aPartOfAnotherFileIsBegunAnew() throws {
    for part in [Array(Self.file.prefix(400)) + [1, 2, 3], Self.file + [1], [UInt8](repeating: 1, count: 1000)] {
      try withTemporaryFolder { folder in
        writeFile(part, to: folder + "/file.part")
        try download(folder, by: Self.server())()
        #expect(fileNames(in: folder) == ["file"])
        #expect(try FileReading.bytes(of: folder + "/file") == Self.file)
      }
    }
  }

  @Test func twoDownloadsOfAFileDoNotMix() throws {
    try withTemporaryFolder { folder in
      let second = try download(folder, by: Self.server())
      let first = try download(folder) { address, start, began, receive in
        #expect { try second() } throws: { "\($0)".contains("in use by process \(getpid())") }
        try Self.server()(address, start, began, receive)
      }
      try first()
      #expect(fileNames(in: folder) == ["file"])
    }
  }

  @Test func anUnreachableServerIsReportedInALine() throws {
    try withTemporaryFolder { folder in
      // No server listens at the discard port.
      let lost = Download(
        address: try #require(URL(string: "http://127.0.0.1:9/file")), size: 1, hash: "", path: folder + "/file",
        transfer: HTTPTransfer.get())
      let error = #expect(throws: DownloadError.self) { try lost() }
      #expect(error?.description.contains("127.0.0.1 cannot be reached") == true)
      #expect(error?.description.contains("\n") == false)
      #expect(fileNames(in: folder).isEmpty)
    }
  }
}
#endif
