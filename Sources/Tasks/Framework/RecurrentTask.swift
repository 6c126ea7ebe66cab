public import Models

/// Something that recurrent networks are for, from the data to a score: what `rnn task NAME` runs.
///
/// Each task is one file of the same shape: its data, its model, how that is trained, how it is scored beside a baseline,
/// and a few examples to look at.
public protocol RecurrentTask: Sendable {
  /// What it is.
  static var description: TaskDescription { get }

  /// Runs it in `context`.
  ///
  /// - Throws: `DataError` where data is missing or damaged; what `TrainingSession` throws.
  static func run(in context: TaskContext) throws -> TaskResult
}

extension RecurrentTask {
  /// What the command line calls it.
  public static var name: String { description.name }
}

/// What a task is, for those who choose one.
public struct TaskDescription: Hashable, Sendable {
  /// What the command line calls it.
  public let name: String
  /// What it does, in a line.
  public let summary: String
  /// How its inputs and outputs stand to each other: `many-to-one`.
  public let topology: String
  /// The data it needs; none for a task that makes its own.
  public let dataSets: [DataSet]
  /// The data that it also takes where it is there.
  public let optionalDataSets: [DataSet]

  /// A description.
  public init(
    _ name: String, _ summary: String, topology: String, dataSets: [DataSet] = [], optionalDataSets: [DataSet] = []
  ) {
    self.name = name
    self.summary = summary
    self.topology = topology
    self.dataSets = dataSets
    self.optionalDataSets = optionalDataSets
  }
}

/// What a task is run with.
public struct TaskContext: Sendable {
  /// How much of it is run.
  public enum Scale: String, CaseIterable, Codable, Sendable {
    /// Under a minute, with a lower bar: shows that everything works.
    case quick
    /// What the published bar is measured on.
    case full
  }

  /// How much of it is run.
  public var scale: Scale
  /// Decides everything that is random.
  public var seed: UInt64
  /// Where the data is; `nil` where nobody said. Tasks without data do not ask.
  public var data: DataDirectory?
  /// Watches, stops and resumes the trainings.
  public var session: TrainingSession
  /// Takes a line for whoever watches.
  public var note: @Sendable (String) -> Void

  /// A run of `scale`.
  public init(
    _ scale: Scale, seed: UInt64 = 1, data: DataDirectory? = nil, session: TrainingSession = TrainingSession(),
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.scale = scale
    self.seed = seed
    self.data = data
    self.session = session
    self.note = note
  }

  /// One of two settings.
  public func choose<Value>(quick: Value, full: Value) -> Value { scale == .quick ? quick : full }
}
