package import Models

/// An application of recurrent networks, from the data to a score: what `rnn task NAME` runs.
///
/// Each task is one file of the same shape: its data, its model, how that is trained, how it is scored beside a
/// baseline, and a few examples to look at.
package protocol RecurrentTask: Sendable {
  static var description: TaskDescription { get }

  /// - Throws: `DataError` where data is missing or damaged; what `TrainingSession` throws.
  static func run(in context: TaskContext) throws -> TaskResult
}

extension RecurrentTask {
  package static var name: String { description.name }
}

package struct TaskDescription: Hashable, Sendable {
  package let name: String
  /// What it does, in a line.
  package let summary: String
  /// The relation of inputs to outputs, such as `many-to-one`.
  package let topology: String
  /// The data it needs; none for a task that makes its own.
  package let dataSets: [DataSet]
  /// Data that it uses where present.
  package let optionalDataSets: [DataSet]

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

package struct TaskContext: Sendable {
  package enum Scale: String, CaseIterable, Codable, Sendable {
    /// Under a minute, with a lower bar: shows that everything works.
    case quick
    /// The run that the published bar is for.
    case full
  }

  package var scale: Scale
  package var seed: UInt64
  /// The data folder; `nil` where none is set. Tasks without data do not need one.
  package var data: DataDirectory?
  /// Watches, stops and resumes the trainings.
  package var session: TrainingSession
  /// Shows a line to the user.
  package var note: @Sendable (String) -> Void

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

  package func choose<Value>(quick: Value, full: Value) -> Value { scale == .quick ? quick : full }
}
