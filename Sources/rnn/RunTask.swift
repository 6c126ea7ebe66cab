import ArgumentParser
import DataIO
import Foundation
import Models
import Tasks

/// `rnn task`: something that recurrent networks are for, from the data to a score.
struct RunTask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Runs a task from the data to a score beside a baseline.",
    discussion: "Tasks:\n"
      + allTasks.map { "  \($0.name.padding(toLength: 14, withPad: " ", startingAt: 0))\($0.description.summary)" }
      .joined(separator: "\n"))

  @Argument(help: ArgumentHelp("Which task.", valueName: "name"))
  var name: String

  @Flag(help: "Under a minute, with a lower bar.")
  var quick = false

  @Option(help: "Decides everything that is random.")
  var seed: UInt64 = 1

  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Keeps checkpoints of the trainings in this folder.", valueName: "folder"))
  var checkpoints: String?

  @Flag(help: "Goes on from the checkpoints in the folder.")
  var resume = false

  func run() throws {
    guard let task = allTasks.first(where: { $0.name == name }) else {
      throw ValidationError("there is no task \(name); there are \(allTasks.map { $0.name }.joined(separator: ", "))")
    }
    let session = TrainingSession(checkpointFolder: checkpoints, resumes: resume) { stage, progress in
      if progress.isEndOfEpoch {
        print(
          "\(stage), epoch \(progress.epoch) of \(progress.epochs): loss \(progress.epochLoss), validation "
            + "\(progress.validationLoss.map { "\($0)" } ?? "-"), \(Int(progress.secondsLeft)) s left")
      }
      return .continue
    }
    let context = TaskContext(
      quick ? .quick : .full, seed: seed, data: data.folder, session: session, note: { print($0) })
    let began = Date()
    let result = try task.run(in: context)
    for score in result.scores {
      let bar =
        switch score.bar {
        case .atLeast(let least): ", at least \(least) wanted"
        case .atMost(let most): ", at most \(most) wanted"
        case nil: ""
        }
      print("\(score.name): \(score.value) \(score.unit)\(bar)\(score.comparison.map { "; \($0)" } ?? "")")
    }
    for example in result.examples {
      print("\n\(example.title)\n" + example.lines.map { "  \($0)" }.joined(separator: "\n"))
    }
    print("\(Int(Date().timeIntervalSince(began))) s")
    guard result.meetsBars else { throw ExitCode(1) }
  }
}

/// Where data is.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder with the data; otherwise RECURRENT_DATA.", valueName: "folder"))
  var data: String?

  /// The folder that the command line or the environment names.
  var folder: DataDirectory? {
    (data ?? ProcessInfo.processInfo.environment["RECURRENT_DATA"]).map(DataDirectory.init)
  }
}
