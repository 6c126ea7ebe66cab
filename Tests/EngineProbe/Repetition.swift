import CAllocationCounter
import Kernels
import Models

/// Work that leaves nothing in memory, however often it is done.
enum Repetition {
  /// In half of so many all that is made once has been made: threads, loops, buffers of OpenBLAS.
  static let minCount = 20
  /// Bytes that may come to use for reasons of the allocator's and the runtime's: some thirty for each of a thousand.
  static let maxGrowth = 32_768

  /// Bytes that this process has allocated and not freed.
  static func bytesInUse() -> Int { CACBytesInUse() }

  /// Trains `count` small models of all kinds.
  static func training(_ count: Int) throws {
    for number in 0..<count {
      let cell = RecurrentCell(RecurrentCell.Kind.allCases[number % 3], inputSize: 3, hiddenSize: 5 + number % 4)
      var model = SequenceModel<Float>(
        try SequenceArchitecture(recurrent: RecurrentStack(cell, layers: 2), outputSize: 2, loss: .meanSquaredError),
        seed: UInt64(number))
      let steps = [4, 6, 5]
      try model.train(
        on: SequenceExamples(
          inputs: .features(steps.map { Matrix(repeating: 0.5, rows: $0, columns: 3) }),
          targets: .values(steps.map { Matrix(repeating: 0.25, rows: $0, columns: 2) })),
        TrainingOptions(epochs: 2, batchSize: 2))
    }
  }

  /// Streams `count` single steps through a layer.
  static func steps(_ count: Int) throws {
    let layer = try RecurrentLayer<Float>(.lstm, inputSize: 3, hiddenSize: 8)
    var state = layer.zeroState(batch: 1)
    let input = Matrix<Float>(repeating: 0.5, rows: 1, columns: 3)
    for _ in 0..<count { _ = layer.step(input, &state) }
  }
}
