#if Tools
import ArgumentParser
import DataIO
import Models
import Tasks

/// `rnn evaluate`: the errors of a model on a file, beside baselines.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores a model that rnn train wrote on another file, beside baselines.",
    discussion: """
      A forecaster is scored on every row of a table that has enough rows before and after it; a language model on every \
      character or word of a text but the first.
      """)

  @Argument(help: ArgumentHelp("What rnn train wrote.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("A table or a text.", valueName: "file"))
  var file: String

  @OptionGroup var trust: TrustOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let console = Console(consoleOptions)
    switch try TrainedModel(contentsOf: model, allowsNonFinite: trust.allowNonFinite) {
    case .forecaster(let forecaster):
      let table = try ForecastTable(contentsOf: file, as: forecaster.plan.columns)
      for note in table.notes { console.note(note) }
      let report = ForecastReport(forecaster, try forecaster.evaluation(on: table), part: file)
      try console.result(report, text: report.description)
    case .language(let model):
      let text = try FileReading.text(of: file)
      let report: TextReport
      do { report = TextReport(model, try model.evaluation(on: text, file: file), part: file) } catch let error
        as UnknownTokens
      {
        throw DataError(file: file, line: error.line, column: error.column, reason: error.description)
      }
      try console.result(report, text: report.description)
    }
  }
}

/// A model that `rnn train` wrote.
enum TrainedModel {
  case forecaster(Forecaster)
  case language(LanguageModel)

  /// Reads the model at `path`, whichever it is.
  init(contentsOf path: String, allowsNonFinite: Bool) throws {
    let file = try SafetensorsFile(path: path)
    let notes = try ModelFileDescription<SequenceArchitecture>(file.metadata, file: path).preprocessing.notes
    if notes[Forecaster.noteKey] != nil {
      self = .forecaster(try Forecaster(contentsOf: path, allowsNonFinite: allowsNonFinite))
    } else if notes[LanguageModel.noteKey] != nil {
      self = .language(try LanguageModel(contentsOf: path, allowsNonFinite: allowsNonFinite))
    } else {
      throw DataError(file: path, reason: "holds a model, but none that rnn train made")
    }
  }
}
#endif
