package import Kernels
package import Models

/// How a forecaster is made and trained.
package struct ForecastSettings: Hashable, Sendable {
  /// Steps that are forecast at once.
  package var horizon: Int
  /// Steps that are read before; `nil` leaves it to the season and the data.
  package var history: Int?
  /// Steps after which the series repeats, for the seasonal naive forecast and the history; `nil` estimates it.
  package var season: Int?
  /// The recurrent cell.
  package var cell = RecurrentCell.Kind.gru
  /// Recurrent layers.
  package var layers = 1
  /// Hidden units of each.
  package var hiddenSize = 64
  /// Probability with which an output between two layers is dropped in training.
  package var dropout = 0.0
  /// Passes over the windows, at most.
  package var epochs = 40
  /// Epochs without a lower validation loss after which training ends.
  package var patience = 8
  /// Windows in a batch.
  package var batchSize = 64
  /// The learning rate at its highest; it falls along a cosine.
  package var learningRate = 2e-3
  /// What training makes small. The absolute error, which a few wild values bend less than the squared one.
  package var loss = Loss.meanAbsoluteError
  /// Decides everything that is random.
  package var seed: UInt64 = 1

  /// Settings that suit a few thousand rows.
  package init(horizon: Int) { self.horizon = horizon }

  /// The most windows that are learned from in an epoch; of more, every second, every third … is.
  static let mostTrainingWindows = 20_000
  /// The most windows that are validated on after each epoch.
  static let mostValidationWindows = 4_000
  /// The longest history that is chosen without being asked for.
  static let mostHistory = 512

  /// Throws for the first setting that cannot be and that no other type checks.
  func check() throws(ConfigurationError) {
    try ConfigurationError.checkPositive([
      "horizon": horizon, "history": history ?? 1, "season": season ?? 1, "hidden units": hiddenSize,
    ])
  }
}
