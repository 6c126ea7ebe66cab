#if Tools
import Foundation
import SystemFiles

/// A transfer in a process of its own, whatever happens to which is an error like any other.
///
/// URLSession ends its process at some answers that a server can send, and where it gets no file descriptor; without a
/// thread it waits for ever.
enum TransferProcess {
  /// A ``Download/Transfer`` by HTTP within `limits`, by the program `executable`, which is `rnn`: this one, by default.
  static func get(
    _ limits: TransferLimits = TransferLimits(), executable: String = "/proc/self/exe"
  ) -> Download.Transfer {
    { address, start, began, receive in
      let host = address.host ?? "the server"
      let process: ChildProcess
      do {
        process = try ChildProcess(executable, Transfer.arguments(address, start, limits))
      } catch {
        throw DownloadError(description: "\(host): the transfer cannot be started: \(error)")
      }
      defer { process.end() }
      var hasBegun = false
      while true {
        // The process itself watches the time, and says more about it. It may send the bytes of two periods at the
        // beginning of one and at the end of the next.
        let seconds = hasBegun ? 2 * limits.secondsOfProgress : limits.secondsToAnswer
        switch try process.frame(within: seconds + slack) {
        case .frame(.answer(let answer)) where !hasBegun:
          try began(answer)
          hasBegun = true
        case .frame(.bytes(let bytes)) where hasBegun: try receive(bytes)
        case .frame(.end) where hasBegun: return
        case .frame(.failure(let reason)): throw DownloadError(description: reason)
        case .frame, .nonsense: throw unreadable(host, "the transfer sent what means nothing")
        case .late: throw hasBegun ? limits.slowAnswer(of: host, count: 0) : limits.lateAnswer(of: host)
        case .over: throw unreadable(host, process.end())
        }
      }
    }
  }

  /// Seconds that the process may need beyond those for the server.
  private static let slack = 5.0

  private static func unreadable(_ host: String, _ reason: String) -> DownloadError {
    DownloadError(description: "\(host): the answer cannot be read (\(reason))")
  }
}

/// A process whose standard output is read as frames.
private final class ChildProcess {
  enum Output {
    case frame(TransferFrame)
    /// No frame.
    case nonsense
    /// Nothing came in time.
    case late
    /// The process closed its output.
    case over
  }

  private let process: pid_t
  /// What its output is read from.
  private let descriptor: Int32
  /// Bytes of the next frames.
  private var pending: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 65536)
  /// How the process ended; `nil` before.
  private var ending: String?

  /// Starts the program at `path`, with nothing to read, and with no place for messages.
  init(_ path: String, _ arguments: [String]) throws(SystemCallError) {
    var ends: [Int32] = [-1, -1]
    // Unlike a pipe's, its ends cannot get into a process that another thread starts meanwhile.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemCallError("socketpair") }
    var process: pid_t = 0
    let code = Self.start(path, arguments, output: ends[1], &process)
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw SystemCallError("posix_spawn", code: code)
    }
    self.process = process
    descriptor = ends[0]
  }

  deinit { end() }

  /// Starts a process in the group of this one, so that Ctrl-C reaches it. Returns the error's number; 0 for success.
  private static func start(_ path: String, _ arguments: [String], output: Int32, _ process: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    let words = (["rnn"] + arguments).map { strdup($0) } + [nil]
    let variables = environmentOfChild().map { strdup($0) } + [nil]
    defer { for text in words + variables { free(text) } }
    return posix_spawn(&process, path, &actions, nil, words, variables)
  }

  /// The environment of this process, with what a process needs that computes nothing and may be ended by a signal.
  private static func environmentOfChild() -> [String] {
    let own = ["SWIFT_BACKTRACE": "enable=no", "OPENBLAS_NUM_THREADS": "1"]
    return ProcessInfo.processInfo.environment.merging(own) { $1 }.map { "\($0.key)=\($0.value)" }
  }

  /// The next frame, if it comes within `seconds`.
  func frame(within seconds: Double) throws(DownloadError) -> Output {
    let start = SuspendingClock.now
    while true {
      if pending.count >= TransferFrame.headCount {
        guard let head = TransferFrame.Head(pending.prefix(TransferFrame.headCount)) else { return .nonsense }
        let count = TransferFrame.headCount + head.count
        if pending.count >= count {
          defer { pending.removeFirst(count) }
          return TransferFrame(head, pending[TransferFrame.headCount..<count]).map { .frame($0) } ?? .nonsense
        }
      }
      var output = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&output, 1, Self.millisecondsBetweenChecks) > 0 else {
        if (SuspendingClock.now - start) / .seconds(1) >= seconds { return .late }
        continue
      }
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        pending += buffer.prefix(count)
      } else if count == 0 || errno != EINTR {
        return .over
      }
    }
  }

  private static let millisecondsBetweenChecks: Int32 = 100

  /// Ends the process, if it has not ended by itself, and waits for that. Returns how it ended.
  @discardableResult
  func end() -> String {
    if let ending { return ending }
    kill(process, SIGKILL)
    var status: Int32 = 0
    var ended: pid_t
    repeat { ended = waitpid(process, &status, 0) } while ended < 0 && errno == EINTR
    close(descriptor)
    let signal = status & 0x7F
    let text =
      if ended != process { "the transfer ended early" } else if signal != 0 {
        "the transfer was ended by signal \(signal)"
      } else { "the transfer ended with exit code \(status >> 8 & 0xFF)" }
    ending = text
    return text
  }
}
#endif
