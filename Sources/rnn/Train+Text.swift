#if Tools
import ArgumentParser
import DataIO
import Figures
import Foundation
import Kernels
import Models
import Tasks

extension Train {
  /// Trains a language model of the text, and writes it to `output`.
  func trainLanguageModel(_ level: TextLevel, to output: String) throws {
    let console = Console(running.console)
    let text = try FileReading.text(of: file)
    var settings = LanguageModelSettings(level: level).with(network)
    if let batch = network.batch { settings.streams = batch }

    let began = Date()
    let run = try longRun(console, to: output)
    let report = try run { session in
      let (model, evaluation) = try LanguageModel.train(on: text, file: file, settings, in: session)
      try model.write(to: output)
      let report = TextReport(model, evaluation, part: "the last tenth of \(file)", files: files(besides: output))
      if let path = self.report {
        var page = ReportPage(
          trainingOf: "Text model of \(file)", summary: "Scored on the last tenth.", RunRecord(began: began))
        page.scores = report.scores
        page.figures = model.training.map { [.lineChart(LineChart($0))] } ?? []
        try page.write(to: path)
      }
      return report
    }
    try console.result(report, text: report.description)
  }
}

/// The losses of a language model, as text and JSON.
struct TextReport: Encodable, CustomStringConvertible {
  private let level: TextLevel
  private let vocabulary: Int
  private let part: String
  private let evaluation: TextEvaluation
  private let perplexity: Double
  private let training: TrainingSummary?
  /// The paths of the files that were written, the model's first; none without training.
  private let files: [String]

  init(_ model: LanguageModel, _ evaluation: TextEvaluation, part: String, files: [String] = []) {
    level = model.level
    vocabulary = model.vocabulary.count
    training = files.isEmpty ? nil : model.training
    perplexity = evaluation.perplexity
    self.part = part
    self.evaluation = evaluation
    self.files = files
  }

  /// The losses, the network's first.
  var scores: [Score] {
    [
      Score("loss", evaluation.loss, "nats per \(evaluation.unit)"),
      Score("loss, frequencies alone", evaluation.unigramLoss, "nats per \(evaluation.unit)"),
    ]
  }

  var description: String {
    let unit = evaluation.unit
    var lines = [
      "On \(part), \(evaluation.count) \(unit)s:",
      "  \(significant(evaluation.loss)) nats per \(unit), perplexity \(significant(perplexity)) of \(vocabulary)",
      "  \(significant(evaluation.unigramLoss)) nats per \(unit) by the frequency of each \(unit) alone",
    ]
    if let unknown = evaluation.unknown {
      lines.append("  \(significant(100 * unknown, digits: 3)) % of the words are not in the vocabulary")
    }
    if let training {
      let best = training.bestEpoch.map { "; the best was epoch \($0)" } ?? ""
      lines.append("Trained for \(counted(training.losses.count, "epoch"))\(best).")
    }
    if !files.isEmpty { lines.append("Written: " + files.map { printable($0, limit: 4096) }.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }
}
#endif
