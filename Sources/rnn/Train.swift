#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Models
import Tasks

/// `rnn train`: a model of the user's data, in one file.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a model on your own data: forecasts of a table's column, or the text of a book.",
    discussion: """
      A table is a CSV file with a row for each moment, the oldest first. With --target, the last 15 % of each series are \
      scored, beside the last value and the seasonal naive forecast; the 15 % before say when to stop. Dates, missing \
      values and columns of categories are recognised.
        rnn train series.csv --target temperature --horizon 24
        rnn predict series.safetensors new.csv
      A text is any UTF-8 file. Its last tenth is scored, beside the frequencies of its characters or words.
        rnn train book.txt --level char
        rnn generate book.safetensors --prompt "It was"

      Ctrl-C saves and says how to go on. Exit codes: 0; 1 for a run that failed or was stopped; 2 for bad input.
      """)

  @Argument(help: ArgumentHelp("A table (.csv) or a text.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("The model's file; beside the data unless given.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Makes a page with the errors and pictures.", valueName: "page.html"))
  var report: String?

  @OptionGroup(title: "A table") var table: TableOptions

  @Option(help: "What a text is made of.")
  var level: TextLevel?

  @OptionGroup(title: "The network") var network: NetworkOptions

  @OptionGroup(title: "While it runs") var running: LongRunOptions

  func validate() throws {
    guard level == nil || table.target == nil else {
      throw ValidationError("--target is for a table and --level for a text: give one of them")
    }
  }

  func run() throws {
    let output = output ?? file.withoutExtension + ".safetensors"
    try OutputFolder.check(file: output, besides: [file])
    if let report { try OutputFolder.check(file: report, besides: [file, output]) }
    if let target = table.target {
      try trainForecaster(of: target, to: output)
    } else if level == nil, ["csv", "tsv"].contains(file.fileExtension) {
      let names = try CSVTable(contentsOf: file, hasHeader: !table.noHeader).names
      throw DataError(
        file: file,
        reason:
          "which column is to be forecast? Give --target with one of \(names.map { "“\($0)”" }.joined(separator: ", "))"
      )
    } else {
      try trainLanguageModel(level ?? .char, to: output)
    }
  }

  /// The files to write, the model at `output` first.
  func files(besides output: String) -> [String] { [output] + (report.map { [$0] } ?? []) }

  /// The run that writes `output`.
  func longRun(_ console: Console, to output: String) throws(DataError) -> LongRun {
    // The output may change when a run is resumed; the training may not.
    let purpose = RunPurpose(parts: [
      "work": "train",
      "data": """
      \(try fingerprint(of: file)), columns \([table.target, table.id, table.date].map { $0 ?? "-" }), \
      ignore \(table.ignore), no header \(table.noHeader), horizon \(table.horizon), history \(table.history ?? 0), \
      season \(table.season ?? 0), level \(level?.rawValue ?? "-")
      """,
      "model": "\(network.cell?.rawValue ?? "-"), layers \(network.layers), hidden \(network.hidden ?? 0)",
      "options": """
      dropout \(network.dropout), epochs \(network.epochs ?? 0), batch \(network.batch ?? 0), \
      learning rate \(network.learningRate), seed \(network.seed)
      """,
    ])
    return try LongRun(
      running, console: console, defaultFolder: "\(output).checkpoints", outputs: files(besides: output),
      purpose: purpose)
  }
}

/// The columns of a table and the forecast, for `rnn train`.
struct TableOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The column to forecast.", valueName: "column"))
  var target: String?

  @Option(help: "Rows to forecast at once.")
  var horizon = 24

  @Option(help: "Rows to read before; two seasons, at least 48, unless given.")
  var history: Int?

  @Option(help: "Rows after which the series repeats; found in the data unless given.")
  var season: Int?

  @Option(help: ArgumentHelp("The column of dates; recognised unless given.", valueName: "column"))
  var date: String?

  @Option(help: ArgumentHelp("The column that tells several series apart.", valueName: "column"))
  var id: String?

  @Option(help: ArgumentHelp("A column to leave out; may be given several times.", valueName: "column"))
  var ignore: [String] = []

  @Flag(help: "The first line is data: columns are called 1, 2, …")
  var noHeader = false

  func validate() throws {
    for (name, value) in [("horizon", horizon), ("history", history ?? 1), ("season", season ?? 1)] {
      try checkCount(value, of: name)
    }
  }
}

extension TextLevel: HyphenatedArgument {}

extension CSVTable {
  /// The names of the columns; their numbers where there is no header.
  fileprivate var names: [String] { header.isEmpty ? columns.indices.map { "\($0 + 1)" } : header }
}
#endif
