#if Tools
import ArgumentParser
import DataIO
import Figures
import Foundation
import Kernels
import Models
import Tasks

/// `rnn report`: the page of a run that is over.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a page, with pictures, of what a run printed or a file of weights says of its training.",
    discussion: """
      FILE is one of
        what rnn task NAME --json printed, or its last line alone
        a model (.safetensors) that rnn train wrote
        a checkpoint (.checkpoint.safetensors)
      The page is one HTML file that needs nothing else. rnn task and rnn train write it at once with --report.

      Exit codes: 0; 2 for files that cannot be read or written.
      """)

  @Argument(help: ArgumentHelp("What to show.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("The page; beside FILE unless given.", valueName: "page.html"))
  var output: String?

  var page: String { output ?? Self.replacingExtension(of: file) }

  func run() throws {
    try OutputFolder.check(file: page, besides: [file])
    let report =
      file.hasSuffix(".safetensors") ? try ReportPage(weightsIn: file) : try ReportPage(logIn: file)
    try report.write(to: page)
    print("Written: \(printable(page, limit: 4096))")
  }

  private static func replacingExtension(of path: String) -> String {
    path.withoutExtension + ".html"
  }
}

extension ReportPage {
  /// The page of a run from its `--json` log, an event a line, in the file at `path`: its last result, and the losses
  /// of its epochs.
  init(logIn path: String) throws(DataError) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    var logged: LoggedTask?
    var epochs: [LoggedEpoch] = []
    for (index, line) in try FileReading.text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated() where !line.allSatisfy(\.isWhitespace)
    {
      guard line.utf8.count <= DecodingProblem.maxTextSize else {
        throw DataError(
          file: path, line: index + 1,
          reason: "has \(line.utf8.count) bytes; an event has at most \(DecodingProblem.maxTextSize)")
      }
      do {
        switch try decoder.decode(LoggedEvent.self, from: Data(line.utf8)) {
        case .progress(let epoch): epochs.append(epoch)
        case .result(let task): logged = task
        case .other: break
        }
      } catch {
        throw DataError(file: path, line: index + 1, reason: "is no event of rnn task --json: \(explanation(error))")
      }
    }
    guard let logged else {
      throw DataError(file: path, reason: "holds no result: the run was stopped, or is not over")
    }
    self.init(logged.task, seconds: logged.seconds, files: logged.files, record: logged.record)
    if !epochs.isEmpty { tables.append(Self.trainings(epochs)) }
  }

  /// The page of a model or a checkpoint: a summary, and the losses of its training.
  init(weightsIn path: String) throws {
    let name = path.fileName
    let file = try SafetensorsFile(path: path)
    if ModelFileDescription<SequenceArchitecture>.isPresent(in: file.metadata) {
      let description = try ModelFileDescription<SequenceArchitecture>(file.metadata, file: path)
      guard let training: TrainingSummary = try description.preprocessing.note(TrainingSummary.noteKey, file: path)
      else {
        throw DataError(file: path, reason: "does not say how it was trained: it is no model of rnn train")
      }
      self.init(title: "Model in \(name)")
      facts = [
        ("epochs", "\(training.losses.count)"), ("best epoch", training.bestEpoch.map { "\($0)" } ?? "none"),
        ("steps", "\(training.steps)"), ("examples", "\(training.examples)"),
      ]
      figures = [.lineChart(LineChart(training))]
      return
    }
    let course = try TrainingCourse.read(fromCheckpoint: path)
    self.init(title: "Training that stands in \(name)")
    facts = [
      ("epochs finished", "\(course.epoch)"), ("steps", "\(course.steps)"), ("time", duration(course.seconds)),
    ]
    figures = [
      .lineChart(LineChart(losses: course.losses, validation: course.validationLosses, title: "Loss", unit: ""))
    ]
  }

  /// Where each training ended.
  private static func trainings(_ epochs: [LoggedEpoch]) -> Table {
    var lasts: [LoggedEpoch] = []
    var places: [String: Int] = [:]
    for epoch in epochs {
      if let place = places[epoch.stage] {
        lasts[place] = epoch
      } else {
        places[epoch.stage] = lasts.count
        lasts.append(epoch)
      }
    }
    var rows = lasts.prefix(maxTrainings).map {
      [
        $0.stage, "\($0.epoch) of \($0.epochs)", "\($0.step)", NumberText.significant($0.loss, digits: 5),
        $0.validationLoss.map { NumberText.significant($0, digits: 5) } ?? "",
      ]
    }
    if lasts.count > maxTrainings { rows.append(["and \(lasts.count - maxTrainings) more", "", "", "", ""]) }
    return Table(
      title: "Trainings", columns: ["training", "epochs", "steps", "last loss", "last validation loss"], rows: rows,
      numberColumns: [1, 2, 3, 4])
  }

  /// Trainings that a page lists: a task has some ten, and a file of a few megabytes may claim a hundred thousand.
  private static let maxTrainings = 1000
}

/// A line of `--json`.
private enum LoggedEvent: Decodable {
  /// The end of an epoch.
  case progress(LoggedEpoch)
  /// The end of the task: a line of its kind, or the result alone.
  case result(LoggedTask)
  case other

  private enum Keys: CodingKey { case event }

  init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: Keys.self).decodeIfPresent(String.self, forKey: .event) {
    case "progress": self = .progress(try LoggedEpoch(from: decoder))
    case "result", nil: self = .result(try LoggedTask(from: decoder))
    case _?: self = .other
    }
  }
}

/// The end of an epoch in the log of `--json`.
private struct LoggedEpoch: Decodable {
  let stage: String
  let epoch: Int
  let epochs: Int
  let step: Int
  let loss: Double
  let validationLoss: Double?

  private enum CodingKeys: String, CodingKey {
    case stage, epoch, epochs, step, loss
    case validationLoss = "validation_loss"
  }
}

/// The result of a task in the log of `--json`: in the field `result` of a line, or alone.
private struct LoggedTask: Decodable {
  let task: TaskResult
  let seconds: Double?
  let files: [String]
  let record: RunRecord?

  private enum Keys: CodingKey { case result, seconds, files, record }

  init(from decoder: any Decoder) throws {
    let outer = try decoder.container(keyedBy: Keys.self)
    let inner = outer.contains(.result) ? try outer.superDecoder(forKey: .result) : decoder
    task = try TaskResult(from: inner)
    let values = try inner.container(keyedBy: Keys.self)
    seconds = try values.decodeIfPresent(forKey: .seconds, in: .finiteAndNotNegative)
    files = try values.decodeIfPresent([String].self, forKey: .files) ?? []
    record = try values.decodeIfPresent(RunRecord.self, forKey: .record)
  }
}

/// What is wrong with JSON, in a line.
private func explanation(_ error: any Error) -> String {
  guard let error = error as? DecodingError else { return "\(error)" }
  switch error {
  case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
    return (context.codingPath.map(\.stringValue) + [context.debugDescription]).joined(separator: ": ")
  case .keyNotFound(let key, _): return "the field \(quoted(key.stringValue)) is missing"
  @unknown default: return "\(error)"
  }
}
#endif
