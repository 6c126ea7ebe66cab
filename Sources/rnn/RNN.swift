#if Tools
import ArgumentParser
import Foundation
import Kernels
import Models

/// The command line tool: recurrent networks without writing a program.
@main
struct RNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rnn",
    abstract:
      "Recurrent networks on a CPU: trained on your own data, shown on public data, exchanged with other engines.",
    discussion: "Exit codes: 0; 1 for a run or a check that failed or was stopped; 2 for bad input and wrong options.",
    version: PackageVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Models of your own data",
        subcommands: [Train.self, Predict.self, Generate.self, Evaluate.self, Inspect.self]),
      CommandGroup(name: "What recurrent networks are for", subcommands: [RunTask.self, Report.self, Fetch.self]),
      CommandGroup(name: "Other engines", subcommands: [Convert.self, Verify.self]),
    ])

  /// Runs the subcommand that the command line names.
  static func main() { main(nil) }

  /// Runs the subcommand that `arguments` name; `nil` for those of the command line.
  static func main(_ arguments: [String]?) {
    // This process is the tool's own, and nothing has computed yet.
    OpenBLASInformation.adoptFasterCore()
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
    Foundation.exit(error is TrainingError || error is DownloadError ? failure : badInput)
  }

  /// The exit code for a run that failed although its input was valid.
  private static let failure: Int32 = 1
  /// The exit code for wrong options and for files that cannot be read or written.
  private static let badInput: Int32 = 2
}
#else
import Foundation

/// Stands in for the tool where the package is built without its trait.
@main
enum RNN {
  /// Says how to get it.
  static func main() {
    FileHandle.standardError.write(
      Data("Error: built without the package trait Tools, which --traits default,HDF5 keeps beside HDF5\n".utf8))
    exit(1)
  }
}
#endif
