package import Figures
internal import Kernels
package import Models

/// How a model was trained, kept in its file under the note ``noteKey`` as JSON: enough to draw its losses and to say
/// where training ended. Without times, so that the same training writes the same bytes.
package struct TrainingSummary: Hashable, Codable, Sendable {
  /// The name of the note in `Preprocessing.notes`.
  package static let noteKey = "training"

  package let options: TrainingOptions
  /// The mean training loss of each epoch.
  package let losses: [Double]
  /// The mean validation loss after each.
  package let validationLosses: [Double]
  /// The unit of the losses: “nats per character”; empty for none.
  package let unit: String
  /// The epoch, from 1, whose parameters the model has; `nil` without validation.
  package let bestEpoch: Int?
  /// Optimiser steps.
  package let steps: Int
  package let ending: TrainingReport.Ending
  /// Number of training examples.
  package let examples: Int

  package init(_ report: TrainingReport, _ options: TrainingOptions, examples: Int, unit: String) {
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

// MARK: - From files that are not trusted

extension TrainingSummary {
  private enum CodingKeys: String, CodingKey {
    case options, losses, validationLosses, unit, bestEpoch, steps, ending, examples
  }

  /// Reads a summary; one that no training can have had is an error.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    options = try values.decode(TrainingOptions.self, forKey: .options)
    losses = try values.decodeAll(forKey: .losses, in: .finite)
    validationLosses = try values.decodeAll(forKey: .validationLosses, in: .finite)
    unit = try values.decode(String.self, forKey: .unit)
    bestEpoch = try values.decodeIfPresent(Int.self, forKey: .bestEpoch)
    steps = try values.decodeCount(forKey: .steps)
    ending = try values.decode(TrainingReport.Ending.self, forKey: .ending)
    examples = try values.decodeCount(forKey: .examples)
    try ConfigurationError.checkLosses(losses, validation: validationLosses, bestEpoch: bestEpoch, first: 1)
  }
}

extension LineChart {
  /// The losses of a training that is over.
  package init(_ training: TrainingSummary) {
    self.init(
      losses: training.losses, validation: training.validationLosses, title: "Loss in the course of training",
      unit: training.unit)
  }
}
