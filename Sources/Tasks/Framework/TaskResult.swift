public import Figures
public import Models

/// What came out of a task.
public struct TaskResult: Hashable, Codable, Sendable {
  /// The task's name.
  public var task: String
  /// How much of it was run.
  public var scale: TaskContext.Scale
  /// What decided everything that was random.
  public var seed: UInt64
  /// What was measured, the most important first, baselines among them.
  public var scores: [Score]
  /// A few examples to look at.
  public var examples: [TaskExample]
  /// What to draw.
  public var figures: [Figure]
  /// Files that the task wants written, such as a piece of music.
  public var attachments: [Attachment]

  /// A result of the task `task` in `context`.
  public init(
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
  public var meetsBars: Bool { scores.allSatisfy { $0.meetsBar } }
}

/// Something that was measured.
public struct Score: Hashable, Codable, Sendable {
  /// Where a score must lie.
  public enum Bar: Hashable, Codable, Sendable {
    /// This or more.
    case atLeast(Double)
    /// This or less.
    case atMost(Double)
  }

  /// What was measured, and of what: “BLEU, with attention”.
  public var name: String
  /// The number.
  public var value: Double
  /// Its unit: “nats per character”, “%”; empty for a number without one.
  public var unit: String
  /// What it must reach; `nil` for baselines and for what is only shown.
  public var bar: Bar?
  /// What stands beside it, with its source: “published: 28.3 (…)”.
  public var comparison: String?

  /// A score.
  public init(_ name: String, _ value: Double, _ unit: String, bar: Bar? = nil, comparison: String? = nil) {
    self.name = name
    self.value = value
    self.unit = unit
    self.bar = bar
    self.comparison = comparison
  }

  /// Whether it reaches its bar; NaN never does.
  public var meetsBar: Bool {
    switch bar {
    case .atLeast(let least): value >= least
    case .atMost(let most): value <= most
    case nil: true
    }
  }
}

/// An example to look at.
public struct TaskExample: Hashable, Codable, Sendable {
  /// What it is an example of.
  public var title: String
  /// What to read, line by line.
  public var lines: [String]

  /// An example of `title`.
  public init(_ title: String, _ lines: [String]) {
    self.title = title
    self.lines = lines
  }
}

/// A file that a task made.
public struct Attachment: Hashable, Codable, Sendable {
  /// Its name, with an extension and without a folder.
  public var fileName: String
  /// What is in it.
  public var bytes: [UInt8]

  /// A file of `bytes`.
  public init(_ fileName: String, _ bytes: [UInt8]) {
    self.fileName = fileName
    self.bytes = bytes
  }
}

extension LineChart {
  /// The losses of a training over its epochs.
  public init(lossesOf stage: String, _ report: TrainingReport, unit: String) {
    self.init(
      losses: report.losses, validation: report.validationLosses, title: "Loss, \(stage)", unit: unit)
  }

  /// The losses of each epoch from the first; none for validation where there was none.
  public init(losses: [Double], validation: [Double], title: String, unit: String) {
    func points(_ losses: [Double]) -> [FigurePoint] {
      losses.enumerated().map { FigurePoint(Double($0 + 1), $1) }
    }
    var lines = [Line("training", points(losses))]
    if !validation.isEmpty { lines.append(Line("validation", points(validation))) }
    self.init(title, x: FigureAxis("epoch"), y: FigureAxis("loss", unit: unit), lines: lines)
  }
}
