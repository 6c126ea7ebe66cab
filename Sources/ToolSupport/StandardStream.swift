internal import Glibc
internal import Synchronization

/// Standard output or standard error: all that a tool prints goes through one of these.
///
/// Nothing is buffered, so a failure is known at the text that it befell, and nothing is lost where the process is killed.
/// Swift's `print` would lose output without a word, and Foundation's `FileHandle.write` would end the process by a trap.
package struct StandardStream: Sendable {
  package static let output = StandardStream(descriptor: STDOUT_FILENO, name: "standard output")
  package static let error = StandardStream(descriptor: STDERR_FILENO, name: "standard error")

  let descriptor: Int32
  let name: String

  /// Writes all of `text`.
  ///
  /// - Throws: ``OutputError`` where the system refuses; a part may have been written.
  package func write(_ text: String) throws(OutputError) {
    var text = text
    if let code = text.withUTF8({ writeAll(UnsafeRawBufferPointer($0)) }) {
      throw OutputError(stream: name, code: code)
    }
  }

  /// Writes a line of a log, which nothing depends on: where it cannot be written, or nobody reads it, the work goes on
  /// without it, and the next line that can be written says so.
  package func log(_ text: String) {
    let failure = Self.lastLogFailure.exchange(0, ordering: .relaxed)
    guard hasRoom(withinMilliseconds: failure == EAGAIN ? 0 : Self.patience) else {
      return Self.lastLogFailure.store(EAGAIN, ordering: .relaxed)
    }
    do {
      if failure != 0 {
        let reason = failure == EAGAIN ? "nobody read it" : systemMessage(failure)
        try write("\nA part of this log is missing: \(reason)\n")
      }
      try write(text)
    } catch {
      Self.lastLogFailure.store(error.code, ordering: .relaxed)
    }
  }

  /// The time in milliseconds that a log waits for its reader.
  private static let patience: Int32 = 1000

  /// Whether a line can be written without waiting: a pipe then has room for 4096 bytes.
  private func hasRoom(withinMilliseconds timeout: Int32) -> Bool {
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // What cannot be polled fails by itself when it is written.
    return poll(&ready, 1, timeout) != 0
  }

  /// Why the last text for a log could not be written; 0 where it was.
  private static let lastLogFailure = Atomic<Int32>(0)

  /// Writes `bytes`, however many calls that takes; the error's number where it fails.
  private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Another process made the pipe or terminal that it shares with this one non-blocking.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}

/// Output that could not be written.
package struct OutputError: Error, Equatable, CustomStringConvertible {
  let stream: String
  /// `errno` after the call.
  let code: Int32

  /// Whether the reader went away, as `head` does when it has seen enough: no reason for an error message.
  package var isClosedPipe: Bool { code == EPIPE }

  package var description: String { "\(stream) cannot be written: \(systemMessage(code))" }
}

private func systemMessage(_ code: Int32) -> String {
  var text = [CChar](repeating: 0, count: 256)
  _ = strerror_r(code, &text, text.count)
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
