#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Models
import ToolSupport

/// Checkpoints of long work.
struct LongRunOptions: ParsableArguments {
  @OptionGroup var console: ConsoleOptions

  @Option(
    help: ArgumentHelp(
      "Keeps checkpoints in this folder, and leaves them there; otherwise beside what is written, until it is.",
      valueName: "folder"))
  var checkpoints: String?

  @Flag(help: "Goes on from the checkpoints of a run that was stopped, to the same result.")
  var resume = false

  @OptionGroup var trust: TrustOptions

  @Option(help: ArgumentHelp("Seconds between two checkpoints.", visibility: .hidden))
  var checkpointSeconds = 30.0

  func validate() throws {
    guard checkpointSeconds >= 0 else { throw ValidationError("--checkpoint-seconds takes a number from 0 up") }
  }
}

/// Long work whose trainings are shown on a console, stopped by signals and resumed from checkpoints.
struct LongRun {
  private let console: Console
  private let session: TrainingSession
  private let folder: CheckpointFolder

  /// A run of `options`.
  ///
  /// - Parameters:
  ///   - options: The options of the command line.
  ///   - console: For progress and notes.
  ///   - defaultFolder: The folder of checkpoints by default.
  ///   - outputs: The files that it writes.
  ///   - purpose: Identifies this work: checkpoints of another purpose are not resumed.
  init(
    _ options: LongRunOptions, console: Console, defaultFolder: String, outputs: [String], purpose: RunPurpose
  ) throws(DataError) {
    self.console = console
    let path = options.checkpoints ?? defaultFolder
    try CheckpointFolder.check(outputs, besides: path)
    folder = try CheckpointFolder(
      path, isKept: options.checkpoints != nil, purpose: purpose, resumes: options.resume)
    if options.resume, !folder.holdsCheckpoints {
      console.note("There is no checkpoint in \(printable(folder.path, limit: 4096)): this begins at the start")
    }
    var session = TrainingSession(checkpointFolder: folder.path, resumes: options.resume) { stage, progress in
      console.show(stage, progress)
      return Interruption.isRequested ? .stop : .continue
    }
    session.secondsBetweenCheckpoints = options.checkpointSeconds
    session.allowsNonFinite = options.trust.allowNonFinite
    session.note = console.note
    self.session = session
  }

  /// Does the work, the writing of its results included. Where a signal stops it or a file cannot be written, prints how
  /// to resume it and throws the exit code of a failed run; afterwards the checkpoints are removed, unless the command
  /// line named a folder for them.
  func callAsFunction<Result>(_ work: (TrainingSession) throws -> Result) throws -> Result {
    Interruption.watch()
    defer { folder.release() }
    do {
      let result = try work(session)
      folder.removeUnlessKept()
      return result
    } catch let interruption as TrainingInterruption {
      let command = resumeCommand(CommandLine.arguments)
      console.interrupted("Stopped in \(interruption.stage); to go on: \(command)", resume: command)
      throw ExitCode(1)
    } catch  where Self.isFailureToWrite(error) {
      let command = resumeCommand(CommandLine.arguments)
      let state = folder.holdsCheckpoints ? "The last checkpoint is whole" : "There is no checkpoint yet"
      folder.removeIfEmpty()
      console.interrupted("Error: \(error)\n\(state); to go on: \(command)", resume: command)
      throw ExitCode(1)
    } catch {
      folder.removeIfEmpty()
      throw error
    }
  }

  /// Whether what was computed could not be written, as on a full disk.
  private static func isFailureToWrite(_ error: any Error) -> Bool {
    error is OutputError || (error as? SafetensorsError)?.problem == .cannotWrite
      || (error as? DataError)?.writeFailure != nil
  }
}

/// The shell command that resumes the run that `arguments` began.
func resumeCommand(_ arguments: [String]) -> String {
  (arguments + (arguments.contains("--resume") ? [] : ["--resume"])).map(shellQuoted).joined(separator: " ")
}

/// `text` as one word of a POSIX shell.
func shellQuoted(_ text: String) -> String {
  let isPlain =
    !text.isEmpty
    && text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || "0"..."9" ~= $0 || "-_./=:,+@%".unicodeScalars.contains($0)
    }
  return isPlain ? text : "'" + text.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
}
#endif
