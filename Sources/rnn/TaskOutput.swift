#if Tools
import Foundation
import Kernels
import Tasks
import TextTable

/// The result of a task as the tool prints it.
struct TaskOutput: Encodable, CustomStringConvertible {
  /// Without the contents of attachments.
  let task: TaskResult
  /// The paths of the files that were written.
  let files: [String]
  let seconds: Double
  let record: RunRecord

  init(_ result: TaskResult, files: [String] = [], seconds: Double, record: RunRecord) {
    var result = result
    result.attachments = []
    task = result
    self.files = files
    self.seconds = seconds
    self.record = record
  }

  private enum AdditionalKeys: CodingKey { case files, seconds, record }

  /// The fields of the task's result, with three more beside them.
  func encode(to encoder: any Encoder) throws {
    try task.encode(to: encoder)
    var values = encoder.container(keyedBy: AdditionalKeys.self)
    try values.encode(files, forKey: .files)
    try values.encode(seconds, forKey: .seconds)
    try values.encode(record, forKey: .record)
  }

  var description: String {
    var parts = task.scores.isEmpty ? [] : [scoreTable]
    parts += task.examples.map { "\($0.title)\n" + $0.lines.map { "  \($0)" }.joined(separator: "\n") }
    if !files.isEmpty { parts.append("Written: " + files.map { printable($0, limit: 4096) }.joined(separator: ", ")) }
    parts.append("\(task.task), \(task.scale.rawValue), seed \(task.seed): \(duration(seconds))")
    return parts.joined(separator: "\n\n")
  }

  private var scoreTable: String {
    table(task.scores) {
      [
        Column(title: "score", value: $0.name),
        Column(title: "value", value: significant($0.value), align: .right),
        Column(title: "unit", value: $0.unit),
        Column(title: "wanted", value: wanted($0)),
        Column(title: "beside", value: $0.comparison ?? ""),
      ]
    }
  }

  private func wanted(_ score: Score) -> String {
    let bar: String
    switch score.bar {
    case .atLeast(let limit): bar = "at least \(significant(limit))"
    case .atMost(let limit): bar = "at most \(significant(limit))"
    case nil: return ""
    }
    return "\(bar): \(score.meetsBar ? "met" : "NOT MET")"
  }
}

/// `rows` as a plain table, without trailing blanks.
func table<Row>(_ rows: [Row], columns: @escaping (Row) -> [Column]) -> String {
  let text = TextTable<Row>(columns).string(for: rows, style: Style.plain) ?? ""
  return text.split(separator: "\n").map { line in
    String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// A row of the list of tasks.
struct TaskListEntry: Encodable {
  let name: String
  let summary: String
  let topology: String
  let data: [String]
  let optionalData: [String]

  init(_ description: TaskDescription) {
    name = description.name
    summary = description.summary
    topology = description.topology
    data = description.dataSets.map(\.rawValue)
    optionalData = description.optionalDataSets.map(\.rawValue)
  }

  private var dataNeeded: String {
    let parts = data + optionalData.map { "\($0) if it is there" }
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }

  /// All tasks.
  static var table: String {
    rnn.table(allTasks.map { TaskListEntry($0.description) }) {
      [
        Column(title: "task", value: $0.name), Column(title: "topology", value: $0.topology),
        Column(title: "data", value: $0.dataNeeded),
        Column(title: "what it does", value: $0.summary),
      ]
    }
  }
}
#endif
