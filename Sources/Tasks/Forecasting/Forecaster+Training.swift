internal import DataIO
internal import Kernels
package import Models

extension Forecaster {
  /// Trains a forecaster on the first 70 % of each series of `table`, until the errors on the next 15 % no longer fall.
  ///
  /// - Parameters:
  ///   - table: The data.
  ///   - settings: The network and its training.
  ///   - session: Watches, stops and resumes the training, whose stage is named after the cell.
  /// - Returns: The forecaster, with the band of its errors on the validation parts, and its errors on the rest.
  /// - Throws: `DataError` where no series is long enough for the horizon, `ConfigurationError` for invalid settings,
  ///   and what `TrainingSession` throws.
  package static func train(
    on table: ForecastTable, _ settings: ForecastSettings, in session: TrainingSession
  ) throws -> (forecaster: Forecaster, evaluation: ForecastEvaluation) {
    try settings.check()
    let plan = try ForecastPlan(for: table, settings)
    let origins = try Origins(table, plan)

    let scaling = try ForecastScaling(learnedFrom: table, horizon: plan.horizon)
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(
        RecurrentCell(settings.cell, inputSize: scaling.features.features, hiddenSize: settings.hiddenSize),
        layers: settings.layers, dropout: settings.dropout),
      readout: .finalState, outputSize: plan.horizon, loss: settings.loss)
    var start = SequenceModel<Float>(architecture, seed: settings.seed)
    // So that the untrained model is the last-value forecast.
    start.parameters["head.weight"] = .zeros(rows: plan.horizon, columns: settings.hiddenSize)

    let windows = Forecaster(model: start, scaling: scaling, plan: plan).windows(of: table, [])
    func examples(_ origins: [ForecastOrigin]) -> ForecastWindows {
      var examples = windows
      examples.origins = origins
      return examples
    }
    let training = examples(origins.training.thinned(to: ForecastSettings.maxTrainingWindows))
    let validation = examples(origins.validation.thinned(to: ForecastSettings.maxValidationWindows))
    var options = TrainingOptions(
      epochs: settings.epochs, batchSize: settings.batchSize, schedule: .constant(settings.learningRate),
      patience: settings.patience, seed: settings.seed, memory: settings.memory)
    try ConfigurationError.checkPositive(["epochs": settings.epochs, "batch": settings.batchSize])
    options.schedule = .cosine(
      peak: settings.learningRate, final: settings.learningRate / 20,
      totalSteps: settings.epochs * options.batchesPerEpoch(examples: training.origins.count))
    let (model, report) = try session.train(
      settings.cell.title, start, on: training, validatingOn: validation, options)

    var forecaster = Forecaster(model: model, scaling: scaling, plan: plan)
    let validated = examples(origins.validation)
    forecaster.band = ForecastBand(
      of: forecaster.predictions(for: validated), beside: validated.truths, horizon: plan.horizon)
    forecaster.training = TrainingSummary(report, options, examples: training.origins.count, unit: "")
    return (forecaster, try forecaster.evaluation(on: table, part: .test))
  }

  /// The origins of each part.
  private struct Origins {
    let training: [ForecastOrigin]
    let validation: [ForecastOrigin]

    init(_ table: ForecastTable, _ plan: ForecastPlan) throws(DataError) {
      func origins(_ part: ForecastSplit.Part) -> [ForecastOrigin] {
        table.origins(of: part, history: plan.history, horizon: plan.horizon)
      }
      training = origins(.training)
      validation = origins(.validation)
      guard !training.isEmpty, !validation.isEmpty, !origins(.test).isEmpty else {
        throw DataError(
          file: table.file,
          reason:
            "has no series in which a history of \(plan.history) rows and a horizon of \(plan.horizon) fit into the "
            + "first 70 %, and a horizon into each further 15 %; the longest has \(table.longest) rows")
      }
    }
  }
}

extension ForecastPlan {
  /// The plan for `table` as `settings` say: with an estimated season and a history of two seasons, where they do not.
  ///
  /// - Throws: `DataError` where no series is long enough for the horizon.
  init(for table: ForecastTable, _ settings: ForecastSettings) throws(DataError) {
    let least = Int((Double(settings.horizon) / ForecastSplit.shares.validation).rounded(.up)) + 2
    guard let longest = table.series.max(by: { $0.count < $1.count }), longest.count >= least else {
      throw DataError(
        file: table.file,
        reason:
          "has \(counted(table.longest, "row")) in its longest series, too few for a horizon of "
          + "\(settings.horizon), which needs at least \(least)")
    }
    let training = longest.target[..<ForecastSplit(count: longest.count).trainingEnd]
    let season = settings.season ?? Seasonality.estimate(of: Array(training))
    guard season.map({ $0 < longest.count }) ?? true else {
      throw DataError(
        file: table.file,
        reason: "has \(longest.count) rows in its longest series, too few for a season of \(season ?? 0)")
    }
    let usual = min(max(2 * (season ?? 0), 48), ForecastSettings.maxHistory)
    columns = table.columns
    horizon = settings.horizon
    history = settings.history ?? max(1, min(usual, (training.count - settings.horizon) / 2))
    self.season = season
  }
}

extension ForecastTable {
  /// Rows of the longest series.
  fileprivate var longest: Int { series.map(\.count).max() ?? 0 }
}

extension [ForecastOrigin] {
  /// At most `limit` of these, at equal distances.
  fileprivate func thinned(to limit: Int) -> [ForecastOrigin] {
    let step = (count + limit - 1) / limit
    return step <= 1 ? self : stride(from: 0, to: count, by: step).map { self[$0] }
  }
}
