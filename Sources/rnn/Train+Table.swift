#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Models
import Tasks
import TextTable

extension Train {
  /// Trains a forecaster of the column `target`, and writes it to `output`.
  func trainForecaster(of target: String, to output: String) throws {
    let console = Console(running.console)
    let table = try ForecastTable(
      learningFrom: file,
      ForecastColumnOptions(
        target: target, id: self.table.id, dates: self.table.date, ignoring: self.table.ignore,
        hasHeader: !self.table.noHeader))
    var settings = ForecastSettings(horizon: self.table.horizon).with(network)
    settings.history = self.table.history
    settings.season = self.table.season
    if let batch = network.batch { settings.batchSize = batch }

    console.note(table.summary)
    for note in table.notes { console.note(note) }
    let began = Date()
    let run = try longRun(console, to: output)
    let report = try run { session in
      let (forecaster, evaluation) = try Forecaster.train(on: table, settings, in: session)
      try forecaster.write(to: output)
      let report = ForecastReport(
        forecaster, evaluation, part: "the last 15 % of each series", files: files(besides: output))
      if let path = self.report {
        var page = ReportPage(trainingOf: "Forecasts of \(target)", summary: report.heading, RunRecord(began: began))
        page.scores = report.scores
        page.figures = forecaster.figures(on: table, evaluation)
        try page.write(to: path)
      }
      return report
    }
    try console.result(report, text: report.description)
  }
}

extension ForecastTable {
  fileprivate var summary: String {
    let features = columns.featureNames
    var parts = [
      counted(rowCount, "row"), "\(counted(features.count, "feature")): \(features.prefix(12).joined(separator: ", "))",
    ]
    if features.count > 12 { parts[1] += ", …" }
    if columns.id != nil { parts[0] += " in \(series.count) series" }
    if let dates = columns.dates { parts[0] += ", dates in “\(dates.name)”" }
    return "\(file): " + parts.joined(separator: "; ")
  }
}

/// The errors of a forecaster, as text and JSON.
struct ForecastReport: Encodable, CustomStringConvertible {
  private let target: String
  private let history: Int
  private let horizon: Int
  private let season: Int?
  private let part: String
  private let evaluation: ForecastEvaluation
  private let training: TrainingSummary?
  /// The paths of the files that were written, the model's first; none without training.
  private let files: [String]

  init(_ forecaster: Forecaster, _ evaluation: ForecastEvaluation, part: String, files: [String] = []) {
    target = forecaster.plan.columns.target
    history = forecaster.plan.history
    horizon = forecaster.plan.horizon
    season = forecaster.plan.season
    training = files.isEmpty ? nil : forecaster.training
    self.part = part
    self.evaluation = evaluation
    self.files = files
  }

  /// What the errors are of.
  var heading: String {
    let seasonText = season.map { "season \($0)" } ?? "no season"
    return
      "Errors of \(printable(target, limit: 200)) on \(part): \(evaluation.forecasts) forecasts of \(horizon) rows from \(history), "
      + seasonText
  }

  /// The errors over all rows, the network's first.
  var scores: [Score] {
    evaluation.entries.flatMap { entry in
      [
        Score("mean absolute error, \(entry.name)", entry.errors.overallMeanAbsolute, ""),
        Score("root mean square error, \(entry.name)", entry.errors.overallRootMeanSquare, ""),
      ]
    }
  }

  var description: String {
    var lines = [heading, "", errorTable]
    if let coverage = evaluation.coverage {
      lines += ["", String(format: "The band of 90 %% holds %.1f %% of what happened.", 100 * coverage)]
    }
    if let training {
      let best = training.bestEpoch.map { "; the best was epoch \($0)" } ?? ""
      lines.append("Trained for \(counted(training.losses.count, "epoch"))\(best).")
    }
    if !files.isEmpty { lines.append("Written: " + files.map { printable($0, limit: 4096) }.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }

  /// A row for each forecast, with errors over all steps, at the first, the middle and the last.
  private var errorTable: String {
    var steps: [(title: String, step: Int?)] = [("all rows", nil)]
    for step in [1, (horizon + 1) / 2, horizon] where step != steps.last?.step { steps.append(("row \(step)", step)) }
    return table(evaluation.entries) { entry in
      var columns = [Column(title: "forecast", value: entry.name)]
      for (title, step) in steps {
        let absolute = step.map { entry.errors.meanAbsolute[$0 - 1] } ?? entry.errors.overallMeanAbsolute
        let square = step.map { entry.errors.rootMeanSquare[$0 - 1] } ?? entry.errors.overallRootMeanSquare
        columns.append(Column(title: "MAE, \(title)", value: significant(absolute), align: .right))
        columns.append(Column(title: "RMSE", value: significant(square), align: .right))
      }
      return columns
    }
  }
}
#endif
