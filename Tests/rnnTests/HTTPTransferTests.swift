#if Tools
import DataIO
import Foundation
import TestSupport
import Testing

@testable import rnn

/// The limit is for a server or a client that waits for ever.
@Suite(.timeLimit(.minutes(10))) struct HTTPTransferTests {
  private static let file = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 13) }
  private let folder = TemporaryFolder()
  private var partPath: String { folder.path("file.part") }

  private typealias Answer = @Sendable (_ request: String, _ port: UInt16) -> [LocalServer.Part]

  /// The file, or the part of it that is asked for, of which `limit` bytes come.
  private static func whole(limit: Int = .max) -> Answer {
    { request, _ in
      let start = request.firstMatch(of: /(?i)range: bytes=(\d+)-/).flatMap { Int($0.1) } ?? 0
      return [
        .head(
          start > 0 ? "206 Partial Content" : "200 OK", "Content-Length: \(file.count - start)",
          "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)"),
        .bytes(Array(file.dropFirst(start).prefix(limit))),
      ]
    }
  }

  private func download(_ address: URL, _ limits: TransferLimits = TransferLimits()) -> Download {
    Download(
      address: address, size: Self.file.count, hash: SHA256.hexadecimal(of: Self.file), path: folder.path("file"),
      transfer: HTTPTransfer.get(limits))
  }

  private func failure(of download: Download) -> String {
    do {
      try download()
      return "none"
    } catch { return "\(error)" }
  }

  @Test func anInterruptedDownloadIsResumedOverHTTP() throws {
    let server = try LocalServer([Self.whole(limit: 50_000), Self.whole()])
    let download = try download(server.address())
    // The first answer breaks off in the middle.
    #expect(throws: DownloadError.self) { try download() }
    #expect(fileNames(in: folder.path) == ["file.part"])
    try download()
    #expect(download.isDone() && fileNames(in: folder.path) == ["file"])
    #expect(server.requests[1].contains("bytes=50000-"))
  }

  @Test func anErrorPageIsNotAppendedToThePart() throws {
    let part = Array(Self.file.prefix(30_000))
    writeFile(part, to: partPath)
    let server = try LocalServer([
      { _, _ in [.head("404 Not Found", "Content-Length: 3"), .text("404")] },
      { _, _ in [.head("503 Busy"), .endless([UInt8](repeating: 7, count: 60_000), pause: 1000)] }, Self.whole(),
    ])
    let download = try download(server.address())
    for status in ["404", "503"] {
      #expect(failure(of: download).contains("status \(status)"))
      #expect(try FileReading.bytes(of: partPath) == part)
    }
    try download()
    #expect(server.requests[2].contains("bytes=30000-") && download.isDone())
  }

  @Test func aLongerAnswerIsCutOffAndNothingOfItStays() throws {
    let server = try LocalServer([
      { _, _ in [.head("200 OK"), .endless([UInt8](repeating: 7, count: 60_000), pause: 1000)] },
      { _, _ in
        [.head("200 OK", "Content-Length: 1500000000"), .endless([UInt8](repeating: 7, count: 60_000), pause: 1000)]
      }, Self.whole(),
    ])
    let download = try download(server.address())
    #expect(failure(of: download).contains("is another file now: it has more than 100000 bytes"))
    #expect(fileNames(in: folder.path).isEmpty)
    #expect(failure(of: download).contains("is another file now: it has 1500000000 bytes, not 100000"))
    try download()
    #expect(download.isDone())
  }

  @Test(arguments: [
    "Content-Range: bytes 29999-99999/100000", "Content-Range: bytes 0-99999/100000", "Content-Range: nonsense",
    "X-Nothing: 1",
  ])
  func otherBytesThanThoseAskedForBeginTheFileAnew(_ field: String) throws {
    writeFile(Array(Self.file.prefix(30_000)), to: partPath)
    let server = try LocalServer([
      { _, _ in [.head("206 Partial Content", field), .bytes(Array(Self.file.dropFirst(30_000)))] }, Self.whole(),
    ])
    let download = try download(server.address())
    try download()
    #expect(download.isDone() && fileNames(in: folder.path) == ["file"])
    #expect(!server.requests[1].lowercased().contains("range:"))
  }

  @Test func aSilentServerIsGivenUp() throws {
    let part = Array(Self.file.prefix(30_000))
    writeFile(part, to: partPath)
    let server = try LocalServer([
      { _, _ in [.silence] }, { _, _ in [.text("HTTP/1.1 206 Partial\r\nX: "), .endless([65], pause: 2000)] },
    ])
    let download = try download(server.address(), TransferLimits(secondsToAnswer: 0.3))
    for _ in 0..<2 {
      #expect(failure(of: download) == "127.0.0.1 did not answer within 0.3 seconds")
      #expect(try FileReading.bytes(of: partPath) == part)
    }
  }

  @Test func aServerThatSendsAByteNowAndThenIsGivenUpAndThePartStays() throws {
    let server = try LocalServer([
      { _, _ in [.head("200 OK"), .bytes(Array(Self.file.prefix(20_000))), .endless([65], pause: 2000)] }
    ])
    let limits = TransferLimits(secondsOfProgress: 0.3)
    #expect(try failure(of: download(server.address(), limits)).contains("in 0.3 seconds, less than 10000"))
    #expect(try FileReading.bytes(of: partPath).prefix(20_000) == Self.file.prefix(20_000))
  }

  @Test func redirectionsAreFollowedUpToALimitAndWhatTheySayIsNotTheFile() throws {
    writeFile(Array(Self.file.prefix(30_000)), to: partPath)
    let moved: Answer = { _, port in
      [
        .head("302 Found", "Location: http://127.0.0.1:\(port)/other", "Content-Length: 5"), .text("moved"),
      ]
    }
    let server = try LocalServer([moved, moved, Self.whole()])
    let download = try download(server.address())
    try download()
    #expect(download.isDone() && server.requests[2].contains("/other") && server.requests[2].contains("bytes=30000-"))

    unlink(folder.path("file"))
    let circle = try LocalServer(Array(repeating: moved, count: 20))
    #expect(try failure(of: self.download(circle.address())).contains("redirected more than 5 times"))
    let away = try LocalServer([{ _, _ in [.head("302 Found", "Location: file:///etc/passwd")] }])
    let refused = try self.download(away.address())
    #expect(throws: DownloadError.self) { try refused() }
    #expect(fileNames(in: folder.path).isEmpty)
  }

  @Test func aProxyThatConnectsIsNotTheServer() throws {
    // The tool asks for an address of its own; a proxy is the only part of the way that a test can be.
    let part = [UInt8](repeating: 7, count: 30_000)
    writeFile(part, to: folder.path("digits.csv.gz.part"))
    let proxy = try LocalServer([
      { _, _ in [.text("HTTP/1.1 200 Connection established\r\n\r\n")] },
      { _, _ in [.text("HTTP/1.1 200 Connection established\r\nContent-Length: 57523\r\n\r\n"), .text("no TLS")] },
      { _, _ in [.head("407 Proxy Authentication Required", "Content-Length: 3"), .text("no!")] },
    ])
    for _ in 0..<3 {
      let (status, errors) = try ToolProcess(
        ["fetch", "digits", "--data", folder.path],
        environment: ["https_proxy": "http://127.0.0.1:\(proxy.port)", "no_proxy": "", "NO_PROXY": ""]
      ).wait()
      #expect(status == 1 && errors.contains("raw.githubusercontent.com"), "\(errors)")
      #expect(try FileReading.bytes(of: folder.path("digits.csv.gz.part")) == part)
    }
    #expect(
      proxy.requests.count == 3 && proxy.requests.allSatisfy { $0.hasPrefix("CONNECT raw.githubusercontent.com") })
  }
}
#endif
