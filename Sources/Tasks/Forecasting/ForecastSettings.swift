public import Kernels
public import Models

/// How a forecaster is made and trained.
public struct ForecastSettings: Hashable, Sendable {
  /// Steps that are forecast at once.
  public var horizon: Int
  /// Steps that are read before; `nil` leaves it to the season and the data.
  public var history: Int?
  /// Steps after which the series repeats, for the seasonal naive forecast and the history; `nil` estimates it.
  public var season: Int?
  /// The recurrent cell.
  public var cell = RecurrentCell.Kind.gru
  /// Recurrent layers.
  public var layers = 1
  /// Hidden units of each.
  public var hiddenSize = 64
  /// Probability with which an output between two layers is dropped in training.
  public var dropout = 0.0
  /// Passes over the windows, at most.
  public var epochs = 40
  /// Epochs without a lower validation loss after which training ends.
  public var patience = 8
  /// Windows in a batch.
  public var batchSize = 64
  /// The learning rate at its highest; it falls along a cosine.
  public var learningRate = 2e-3
  /// What training makes small. The absolute error, which a few wild values bend less than the squared one.
  public var loss = Loss.meanAbsoluteError
  /// Decides everything that is random.
  public var seed: UInt64 = 1

  /// Settings that suit a few thousand rows.
  public init(horizon: Int) { self.horizon = horizon }

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
