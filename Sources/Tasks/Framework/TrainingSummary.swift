public import Figures
public import Models

/// How a model was trained, kept in its file under the note ``noteKey`` as JSON: enough to draw its losses and to say
/// where training ended. Without times, so that the same training writes the same bytes.
public struct TrainingSummary: Hashable, Codable, Sendable {
  /// The name of the note in `Preprocessing.notes`.
  public static let noteKey = "training"

  /// The settings.
  public let options: TrainingOptions
  /// The mean training loss of each epoch.
  public let losses: [Double]
  /// The mean validation loss after each.
  public let validationLosses: [Double]
  /// What the losses are in: “nats per character”; empty for numbers without a unit.
  public let unit: String
  /// The epoch, from 1, whose parameters the model has; `nil` without validation.
  public let bestEpoch: Int?
  /// Steps made.
  public let steps: Int
  /// Why training ended.
  public let ending: TrainingReport.Ending
  /// Examples that were learned from.
  public let examples: Int

  /// What `report` says of a training with `options` on `examples` examples.
  public init(_ report: TrainingReport, _ options: TrainingOptions, examples: Int, unit: String) {
    self.options = options
    losses = report.losses
    validationLosses = report.validationLosses
    self.unit = unit
    bestEpoch = report.bestEpoch
    steps = report.steps
    ending = report.ending
    self.examples = examples
  }
}

extension LineChart {
  /// The losses of a training that is over.
  public init(_ training: TrainingSummary) {
    self.init(
      losses: training.losses, validation: training.validationLosses, title: "Loss in the course of training",
      unit: training.unit)
  }
}
