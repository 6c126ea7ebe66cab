import Kernels
import Models

/// The kinds of cells, with sizes that all differ.
enum SmallTasks {
  static let cells: [RecurrentCell] = [
    .vanilla(inputSize: 3, hiddenSize: 7), .lstm(inputSize: 3, hiddenSize: 7),
    .gru(inputSize: 3, hiddenSize: 7),
  ]

  /// Sequences of 0 to 9 steps of three numbers; at every step two numbers are wanted: the first of the step before,
  /// and the sum of the others now.
  static func echo(count: Int, seed: UInt64) -> SequenceExamples<Float> {
    var generator = SeededGenerator(seed: seed)
    let inputs = (0..<count).map { _ in
      let length = generator.uniform(below: 10)
      return Matrix(rows: length, columns: 3, (0..<length * 3).map { _ in generator.uniform(in: -1..<Float(1)) })
    }
    let targets = inputs.map { sequence in
      Matrix(
        rows: sequence.rows, columns: 2,
        (0..<sequence.rows).flatMap { [$0 == 0 ? 0 : sequence[$0 - 1, 0], sequence[$0, 1] + sequence[$0, 2]] })
    }
    return try! SequenceExamples(inputs: .features(inputs), targets: .values(targets))
  }

  /// A model for ``echo(count:seed:)``, on one thread.
  static func model(
    _ cell: RecurrentCell = cells[1], layers: Int = 1, dropout: Double = 0, truncation: Int? = nil, seed: UInt64 = 1
  ) throws -> SequenceModel<Float> {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(cell, layers: layers, dropout: dropout, recurrentDropout: dropout), outputSize: 2,
      loss: .meanSquaredError, truncation: truncation)
    var model = SequenceModel<Float>(architecture, seed: seed)
    model.execution.threads = 1
    return model
  }
}
