#if Tools
import DataIO
import Figures
import Foundation
import Kernels
import Tasks

/// The command line, time and machine of a run.
struct RunRecord: Codable, Hashable {
  var command: String
  /// When it began, ISO 8601 in UTC.
  var began: String
  var machine: String

  /// A run of `arguments` that began at `began`, on this machine.
  init(_ arguments: [String] = CommandLine.arguments, began: Date) {
    let name = arguments.first.map(\.fileName) ?? "rnn"
    command = ([name] + arguments.dropFirst()).joined(separator: " ")
    self.began = began.formatted(.iso8601)
    machine = Self.thisMachine
  }

  /// The processor and the threads that may be used of it.
  static let thisMachine: String = {
    let lines = (try? FileReading.text(of: "/proc/cpuinfo"))?.split(separator: "\n") ?? []
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
      .map { $0.trimmingCharacters(in: .whitespaces) }
    return "\(name ?? "unknown processor"), \(ThreadBudget.available) threads, \(InstructionSet.active.rawValue)"
  }()
}

extension ReportPage {
  /// The page of a task's result.
  ///
  /// - Parameters:
  ///   - result: The result.
  ///   - seconds: Its duration; `nil` where unknown.
  ///   - files: The files that were written beside the page.
  ///   - record: The command line, time and machine; `nil` where unknown.
  init(_ result: TaskResult, seconds: Double? = nil, files: [String] = [], record: RunRecord? = nil) {
    let description = allTasks.first { $0.name == result.task }?.description
    self.init(title: "Task “\(result.task)”", summary: description?.summary ?? "")
    if let record { facts.append(("command", record.command)) }
    facts.append(("scale", result.scale == .quick ? "quick: under a minute, with lower bars" : "full"))
    facts.append(("seed", "\(result.seed)"))
    if let topology = description?.topology { facts.append(("topology", topology)) }
    if let dataSets = description?.dataSets, !dataSets.isEmpty {
      facts.append(("data", dataSets.map(\.rawValue).joined(separator: ", ")))
    }
    if let seconds { facts.append(("time", duration(seconds))) }
    if let record { facts += [("began", record.began), ("machine", record.machine)] }
    if !files.isEmpty { facts.append(("files written", files.joined(separator: ", "))) }
    scores = result.scores
    figures = result.figures
    examples = result.examples
  }

  /// The page of a training on the user's data.
  init(trainingOf title: String, summary: String, _ record: RunRecord) {
    self.init(title: title, summary: summary)
    facts = [("command", record.command), ("began", record.began), ("machine", record.machine)]
  }
}
#endif
