import ArgumentParser
import Foundation

/// The command line tool: recurrent networks without writing a program.
@main
struct RNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rnn",
    abstract: "Recurrent networks on a CPU: models from other engines, for other engines, and checked against them.",
    discussion: "Exit codes: 0; 1 if a check failed; 2 for wrong options and for files that cannot be read or written.",
    subcommands: [RunTask.self, Convert.self, Verify.self])

  /// Runs the subcommand that the command line names.
  static func main() { main(nil) }

  /// Runs the subcommand that `arguments` name; `nil` for those of the command line.
  static func main(_ arguments: [String]?) {
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      end(because: error)
    }
  }

  /// Ends with the exit code for `error`, after a line that says what it is.
  private static func end(because error: any Error) -> Never {
    // Help and versions are errors too, that succeed.
    if exitCode(for: error).isSuccess || error is ExitCode { exit(withError: error) }
    FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
    Foundation.exit(badInput)
  }

  /// The exit code for wrong options and for files that cannot be read or written.
  private static let badInput: Int32 = 2
}
