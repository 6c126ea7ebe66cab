#if Tools
import ArgumentParser
import Foundation
import SystemFiles

/// `rnn transfer`: an HTTP transfer for ``TransferProcess``, as frames on standard output.
struct Transfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Transfers a file for rnn fetch, which calls it.", shouldDisplay: false)

  @Argument var address: String
  @Argument var start: Int
  @Option var answerSeconds: Double
  @Option var progressSeconds: Double
  @Option var progressBytes: Int
  @Option var redirections: Int

  /// The command line of a transfer of `address` from the byte `start` on.
  static func arguments(_ address: URL, _ start: Int, _ limits: TransferLimits) -> [String] {
    [
      "transfer", "--answer-seconds", "\(limits.secondsToAnswer)", "--progress-seconds", "\(limits.secondsOfProgress)",
      "--progress-bytes", "\(limits.bytesOfProgress)", "--redirections", "\(limits.redirections)", "--",
      address.absoluteString, "\(start)",
    ]
  }

  func validate() throws {
    guard URL(string: address) != nil else { throw ValidationError("there is no such address") }
    guard start >= 0 else { throw ValidationError("a file begins at byte 0") }
  }

  func run() throws {
    guard let address = URL(string: address) else { return }
    do {
      try Self.endWithReader()
      let limits = TransferLimits(
        secondsToAnswer: answerSeconds, secondsOfProgress: progressSeconds, bytesOfProgress: progressBytes,
        redirections: redirections)
      try HTTPTransfer.get(limits)(address, start) { answer in
        try Self.write(.answer(answer))
      } _: { bytes in
        for first in stride(from: 0, to: bytes.count, by: TransferFrame.maxCount) {
          try Self.write(.bytes(Array(bytes[first...].prefix(TransferFrame.maxCount))))
        }
      }
      try Self.write(.end)
    } catch {
      // Where this fails, nobody reads it.
      try? Self.write(.failure("\(error)"))
    }
    // Threads of URLSession's may still be at work, which nothing needs to wait for.
    _exit(EXIT_SUCCESS)
  }

  private static func write(_ frame: TransferFrame) throws { try writeAll(frame.encoded(), to: STDOUT_FILENO) }

  /// Ends this process as soon as nobody reads its output any more, even if nothing is written.
  private static func endWithReader() throws {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        // Errors are reported without being asked for.
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        while poll(&output, 1, -1) < 0 && errno == EINTR {}
        _exit(EXIT_FAILURE)
      }, nil)
    guard code == 0 else {
      throw DownloadError(description: "the system has no thread for a transfer: \(String(cString: strerror(code)))")
    }
    pthread_detach(thread)
  }
}
#endif
