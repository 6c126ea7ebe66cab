#if Tools
import ArgumentParser
import DataIO
import Foundation
import Models
import Tasks

/// `rnn task`: an application of recurrent networks, from the data to a score.
struct RunTask: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Runs a task from the data to a score beside a baseline.",
    discussion: "Tasks:\n" + taskList
      + "\n\nExit codes: 0; 1 where a score does not reach its bar and for a run that was stopped; 2 for bad input.")

  @Argument(help: ArgumentHelp("Which task.", valueName: "name"))
  var name: String?

  @Flag(help: "Lists the tasks, with their data.")
  var list = false

  @Flag(help: "Under a minute, with a lower bar.")
  var quick = false

  @Option(help: "Decides everything that is random.")
  var seed: UInt64 = 1

  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Writes the files that the task makes, such as music, here.", valueName: "folder"))
  var output = "."

  @Option(help: ArgumentHelp("Makes a page with the result and its pictures.", valueName: "page.html"))
  var report: String?

  @OptionGroup(title: "While it runs") var running: LongRunOptions

  /// The tasks, a line each.
  private static var taskList: String {
    allTasks.map { "  \($0.name.padding(toLength: 14, withPad: " ", startingAt: 0))\($0.description.summary)" }
      .joined(separator: "\n")
  }

  func validate() throws {
    guard list || name != nil else { throw ValidationError("which task? There are:\n\(Self.taskList)") }
  }

  func run() throws {
    let console = Console(running.console)
    if list {
      return try console.result(allTasks.map { TaskListEntry($0.description) }, text: TaskListEntry.table)
    }
    guard let task = allTasks.first(where: { $0.name == name }) else {
      throw ValidationError(
        "there is no task \(name ?? ""); there are \(allTasks.map { $0.name }.joined(separator: ", "))")
    }
    for dataSet in task.description.dataSets { try data.folder.check(dataSet) }
    try OutputFolder.check(output)
    let dataFiles = (task.description.dataSets + task.description.optionalDataSets).flatMap(\.files)
    if let report { try OutputFolder.check(file: report, besides: dataFiles.map { data.folder($0) }) }
    let scale = quick ? TaskContext.Scale.quick : .full
    let run = try LongRun(
      running, console: console, defaultFolder: "\(output)/\(task.name).checkpoints",
      outputs: report.map { [$0] } ?? [],
      purpose: RunPurpose(parts: [
        "work": "task \(task.name)", "data": try dataFingerprints(task.description),
        "options": "\(scale.rawValue), seed \(seed)",
      ]))
    let (date, began) = (Date(), ContinuousClock.now)
    let meetsBars = try run { session in
      let result = try task.run(
        in: TaskContext(scale, seed: seed, data: data.folder, session: session, note: console.note))
      let seconds = Double((ContinuousClock.now - began).components.seconds)
      var files = try write(result.attachments)
      let record = RunRecord(began: date)
      if let report {
        try ReportPage(result, seconds: seconds, files: files, record: record).write(to: report)
        files.append(report)
      }
      let output = TaskOutput(result, files: files, seconds: seconds, record: record)
      try console.result(output, text: output.description)
      return result.meetsBars
    }
    guard meetsBars else { throw ExitCode(1) }
  }

  /// Fingerprints of the data files, which show whether they changed.
  func dataFingerprints(_ task: TaskDescription) throws(DataError) -> String {
    let folder = data.folder
    var files: [String] = []
    for dataSet in task.dataSets + task.optionalDataSets where folder.holds(dataSet) {
      for file in dataSet.files { files.append("\(file) \(try fingerprint(of: folder(file)))") }
    }
    return files.joined(separator: ", ")
  }

  private func write(_ attachments: [Attachment]) throws(DataError) -> [String] {
    var paths: [String] = []
    for attachment in attachments {
      let path = output == "." ? attachment.fileName : "\(output)/\(attachment.fileName)"
      // Before anything is written; its name is known only now.
      try OutputFolder.check(file: path, besides: report.map { [$0] } ?? [])
      try FileWriting.write(attachment.bytes, to: path)
      paths.append(path)
    }
    return paths
  }
}
#endif
