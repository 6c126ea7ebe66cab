#if Tools
import DataIO
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import rnn

@Suite struct HTTPTransferTests {
  private static let file = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 13) }

  /// The limit is for a server or a client that waits for ever.
  @Test(.timeLimit(.minutes(10))) func anInterruptedDownloadIsResumedOverHTTP() throws {
    let server = try PartServer(Self.file)
    try withTemporaryFolder { folder in
      let download = Download(
        address: try #require(URL(string: "http://127.0.0.1:\(server.port)/file")),
        hash: SHA256.hexadecimal(of: Self.file), path: folder + "/file")
      // The first answer breaks off in the middle.
      #expect(throws: DownloadError.self) { try download() }
      #expect(fileNames(in: folder) == ["file.part"])
      try download()
      #expect(download.isDone() && fileNames(in: folder) == ["file"])
    }
  }
}

/// A server of one file that knows of parts, answers twice, and breaks the first answer off in the middle.
private final class PartServer: Sendable {
  let port: UInt16

  init(_ file: [UInt8]) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 2) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    try #require(isListening)
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread {
      for answer in 0..<2 {
        let connection = accept(listener, nil, nil)
        var request = [UInt8](repeating: 0, count: 4096)
        let count = recv(connection, &request, request.count, 0)
        let lines = String(decoding: request.prefix(max(0, count)), as: UTF8.self)
        let start =
          lines.firstMatch(of: /(?i)range: bytes=(\d+)-/).flatMap { Int($0.1) }
          ?? 0
        let head =
          "HTTP/1.1 \(start > 0 ? "206 Partial Content" : "200 OK")\r\nContent-Length: \(file.count - start)\r\n"
          + "Content-Range: bytes \(start)-\(file.count - 1)/\(file.count)\r\nConnection: close\r\n\r\n"
        let body = file[start..<(answer == 0 ? file.count / 2 : file.count)]
        var rest = (Array(head.utf8) + body)[...]
        while !rest.isEmpty {
          let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
          guard sent > 0 else { break }
          rest = rest.dropFirst(sent)
        }
        close(connection)
      }
      close(listener)
    }
  }
}
#endif
