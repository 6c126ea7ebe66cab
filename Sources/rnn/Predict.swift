#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Models
import Tasks

/// `rnn predict`: forecasts for the steps after a table's last row.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Forecasts what follows the last row of each series of a table, as CSV.",
    discussion: """
      Needs nothing but the file that rnn train wrote. The columns low and high hold nine tenths of the errors that the \
      model made on data it had not learned from.
      """)

  @Argument(help: ArgumentHelp("What rnn train wrote.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("A table with the same columns.", valueName: "table.csv"))
  var table: String

  @Option(help: ArgumentHelp("Writes the CSV here, not to standard output.", valueName: "file"))
  var output: String?

  @OptionGroup var trust: TrustOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let console = Console(consoleOptions)
    if let output { try OutputFolder.check(file: output, besides: [model, table]) }
    let forecaster = try Forecaster(contentsOf: model, allowsNonFinite: trust.allowNonFinite)
    let table = try ForecastTable(contentsOf: self.table, as: forecaster.plan.columns)
    for note in table.notes { console.note(note) }
    let short = table.series.filter { $0.count < forecaster.plan.history }
    for series in short.prefix(Self.maxNamed) {
      let name = series.id.map { quoted($0) } ?? printable(self.table, limit: 4096)
      console.note(
        "\(name) has \(counted(series.count, "row")), fewer than the \(forecaster.plan.history) that were learned with")
    }
    if short.count > Self.maxNamed { console.note("and so have \(short.count - Self.maxNamed) more") }
    let forecasts = try forecaster.forecasts(for: table)
    let csv = ForecastCSV(forecasts, forecaster.plan.columns).text
    if let output { try FileWriting.write(Array(csv.utf8), to: output) }
    if console.isJSON || output == nil {
      try console.result(forecasts, text: String(csv.dropLast()))
    } else {
      console.note("Written: \(printable(output ?? "", limit: 4096))")
    }
  }

  /// Series that notes name.
  private static let maxNamed = 3
}

/// Forecasts as a table.
struct ForecastCSV {
  /// The table, with a line end after each row.
  let text: String

  init(_ forecasts: [Forecast], _ columns: ForecastColumns) {
    let hasDates = columns.dates != nil && columns.step != nil
    let style = columns.dates?.style ?? Timestamp.Style(hasTime: false)
    let header =
      [columns.id.map(csvField), "step", hasDates ? "date" : nil, "prediction", "low", "high"].compactMap(\.self)
    var lines = [header.joined(separator: ",")]
    for forecast in forecasts {
      for (index, step) in forecast.steps.enumerated() {
        let fields = [
          columns.id == nil ? nil : csvField(forecast.id ?? ""), "\(index + 1)",
          hasDates ? step.moment?.text(style) ?? "" : nil, Self.number(step.value), Self.number(step.low),
          Self.number(step.high),
        ]
        lines.append(fields.compactMap(\.self).joined(separator: ","))
      }
    }
    text = lines.joined(separator: "\n") + "\n"
  }

  private static func number(_ value: Double) -> String { String(format: "%.7g", value) }
}

/// `text` as a field of a CSV file (RFC 4180).
private func csvField(_ text: String) -> String {
  let isPlain = !text.contains { ",;\t\"".contains($0) || $0.isNewline }
  return isPlain ? text : "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
}
#endif
