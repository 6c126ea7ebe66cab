package import Figures
package import Models

/// What came out of a task.
package struct TaskResult: Hashable, Codable, Sendable {
  /// The task's name.
  package var task: String
  /// How much of it was run.
  package var scale: TaskContext.Scale
  /// What decided everything that was random.
  package var seed: UInt64
  /// What was measured, the most important first, baselines among them.
  package var scores: [Score]
  /// A few examples to look at.
  package var examples: [TaskExample]
  /// What to draw.
  package var figures: [Figure]
  /// Files that the task wants written, such as a piece of music.
  package var attachments: [Attachment]

  /// A result of the task `task` in `context`.
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

/// Something that was measured.
package struct Score: Hashable, Codable, Sendable {
  /// Where a score must lie.
  package enum Bar: Hashable, Codable, Sendable {
    /// This or more.
    case atLeast(Double)
    /// This or less.
    case atMost(Double)
  }

  /// What was measured, and of what: “BLEU, with attention”.
  package var name: String
  /// The number.
  package var value: Double
  /// Its unit: “nats per character”, “%”; empty for a number without one.
  package var unit: String
  /// What it must reach; `nil` for baselines and for what is only shown.
  package var bar: Bar?
  /// What stands beside it, with its source: “published: 28.3 (…)”.
  package var comparison: String?

  /// A score.
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

/// An example to look at.
package struct TaskExample: Hashable, Codable, Sendable {
  /// What it is an example of.
  package var title: String
  /// What to read, line by line.
  package var lines: [String]

  /// An example of `title`.
  package init(_ title: String, _ lines: [String]) {
    self.title = title
    self.lines = lines
  }
}

/// A file that a task made.
package struct Attachment: Hashable, Codable, Sendable {
  /// Its name, with an extension and without a folder.
  package var fileName: String
  /// What is in it.
  package var bytes: [UInt8]

  /// A file of `bytes`.
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
