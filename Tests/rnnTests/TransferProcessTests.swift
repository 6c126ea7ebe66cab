#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

/// The limit is for a server or a client that waits for ever.
@Suite(.timeLimit(.minutes(10))) struct TransferProcessTests {
  private static let file = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 13) }
  private static let part = Array(file.prefix(30_000))
  private let folder = TemporaryFolder()
  private var partPath: String { folder.path("file.part") }

  private typealias Answer = @Sendable (_ request: String, _ port: UInt16) -> [LocalServer.Part]

  /// The tool that was built with these tests.
  private static func tool() throws -> String {
    let tests = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return tests.deletingLastPathComponent().appending(path: "rnn").path
  }

  /// The file, or the part of it that is asked for.
  private static let whole: Answer = { request, _ in
    let start = request.firstMatch(of: /(?i)range: bytes=(\d+)-/).flatMap { Int($0.1) } ?? 0
    return [
      .head(
        start > 0 ? "206 Partial Content" : "200 OK", "Content-Length: \(file.count - start)",
        "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)"),
      .bytes(Array(file.dropFirst(start))),
    ]
  }

  private func download(_ address: URL, by transfer: @escaping Download.Transfer) -> Download {
    Download(
      address: address, size: Self.file.count, hash: SHA256.hexadecimal(of: Self.file), path: folder.path("file"),
      transfer: transfer)
  }

  private func download(_ address: URL, _ limits: TransferLimits = TransferLimits()) throws -> Download {
    download(address, by: TransferProcess.get(limits, executable: try Self.tool()))
  }

  private func failure(of download: Download) -> String {
    do {
      try download()
      return "none"
    } catch { return "\(error)" }
  }

  // MARK: - Files

  @Test func aFileComesThroughTheProcessAsItIs() throws {
    let server = try LocalServer([Self.whole])
    let download = try download(server.address())
    try download()
    #expect(try FileReading.bytes(of: folder.path("file")) == Self.file)
    #expect(fileNames(in: folder.path) == ["file"])
  }

  @Test func aFileThatWasCutOffIsKeptAndResumed() throws {
    // Without a length, the end of the connection is that of the file.
    let server = try LocalServer([
      { _, _ in [.head("200 OK"), .bytes(Array(Self.file.prefix(150_000)))] }, Self.whole,
    ])
    let download = try download(server.address())
    #expect(failure(of: download).contains("was cut off at 150000 of 300000 bytes"))
    #expect(try FileReading.bytes(of: partPath) == Array(Self.file.prefix(150_000)))
    try download()
    #expect(download.isDone() && server.requests[1].contains("bytes=150000-"))
  }

  @Test func anErrorIsReportedInTheSameWordsAsInOneProcess() throws {
    let missing: Answer = { _, _ in [.head("404 Not Found", "Content-Length: 3"), .text("404")] }
    let server = try LocalServer([missing, missing])
    let separate = try failure(of: download(server.address()))
    #expect(separate.contains("status 404"))
    #expect(try failure(of: download(server.address(), by: HTTPTransfer.get())) == separate)

    // No server listens at the discard port.
    let nobody = try #require(URL(string: "http://127.0.0.1:9/file"))
    // The message says after how many milliseconds.
    func words(_ message: String) -> String { message.replacing(/[0-9]+ ms/, with: "") }
    let unreachable = try failure(of: download(nobody))
    #expect(unreachable.contains("127.0.0.1 cannot be reached"))
    #expect(words(failure(of: download(nobody, by: HTTPTransfer.get()))) == words(unreachable))
    #expect(fileNames(in: folder.path).isEmpty)
  }

  // MARK: - Answers that mean nothing

  @Test(arguments: [
    // URLSession ends its process at these.
    "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 9223372036854775807\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    // To URLSession these are a success without a response.
    "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "",
  ])
  func anAnswerThatCannotBeReadIsAnErrorAndThePartStays(_ text: String) throws {
    writeFile(Self.part, to: partPath)
    let server = try LocalServer([{ _, _ in [.text(text)] }, Self.whole])
    let download = try download(server.address())
    let failure = failure(of: download)
    #expect(failure.contains("127.0.0.1") && !failure.contains("another file"), "\(failure)")
    #expect(try FileReading.bytes(of: partPath) == Self.part)
    #expect(fileNames(in: folder.path) == ["file.part"])
    try download()
    #expect(download.isDone() && server.requests.last?.contains("bytes=30000-") == true)
  }

  @Test func aSilentServerIsGivenUp() throws {
    writeFile(Self.part, to: partPath)
    let server = try LocalServer([{ _, _ in [.silence] }])
    let download = try download(server.address(), TransferLimits(secondsToAnswer: 0.3))
    #expect(failure(of: download) == "127.0.0.1 did not answer within 0.3 seconds")
    #expect(try FileReading.bytes(of: partPath) == Self.part)
  }

  @Test func aServerThatSendsAByteNowAndThenIsGivenUpAndThePartStays() throws {
    let server = try LocalServer([
      { _, _ in [.head("200 OK"), .bytes(Self.part), .endless([65], pause: 2000)] }
    ])
    let download = try download(server.address(), TransferLimits(secondsOfProgress: 0.3))
    #expect(failure(of: download).contains("in 0.3 seconds, less than 10000"))
    #expect(try FileReading.bytes(of: partPath).starts(with: Self.part))
  }

  // MARK: - Processes

  /// How a download by the shell script `script` fails, instead of the tool.
  private func failure(by script: String, _ limits: TransferLimits = TransferLimits()) throws -> String {
    // Another process writes it: a file that is open for writing anywhere cannot be run.
    let run = ShellRun("cat >child <<'END'\n#!/bin/sh\n\(script)\nEND\nchmod +x child", in: folder.path)
    #expect(run.status == 0, "\(run)")
    writeFile(Self.part, to: partPath)
    let address = try #require(URL(string: "http://127.0.0.1/file"))
    let failure = failure(
      of: download(address, by: TransferProcess.get(limits, executable: folder.path("child"))))
    #expect(try FileReading.bytes(of: partPath) == Self.part)
    #expect(!fileNames(in: folder.path).contains("file.part.lock"))
    return failure
  }

  @Test(arguments: [
    ("kill -9 $$", "the transfer was ended by signal 9"), ("kill -ILL $$", "the transfer was ended by signal 4"),
    ("exit 3", "the transfer ended with exit code 3"), ("printf 'B\\001\\000'", "the transfer ended with exit code 0"),
    // A length that no frame has, no kind of a frame, and bytes and an end before the answer.
    (#"printf 'B\377\377\377\377\377\377\377\377'; exec sleep 1000"#, "the transfer sent what means nothing"),
    ("echo a line of text; exec sleep 1000", "the transfer sent what means nothing"),
    (#"printf 'B\001\000\000\000\000\000\000\000a'; exec sleep 1000"#, "the transfer sent what means nothing"),
    (#"printf 'E\000\000\000\000\000\000\000\000'; exec sleep 1000"#, "the transfer sent what means nothing"),
    (#"printf 'A\002\000\000\000\000\000\000\000{}'; exec sleep 1000"#, "the transfer sent what means nothing"),
  ])
  func aProcessThatEndsOrSendsNonsenseIsAnError(_ script: String, _ reason: String) throws {
    #expect(try failure(by: script) == "127.0.0.1: the answer cannot be read (\(reason))")
  }

  @Test func aProcessThatDoesNothingIsGivenUp() throws {
    let limits = TransferLimits(secondsToAnswer: 0.1)
    #expect(try failure(by: "exec sleep 10000", limits) == "127.0.0.1 did not answer within 0.1 seconds")
  }

  @Test func aProcessThatCannotBeStartedIsAnError() throws {
    let address = try #require(URL(string: "http://127.0.0.1/file"))
    let transfer = TransferProcess.get(executable: folder.path("nothing"))
    #expect(
      failure(of: download(address, by: transfer))
        == "127.0.0.1: the transfer cannot be started: posix_spawn: No such file or directory (errno 2)")
    #expect(fileNames(in: folder.path).isEmpty)
  }

  @Test func theProcessEndsWithItsReader() throws {
    let server = try LocalServer([{ _, _ in [.silence] }])
    let transfer = Transfer.arguments(
      try server.address(), 0, TransferLimits(secondsToAnswer: 100_000, secondsOfProgress: 100_000))
    // A pipeline ends with the last of its processes.
    #expect(ShellRun("\"$rnn\" \(transfer.joined(separator: " ")) | true", in: folder.path).status == 0)
  }

  @Test(arguments: 6...12) func fewFileDescriptorsAreAnError(_ count: Int) {
    // No server listens at the discard port.
    let run = ShellRun(
      """
      ulimit -n \(count)
      https_proxy=http://127.0.0.1:9 no_proxy= NO_PROXY= "$rnn" fetch digits --data data --answer-seconds 1
      echo $?; ls -A data
      """, in: folder.path)
    #expect(run.output.hasSuffix("\n1\n"), "\(run)")
    #expect(run.error.hasPrefix("Error: ") && run.error.split(separator: "\n").count == 1, "\(run)")
  }
}
#endif
