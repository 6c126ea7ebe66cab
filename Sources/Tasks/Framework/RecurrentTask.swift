package import Models

/// Something that recurrent networks are for, from the data to a score: what `rnn task NAME` runs.
///
/// Each task is one file of the same shape: its data, its model, how that is trained, how it is scored beside a baseline,
/// and a few examples to look at.
package protocol RecurrentTask: Sendable {
  /// What it is.
  static var description: TaskDescription { get }

  /// Runs it in `context`.
  ///
  /// - Throws: `DataError` where data is missing or damaged; what `TrainingSession` throws.
  static func run(in context: TaskContext) throws -> TaskResult
}

extension RecurrentTask {
  /// What the command line calls it.
  package static var name: String { description.name }
}

/// What a task is, for those who choose one.
package struct TaskDescription: Hashable, Sendable {
  /// What the command line calls it.
  package let name: String
  /// What it does, in a line.
  package let summary: String
  /// How its inputs and outputs stand to each other: `many-to-one`.
  package let topology: String
  /// The data it needs; none for a task that makes its own.
  package let dataSets: [DataSet]
  /// The data that it also takes where it is there.
  package let optionalDataSets: [DataSet]

  /// A description.
  package init(
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
package struct TaskContext: Sendable {
  /// How much of it is run.
  package enum Scale: String, CaseIterable, Codable, Sendable {
    /// Under a minute, with a lower bar: shows that everything works.
    case quick
    /// What the published bar is measured on.
    case full
  }

  /// How much of it is run.
  package var scale: Scale
  /// Decides everything that is random.
  package var seed: UInt64
  /// Where the data is; `nil` where nobody said. Tasks without data do not ask.
  package var data: DataDirectory?
  /// Watches, stops and resumes the trainings.
  package var session: TrainingSession
  /// Takes a line for whoever watches.
  package var note: @Sendable (String) -> Void

  /// A run of `scale`.
  package init(
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
  package func choose<Value>(quick: Value, full: Value) -> Value { scale == .quick ? quick : full }
}
