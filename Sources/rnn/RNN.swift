#if Tools
import ArgumentParser
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import ToolSupport

/// The command line tool: recurrent networks without writing a program.
@main
struct RNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rnn",
    abstract:
      "Recurrent networks on a CPU: trained on your own data, shown on public data, exchanged with other engines.",
    discussion: "Exit codes: 0; 1 for a run or a check that failed or was stopped; 2 for bad input and wrong options.",
    version: PackageVersion.current,
    // For the tool itself.
    subcommands: [Transfer.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Models of your own data",
        subcommands: [Train.self, Predict.self, Generate.self, Evaluate.self, Inspect.self]),
      CommandGroup(name: "What recurrent networks are for", subcommands: [RunTask.self, Report.self, Fetch.self]),
      CommandGroup(name: "Other engines", subcommands: [Convert.self, Verify.self]),
    ] + servers)

  /// What the trait Serve adds.
  private static var servers: [CommandGroup] {
    #if Serve
    [CommandGroup(name: "Servers", subcommands: [Serve.self])]
    #else
    []
    #endif
  }

  /// Runs the subcommand that the command line names.
  static func main() { main(nil) }

  /// Runs the subcommand that `arguments` name; `nil` for those of the command line.
  static func main(_ arguments: [String]?) {
    ToolProcess.prepare()
    if arguments == nil, let argument = ToolProcess.firstArgumentThatIsNoText {
      StandardStream.error.log("Error: argument \(argument) is no text in UTF-8\n")
      Foundation.exit(badInput)
    }
    // This process is the tool's own, and nothing has computed yet.
    OpenBLASInformation.adoptFasterCore()
    do {
      var command = try parseAsRoot(arguments)
      if isOurs(command) {
        if let problem = EngineEnvironment.invalidValues.first {
          throw DataError(file: "the environment", reason: problem)
        }
        EngineEnvironment.reportProblems
      }
      try command.run()
    } catch {
      end(because: error)
    }
  }

  /// Whether `command` is one of the tool's own, and not one of the parser's, which prints help.
  private static func isOurs(_ command: any ParsableCommand) -> Bool {
    configuration.groupedSubcommands.contains { $0.subcommands.contains { $0 == type(of: command) } }
  }

  /// Ends with the exit code for `error`, after a line that says what it is.
  static func end(because error: any Error) -> Never {
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    if let error = error as? OutputError, error.isClosedPipe { Foundation.exit(failure) }
    let message = fullMessage(for: error) + "\n"
    // Help and versions are errors too, that succeed.
    if exitCode(for: error).isSuccess {
      do { try StandardStream.output.write(message) } catch { end(because: error) }
      Foundation.exit(EXIT_SUCCESS)
    }
    StandardStream.error.log(message)
    let isFailure =
      error is TrainingError || error is DownloadError || error is OutputError
      || (error as? DataError)?.isOutOfSpace == true || (error as? SafetensorsError)?.isOutOfSpace == true
      || (error as? WeightsError)?.isOutOfSpace == true
    Foundation.exit(isFailure ? failure : badInput)
  }

  /// The exit code for a run that failed although its input was valid.
  private static let failure: Int32 = 1
  /// The exit code for wrong options and for files that cannot be read or written.
  private static let badInput: Int32 = 2
}
#else
import Foundation
import ToolSupport

/// Stands in for the tool where the package is built without its trait.
@main
enum RNN {
  /// Says how to get it.
  static func main() {
    StandardStream.error.log(
      "Error: built without the package trait Tools, which --traits default,HDF5 keeps beside HDF5\n")
    exit(1)
  }
}
#endif
