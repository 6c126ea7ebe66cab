import DataIO
import Figures
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct ForecasterTests {
  /// A wave of 8 rows with a category that turns it round, and a gap.
  static func csv(rows: Int = 160) -> String {
    var text = "date,sign,y\n"
    for row in 0..<rows {
      let sign = row / 40 % 2 == 0 ? "up" : "down"
      let value = (sign == "up" ? 1 : -1) * sin(2 * .pi * Double(row) / 8)
      let date = Timestamp(seconds: Double(row) * 3600).text(Timestamp.Style(hasTime: true))
      text += "\(date),\(sign),\(row % 17 == 3 ? "NA" : "\(10 + value)")\n"
    }
    return text
  }

  private static func table(_ text: String = csv()) throws -> ForecastTable {
    try withTemporaryFile(Array(text.utf8)) { try ForecastTable(learningFrom: $0, ForecastColumnOptions(target: "y")) }
  }

  private static func settings(epochs: Int = 6) -> ForecastSettings {
    var settings = ForecastSettings(horizon: 5)
    settings.hiddenSize = 9
    settings.epochs = epochs
    settings.batchSize = 16
    settings.learningRate = 2e-2
    settings.history = 10
    settings.season = 8
    return settings
  }

  @Test func itBeatsTheLastValueOnAWave() throws {
    let (forecaster, evaluation) = try Forecaster.train(
      on: try Self.table(), Self.settings(epochs: 12), in: TrainingSession())
    #expect(forecaster.plan.season == 8)
    #expect(evaluation.entries.map(\.name) == ["GRU", "last value", "seasonal naive (8)"])
    #expect(evaluation.entries[0].errors.overallMeanAbsolute < evaluation.entries[1].errors.overallMeanAbsolute / 2)
    #expect(try #require(evaluation.coverage) > 0.5)
    #expect(evaluation.forecasts == 20)
  }

  /// A file may name a history of a million rows, and a table may have them.
  @Test func aPassIsLimitedInItsRows() throws {
    let table = try Self.table(Self.csv(rows: 400))
    let (short, _) = try Forecaster.train(on: table, Self.settings(epochs: 1), in: TrainingSession())
    for (history, size) in [(10, 256), (1000, 65), (70_000, 1)] {
      let plan = ForecastPlan(columns: short.plan.columns, history: history, horizon: 5, season: 8)
      let forecaster = Forecaster(model: short.model, scaling: short.scaling, plan: plan)
      let origins = (20..<320).map { ForecastOrigin(series: 0, row: $0) }
      var (passes, all): ([Range<Int>], [[Double]]) = ([], [])
      forecaster.forEachPass(over: forecaster.windows(of: table, origins)) {
        passes.append($0)
        all += $1
      }
      #expect(passes.allSatisfy { $0.count <= size } && passes.first?.count == size)
      #expect(passes.flatMap { Array($0) } == Array(origins.indices))
      #expect(all == forecaster.predictions(for: forecaster.windows(of: table, origins)))
    }
  }

  @Test func numbersWithoutSquaresAreRefusedByTheirColumn() throws {
    let table = try Self.table(Self.csv().replacing("NA", with: "1e300"))
    #expect {
      try Forecaster.train(on: table, Self.settings(), in: TrainingSession())
    } throws: { "\($0)".contains("/file: the numbers of column “y” are too large") }
  }

  @Test func aSeasonThatIsLongerThanTheSeriesIsRefused() throws {
    var settings = Self.settings()
    settings.season = 160
    #expect {
      try Forecaster.train(on: try Self.table(), settings, in: TrainingSession())
    } throws: { "\($0)".contains("160 rows in its longest series, too few for a season of 160") }
  }

  @Test func untrainedItIsTheLastValue() throws {
    var settings = Self.settings(epochs: 1)
    settings.learningRate = 1e-30
    let (_, evaluation) = try Forecaster.train(on: try Self.table(), settings, in: TrainingSession())
    let errors = evaluation.entries.map(\.errors.overallMeanAbsolute)
    #expect(abs(errors[0] - errors[1]) < 1e-6 * errors[1])
  }

  @Test func theFileAloneForecastsTheSame() throws {
    let table = try Self.table()
    let (forecaster, _) = try Forecaster.train(on: table, Self.settings(epochs: 2), in: TrainingSession())
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try forecaster.write(to: path)
      let read = try Forecaster(contentsOf: path)
      #expect(read.plan == forecaster.plan)
      #expect(read.band == forecaster.band)
      #expect(read.training == forecaster.training)
      let forecasts = try read.forecasts(for: table)
      #expect(forecasts == (try forecaster.forecasts(for: table)))
      #expect(forecasts[0].steps.count == 5)
      let style = Timestamp.Style(hasTime: true)
      #expect(forecasts[0].steps[0].moment?.text(style) == "1970-01-07T16:00:00")
      #expect(forecasts[0].steps.allSatisfy { $0.low <= $0.value && $0.value <= $0.high })
    }
  }

  @Test(arguments: [1, 7, 20])
  func stoppedAndResumedItIsTheSameToTheBit(after steps: Int) throws {
    let table = try Self.table()
    let folder = TemporaryFolder()
    try Forecaster.train(on: table, Self.settings(epochs: 4), in: TrainingSession()).forecaster
      .write(to: folder.path("whole.safetensors"))
    let stopping = TrainingSession(checkpointFolder: folder.path) { _, progress in
      progress.step < steps ? .continue : .stop
    }
    #expect(throws: TrainingInterruption.self) {
      try Forecaster.train(on: table, Self.settings(epochs: 4), in: stopping)
    }
    let resuming = TrainingSession(checkpointFolder: folder.path, resumes: true)
    try Forecaster.train(on: table, Self.settings(epochs: 4), in: resuming).forecaster
      .write(to: folder.path("parts.safetensors"))
    #expect(
      try FileReading.bytes(of: folder.path("parts.safetensors"))
        == FileReading.bytes(of: folder.path("whole.safetensors")))
  }

  @Test func aTableTooShortIsRefused() throws {
    let table = try Self.table(Self.csv(rows: 30))
    #expect(throws: DataError.self) { try Forecaster.train(on: table, Self.settings(), in: TrainingSession()) }
  }

  /// Each is a few bytes in the file, and gigabytes or hours beside a table.
  @Test(arguments: [
    (#""values":["down","up"]"#, #""values":["down","down"]"#, "a category is there twice"),
    (#""values":["down","up"]"#, #""values":[]"#, "0 categories in a column"),
    (
      #""values":["down","up"]"#, #""values":[\#((0..<33).map { "\"\($0)\"" }.joined(separator: ","))]"#,
      "33 categories in a column"
    ),
    (#""name":"sign""#, #""name":"y""#, "a column has two roles"), (#""name":"date""#, #""name":"y""#, "two roles"),
  ])
  func columnsThatNoTableHasAreRefused(_ old: String, _ new: String, _ wanted: String) throws {
    let (forecaster, _) = try Forecaster.train(on: try Self.table(), Self.settings(epochs: 1), in: TrainingSession())
    let columns = String(decoding: try JSONEncoder().encode(forecaster.plan.columns), as: UTF8.self)
    try #require(columns.contains(old))
    #expect {
      try JSONDecoder().decode(ForecastColumns.self, from: Data(columns.replacing(old, with: new).utf8))
    } throws: { "\($0)".contains(wanted) }
    #expect(
      try JSONDecoder().decode(ForecastColumns.self, from: Data(columns.utf8)) == forecaster.plan.columns)
  }

  @Test func whatAModelAndATableTakeTogetherIsLimited() throws {
    let table = try Self.table(Self.csv(rows: 4000))
    let (short, _) = try Forecaster.train(on: table, Self.settings(epochs: 1), in: TrainingSession())
    func forecaster(history: Int, horizon: Int) -> Forecaster {
      let plan = ForecastPlan(columns: short.plan.columns, history: history, horizon: horizon, season: nil)
      return Forecaster(model: short.model, scaling: short.scaling, plan: plan)
    }
    #expect {
      try forecaster(history: 1000, horizon: 10_000_000).forecasts(for: table)
    } throws: { "\($0)".contains("1 series, and the model a horizon of 10000000") }
    let long = try Self.table(Self.csv(rows: 70_000))
    #expect {
      try forecaster(history: 33_000, horizon: 5).evaluation(on: long)
    } throws: { "\($0)".contains("and the model a history of 33000: together more than 1073741824 steps") }
  }

  @Test func anotherModelIsNoForecaster() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      let architecture = try SequenceArchitecture(
        recurrent: RecurrentStack(.init(.gru, inputSize: 3, hiddenSize: 5)), outputSize: 2, loss: .meanSquaredError)
      try SequenceModel<Float>(architecture).write(to: path)
      #expect(throws: DataError.self) { try Forecaster(contentsOf: path) }
      var preprocessing = Preprocessing()
      preprocessing.notes[Forecaster.noteKey] = "{}"
      try SequenceModel<Float>(architecture).write(to: path, preprocessing: preprocessing)
      #expect(throws: DataError.self) { try Forecaster(contentsOf: path) }
    }
  }

  @Test func noNumberInAFileEndsTheProcess() throws {
    let table = try Self.table()
    let (forecaster, _) = try Forecaster.train(on: table, Self.settings(epochs: 1), in: TrainingSession())
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try forecaster.write(to: path)
      var refused = 0
      let files = try HostileNumbers.files(from: path)
      try #require(files.count > 400 / HostileNumbers.sampling)
      for (change, bytes) in files {
        writeFile(bytes, to: path)
        do {
          let read = try Forecaster(contentsOf: path)
          for forecast in try read.forecasts(for: table) {
            for step in forecast.steps { _ = step.moment?.text(Timestamp.Style(hasTime: true)) }
          }
          _ = try read.evaluation(on: table)
          _ = read.training.map { Figure.lineChart(LineChart($0)).svg() }
        } catch {
          refused += 1
          #expect(error is SafetensorsError || error is DataError, "\(change)")
          #expect(!"\(error)".contains("\n"), "\(change)")
        }
      }
      #expect(refused > files.count / 2)
    }
  }

  @Test(arguments: [
    (#""seconds":{"_0":3600}"#, #""months":{"_0":9223372036854775807}"#, "step that is 9223372036854775807 months"),
    (#""seconds":{"_0":3600}"#, #""months":{"_0":-9223372036854775808}"#, "step that is -9223372036854775808 months"),
    (#""seconds":{"_0":3600}"#, #""seconds":{"_0":1e25}"#, "step that is 1e+25 seconds"),
    (#""seconds":{"_0":3600}"#, #""seconds":{"_0":-1}"#, "step that is -1.0 seconds"),
    (#""seconds":{"_0":3600}"#, #""seconds":{"_0":"nan"}"#, "step that is nan seconds"),
    (#""history":10"#, #""history":9223372036854775807"#, "history is 9223372036854775807; wanted 1 to 1000000"),
    (#""season":8"#, #""season":0"#, "season is 0; wanted 1 to 1000000"),
    (#""bestEpoch":1"#, #""bestEpoch":0"#, "bestEpoch that is 0, wanted 1 to 1"),
    (#""bestEpoch":1"#, #""bestEpoch":99"#, "bestEpoch that is 99, wanted 1 to 1"),
    (#""bestEpoch":1,"#, "", "bestEpoch that is none, wanted 1 to 1"),
    (#""steps":"#, #""steps":-"#, "steps is -"),
  ])
  func aNumberOutOfItsRangeIsNamed(_ old: String, _ new: String, says wanted: String) throws {
    let (forecaster, _) = try Forecaster.train(on: try Self.table(), Self.settings(epochs: 1), in: TrainingSession())
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try forecaster.write(to: path)
      let (model, whole) = try SequenceModel<Float>.read(from: path)
      var preprocessing = whole
      let key = try #require(whole.notes.keys.sorted().first { whole.notes[$0]?.contains(old) == true })
      preprocessing.notes[key] = whole.notes[key]?.replacing(old, with: new, maxReplacements: 1)
      try model.write(to: path, preprocessing: preprocessing)
      #expect { try Forecaster(contentsOf: path) } throws: { "\($0)".contains(wanted) }
    }
  }

  /// The largest step that a file may have, over the longest horizon, still has dates.
  @Test(arguments: [TimeStep.seconds(10_000 * 366 * 86_400), .months(120_000)])
  func theLargestStepHasDates(_ step: TimeStep) throws {
    try step.check()
    let last = try #require(Timestamp(year: 9999, month: 12, day: 31))
    #expect(step.moment(ForecastPlan.maxRows, after: last).text(Timestamp.Style(hasTime: true)).contains("-"))
  }

  @Test func picturesHoldTheForecastAndItsTruth() throws {
    let table = try Self.table()
    let (forecaster, evaluation) = try Forecaster.train(on: table, Self.settings(epochs: 2), in: TrainingSession())
    let figures = forecaster.figures(on: table, evaluation)
    #expect(
      figures.map(\.title) == [
        "Forecast of y", "Mean absolute error on the test part", "Loss in the course of training",
      ])
    guard case .lineChart(let chart) = figures[0] else { return }
    #expect(chart.lines.map(\.name) == ["seen", "forecast", "truth", "seasonal naive (8)"])
    #expect(chart.lines[1].points.count == 6 && chart.bands[0].lower.count == 6)
  }
}
