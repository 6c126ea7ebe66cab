package import Figures
package import Models

package struct TaskResult: Hashable, Codable, Sendable {
  package var task: String
  package var scale: TaskContext.Scale
  package var seed: UInt64
  /// The most important first, baselines among them.
  package var scores: [Score]
  package var examples: [TaskExample]
  package var figures: [Figure]
  /// Files to write, such as a piece of music.
  package var attachments: [Attachment]

  package init(
    _ task: (some RecurrentTask).Type, _ context: TaskContext, scores: [Score], examples: [TaskExample] = [],
    figures: [Figure] = [], attachments: [Attachment] = []
  ) {
    self.task = task.name
    scale = context.scale
    seed = context.seed
    self.scores = scores
    self.examples = examples
    self.figures = figures
    self.attachments = attachments
  }

  /// Whether every score reaches its bar.
  package var meetsBars: Bool { scores.allSatisfy { $0.meetsBar } }
}

package struct Score: Hashable, Codable, Sendable {
  /// A limit that a score must keep.
  package enum Bar: Hashable, Codable, Sendable {
    case atLeast(Double)
    case atMost(Double)
  }

  /// What was measured, and of what: “BLEU, with attention”.
  package var name: String
  package var value: Double
  /// Its unit: “nats per character”, “%”; empty for a number without one.
  package var unit: String
  /// `nil` for baselines and for scores that are only shown.
  package var bar: Bar?
  /// A number to compare with, and its source: “published: 28.3 (…)”.
  package var comparison: String?

  package init(_ name: String, _ value: Double, _ unit: String, bar: Bar? = nil, comparison: String? = nil) {
    self.name = name
    self.value = value
    self.unit = unit
    self.bar = bar
    self.comparison = comparison
  }

  /// Whether it reaches its bar; NaN never does.
  package var meetsBar: Bool {
    switch bar {
    case .atLeast(let least): value >= least
    case .atMost(let most): value <= most
    case nil: true
    }
  }
}

package struct TaskExample: Hashable, Codable, Sendable {
  package var title: String
  package var lines: [String]

  package init(_ title: String, _ lines: [String]) {
    self.title = title
    self.lines = lines
  }
}

/// A file that a task made.
package struct Attachment: Hashable, Codable, Sendable {
  /// Its name, with an extension and without a folder.
  package var fileName: String
  package var bytes: [UInt8]

  package init(_ fileName: String, _ bytes: [UInt8]) {
    self.fileName = fileName
    self.bytes = bytes
  }
}

extension LineChart {
  /// The losses of a training over its epochs.
  package init(lossesOf stage: String, _ report: TrainingReport, unit: String) {
    self.init(
      losses: report.losses, validation: report.validationLosses, title: "Loss, \(stage)", unit: unit)
  }

  /// The losses of each epoch from the first; none for validation where there was none.
  package init(losses: [Double], validation: [Double], title: String, unit: String) {
    func points(_ losses: [Double]) -> [FigurePoint] {
      losses.enumerated().map { FigurePoint(Double($0 + 1), $1) }
    }
    var lines = [Line("training", points(losses))]
    if !validation.isEmpty { lines.append(Line("validation", points(validation))) }
    self.init(title, x: FigureAxis("epoch"), y: FigureAxis("loss", unit: unit), lines: lines)
  }
}
