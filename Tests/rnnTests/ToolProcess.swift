#if Tools
import Foundation

/// The tool in a process of its own, for what one process cannot show.
final class ToolProcess {
  private let process = Process()
  private let errors = Pipe()

  /// Starts the tool that was built with these tests, with `environment` added to that of this process.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let tests = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process.executableURL = tests.deletingLastPathComponent().appending(path: "rnn")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
  }

  var identifier: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// Waits for its end. Returns its exit code, or the signal that ended it, and what it wrote to standard error.
  func wait() -> (status: Int32, errors: String) {
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  func kill(_ signal: Int32 = SIGKILL) { Foundation.kill(identifier, signal) }
}
#endif
