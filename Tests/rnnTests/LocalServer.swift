#if Tools
import Foundation
import Synchronization
import Testing

/// An HTTP server on this machine that answers one connection after the other as a script says.
final class LocalServer: Sendable {
  /// What is sent on a connection.
  enum Part: Sendable {
    case bytes([UInt8])
    /// The bytes again and again, with a pause before each, until the client goes.
    case endless([UInt8], pause: UInt32)
    /// Nothing, until the client goes.
    case silence

    static func text(_ text: String) -> Part { .bytes(Array(text.utf8)) }

    /// An answer with these header lines.
    static func head(_ status: String, _ fields: String...) -> Part {
      .text("HTTP/1.1 \(status)\r\n" + fields.map { $0 + "\r\n" }.joined() + "Connection: close\r\n\r\n")
    }
  }

  let port: UInt16
  private let received = Mutex<[String]>([])

  /// The requests so far.
  var requests: [String] { received.withLock { $0 } }

  func address(_ path: String = "/file") throws -> URL { try #require(URL(string: "http://127.0.0.1:\(port)\(path)")) }

  /// A server that answers as many connections as there are answers, and gives each the request and its own port.
  init(_ answers: [@Sendable (_ request: String, _ port: UInt16) -> [Part]]) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    try #require(isListening)
    let port = UInt16(bigEndian: address.sin_port)
    self.port = port
    Thread.detachNewThread { [self] in
      for answer in answers {
        let connection = accept(listener, nil, nil)
        Thread.detachNewThread { [self] in
          let request = Self.request(on: connection)
          received.withLock { $0.append(request) }
          for part in answer(request, port) where !Self.send(part, on: connection) { break }
          shutdown(connection, Int32(SHUT_RDWR))
          close(connection)
        }
      }
      close(listener)
    }
  }

  private static func request(on connection: Int32) -> String {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: text, as: UTF8.self).contains("\r\n\r\n") {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      text += buffer.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Returns whether the client is still there.
  private static func send(_ part: Part, on connection: Int32) -> Bool {
    switch part {
    case .bytes(let bytes): return send(bytes, on: connection)
    case .endless(let bytes, let pause):
      while send(bytes, on: connection) { usleep(pause) }
      return false
    case .silence:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return false
    }
  }

  private static func send(_ bytes: [UInt8], on connection: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }
}
#endif
