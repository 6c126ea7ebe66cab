package import DataIO
internal import Kernels
package import Models

/// A network that reads the last rows of a series and forecasts the next ones all at once, each as a change from the
/// last value; with all that a file needs for further tables.
package struct Forecaster: Sendable {
  /// The network, from `F` features to `H` changes, each divided by the target's scale.
  package let model: SequenceModel<Float>
  package let scaling: ForecastScaling
  package let plan: ForecastPlan
  /// The prediction interval; `nil` until training ends.
  package var band: ForecastBand?
  /// How it was trained; `nil` until training ends.
  package var training: TrainingSummary?

  init(model: SequenceModel<Float>, scaling: ForecastScaling, plan: ForecastPlan) {
    self.model = model
    self.scaling = scaling
    self.plan = plan
  }

  /// The forecasts for what follows the last row of each series of `table`.
  ///
  /// A series shorter than the history is read from its beginning.
  ///
  /// - Throws: `DataError` where a series has no value to start from.
  package func forecasts(for table: ForecastTable) throws(DataError) -> [Forecast] {
    guard table.series.count <= Self.maxForecastSteps / plan.horizon else {
      throw DataError(
        file: table.file,
        reason: "has \(table.series.count) series, and the model a horizon of \(plan.horizon): together more than "
          + "\(Self.maxForecastSteps) numbers")
    }
    for series in table.series where series.carried.last?.isNaN != false {
      let name = series.id.map { " of \(quoted($0))" } ?? ""
      throw DataError(
        file: table.file, line: series.lines.last,
        reason: "there is no value of \(quoted(plan.columns.target))\(name) to forecast from")
    }
    let origins = table.series.indices.map { ForecastOrigin(series: $0, row: table.series[$0].count - 1) }
    return zip(table.series, predictions(for: windows(of: table, origins))).map { series, values in
      Forecast(
        id: series.id,
        steps: values.enumerated().map { index, value in
          let moment = plan.columns.step.flatMap { step in
            series.moments?.last.map { step.moment(index + 1, after: $0) }
          }
          return Forecast.Step(
            moment: moment, value: value, low: value + (band?.low[index] ?? 0), high: value + (band?.high[index] ?? 0))
        })
    }
  }

  /// The errors on `part` of every series of `table`, or on all of them, beside those of the naive forecasts.
  ///
  /// - Throws: `DataError` where no series is long enough.
  package func evaluation(on table: ForecastTable, part: ForecastSplit.Part? = nil) throws(DataError)
    -> ForecastEvaluation
  {
    let origins = table.origins(of: part, history: plan.history, horizon: plan.horizon)
    guard !origins.isEmpty else {
      throw DataError(
        file: table.file,
        reason:
          "has no series of \(plan.history + plan.horizon) rows, for a history of \(plan.history) and a horizon of "
          + "\(plan.horizon)")
    }
    // A file may name any history, and a table may be long: steps that the network takes and numbers that it gives.
    for (name, length) in [("history", plan.history), ("horizon", plan.horizon)] {
      guard origins.count <= Self.maxEvaluatedSteps / length else {
        throw DataError(
          file: table.file,
          reason:
            "has \(origins.count) moments to forecast from, and the model a \(name) of \(length): together more than "
            + "\(Self.maxEvaluatedSteps) steps")
      }
    }
    return ForecastEvaluation(self, on: windows(of: table, origins))
  }

  /// Windows of `table` after `origins`, with scaled features.
  func windows(of table: ForecastTable, _ origins: [ForecastOrigin]) -> ForecastWindows {
    ForecastWindows(
      features: table.series.map { $0.features(scaling.features) }, series: table.series, origins: origins,
      history: plan.history, horizon: plan.horizon, targetScale: scaling.targetScale)
  }

  /// The forecasts for `windows`, `[windows][H]`, in the target's own units.
  func predictions(for windows: ForecastWindows) -> [[Double]] {
    var all: [[Double]] = []
    all.reserveCapacity(windows.origins.count)
    forEachPass(over: windows) { all += $1 }
    return all
  }

  /// Calls `body` with the forecasts for some of `windows` after another: which of them, and `[those][H]` in the target's
  /// own units. Takes memory for one pass at a time.
  func forEachPass(over windows: ForecastWindows, _ body: (Range<Int>, [[Double]]) -> Void) {
    let origins = windows.origins
    let passSize = max(1, min(Self.maxPassWindows, Self.maxPassRows / max(plan.history, plan.horizon)))
    for start in stride(from: 0, to: origins.count, by: passSize) {
      let indices = start..<min(start + passSize, origins.count)
      let changes = model(windows.batch(Array(indices)).inputs).predictions
      body(
        indices,
        indices.map { index in
          let last = windows.series[origins[index].series].carried[origins[index].row]
          return changes.row(index - start).map { last + Double($0) * scaling.targetScale }
        })
    }
  }

  /// The limit on the steps of an evaluation, of which a small network takes some ten million a second.
  private static let maxEvaluatedSteps = 1 << 30
  /// The limit on the numbers of a forecast, of a hundred bytes each with their text.
  private static let maxForecastSteps = 1 << 23

  /// The limits on the windows of a pass, and on their rows: a history or horizon may be as long as the table.
  private static let (maxPassWindows, maxPassRows) = (256, 1 << 16)
}

/// What a forecaster reads and forecasts.
package struct ForecastPlan: Hashable, Codable, Sendable {
  package let columns: ForecastColumns
  /// Steps that are read.
  package let history: Int
  /// Steps that are forecast.
  package let horizon: Int
  /// Steps after which the series repeats; `nil` where it does not.
  package let season: Int?

  /// The limit on history, horizon and season: sums and products of them do not overflow.
  package static let maxRows = 1_000_000

  /// The naive forecasts to compare with.
  package var baselines: [NaiveForecast] { [.lastValue] + (season.map { [.seasonal($0)] } ?? []) }
}

// MARK: - From files that are not trusted

extension ForecastPlan {
  private enum CodingKeys: String, CodingKey { case columns, history, horizon, season }

  /// Reads a plan; one that no forecaster can have is an error.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    columns = try values.decode(ForecastColumns.self, forKey: .columns)
    history = try values.decode(forKey: .history, in: 1...Self.maxRows)
    horizon = try values.decode(forKey: .horizon, in: 1...Self.maxRows)
    season = try values.decodeIfPresent(forKey: .season, in: 1...Self.maxRows)
    try columns.step?.check()
  }
}

/// How features and changes of the target are brought to a common scale.
package struct ForecastScaling: Hashable, Sendable {
  /// For each feature, `[F]`; those that are no numbers of the table stay as they are.
  package let features: FeatureScaling
  /// What a change of the target is divided by.
  package let targetScale: Double

  /// The scaling that gives the numbers in the training parts of `table` the mean 0 and the variance 1, and the changes
  /// over `horizon` steps the mean square 1. Missing values do not count.
  ///
  /// Throws where the squares of a column's numbers overflow.
  init(learnedFrom table: ForecastTable, horizon: Int) throws {
    let parts = table.series.map { (series: $0, end: ForecastSplit(count: $0.count).trainingEnd) }
    func mean(_ value: (ForecastSeries, Int) -> Double) -> Double {
      var (sum, count) = (0.0, 0)
      for (series, end) in parts {
        for row in 0..<end {
          let value = value(series, row)
          if value.isNaN { continue }
          sum += value
          count += 1
        }
      }
      return count == 0 ? 0 : sum / Double(count)
    }
    let numbers = table.columns.numbers.count
    let offsets = (0..<numbers).map { j in mean { $0.numbers[j][$1] } }
    let scales = offsets.indices.map { j in
      let deviation = mean { series, row in
        let difference = series.numbers[j][row] - offsets[j]
        return difference * difference
      }.squareRoot()
      return deviation == 0 ? 1 : deviation
    }
    for (j, column) in table.columns.numbers.enumerated() where !offsets[j].isFinite || !scales[j].isFinite {
      throw DataError(
        file: table.file, reason: "the numbers of column \(quoted(column.name)) are too large to be scaled")
    }
    let others = table.columns.featureNames.count - numbers
    features = try FeatureScaling(
      offsets: offsets + [Double](repeating: 0, count: others), scales: scales + [Double](repeating: 1, count: others))

    var (sum, count) = (0.0, 0)
    for (series, end) in parts {
      for row in 0..<end where !series.carried[row].isNaN {
        for later in [row + 1, row + (horizon + 1) / 2, row + horizon] where later < end {
          let change = series.target[later] - series.carried[row]
          if change.isNaN { continue }
          sum += change * change
          count += 1
        }
      }
    }
    targetScale = sum > 0 ? (sum / Double(count)).squareRoot() : 1
  }

  init(features: FeatureScaling, targetScale: Double) {
    self.features = features
    self.targetScale = targetScale
  }
}

/// The forecast of what follows a series.
package struct Forecast: Hashable, Codable, Sendable {
  /// One step.
  package struct Step: Hashable, Codable, Sendable {
    /// `nil` where the table has no timestamps.
    package let moment: Timestamp?
    package let value: Double
    /// The band's lower edge.
    package let low: Double
    /// The band's upper edge.
    package let high: Double
  }

  /// The series; `nil` where there is only one.
  package let id: String?
  package let steps: [Step]
}

/// The errors of a forecaster beside those of naive forecasts.
package struct ForecastEvaluation: Hashable, Codable, Sendable {
  /// The errors of one way to forecast.
  package struct Entry: Hashable, Codable, Sendable {
    package let name: String
    package let errors: ForecastErrors
  }

  /// The network first, then the naive forecasts.
  package let entries: [Entry]
  /// The number of forecasts.
  package let forecasts: Int
  /// The share of truths in the band; `nil` without one.
  package let coverage: Double?

  init(_ forecaster: Forecaster, on windows: ForecastWindows) {
    let baselines = forecaster.plan.baselines
    var network = ForecastErrorSums(horizon: windows.horizon)
    var naive = [ForecastErrorSums](repeating: network, count: baselines.count)
    var (inside, count) = (0, 0)
    forecaster.forEachPass(over: windows) { indices, predictions in
      for (index, prediction) in zip(indices, predictions) {
        let (origin, truth) = (windows.origins[index], windows.truth(index))
        network.add(prediction, beside: truth)
        for (place, baseline) in baselines.enumerated() {
          let carried = windows.series[origin.series].carried
          naive[place].add(
            baseline.forecast(after: origin.row, of: carried, horizon: windows.horizon), beside: truth)
        }
        if let found = forecaster.band?.coverage(of: prediction, beside: truth) {
          inside += found.inside
          count += found.count
        }
      }
    }
    let name = forecaster.model.architecture.recurrent.cells[0].kind.title
    entries =
      [Entry(name: name, errors: ForecastErrors(network))]
      + zip(baselines, naive).map { Entry(name: $0.name, errors: ForecastErrors($1)) }
    forecasts = windows.origins.count
    coverage = forecaster.band == nil ? nil : Double(inside) / Double(count)
  }
}

extension ForecastWindows {
  /// The truth after origin `index`, `[H]`; NaN where it is missing.
  func truth(_ index: Int) -> [Double] {
    let (target, row) = (series[origins[index].series].target, origins[index].row)
    return (1...horizon).map { row + $0 < target.count ? target[row + $0] : .nan }
  }

  /// The truth after each origin, `[windows][H]`.
  var truths: [[Double]] { origins.indices.map(truth) }
}

extension RecurrentCell.Kind {
  /// The name as printed.
  var title: String {
    switch self {
    case .vanilla: "vanilla RNN"
    case .lstm: "LSTM"
    case .gru: "GRU"
    }
  }
}
