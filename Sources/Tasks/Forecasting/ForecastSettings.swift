package import Kernels
package import Models

/// How a forecaster is made and trained.
package struct ForecastSettings: Hashable, Sendable {
  /// Steps that are forecast at once.
  package var horizon: Int
  /// Steps that are read before; `nil` to choose it by the season and the data.
  package var history: Int?
  /// Steps after which the series repeats, for the seasonal naive forecast and the history; `nil` estimates it.
  package var season: Int?
  package var cell = RecurrentCell.Kind.gru
  package var layers = 1
  /// Hidden units of each layer, `H`.
  package var hiddenSize = 64
  /// Probability with which an output between two layers is dropped in training.
  package var dropout = 0.0
  /// Maximum number of passes over the windows.
  package var epochs = 40
  /// Epochs without a lower validation loss after which training ends.
  package var patience = 8
  package var batchSize = 64
  /// The peak of the learning rate, which decays along a cosine.
  package var learningRate = 2e-3
  /// The training objective. The absolute error is less sensitive to outliers than the squared one.
  package var loss = Loss.meanAbsoluteError
  package var seed: UInt64 = 1
  /// How much memory training takes; changes no bit of the model.
  package var memory = TapeMemory.everything

  /// Settings that suit a few thousand rows.
  package init(horizon: Int) { self.horizon = horizon }

  /// The limit on training windows in an epoch; of more, every second, every third … is used.
  static let maxTrainingWindows = 20_000
  /// The limit on validation windows.
  static let maxValidationWindows = 4_000
  /// The limit on the history that is chosen by default.
  static let maxHistory = 512

  /// Throws for the first setting that cannot be and that no other type checks.
  func check() throws(ConfigurationError) {
    try ConfigurationError.checkPositive([
      "horizon": horizon, "history": history ?? 1, "season": season ?? 1, "hidden units": hiddenSize,
    ])
    for (name, rows) in [("horizon", horizon), ("history", history ?? 1), ("season", season ?? 1)]
    where rows > ForecastPlan.maxRows {
      throw ConfigurationError(setting: name, found: "\(rows)", wanted: "at most \(ForecastPlan.maxRows)")
    }
  }
}
