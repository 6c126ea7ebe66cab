import Kernels
import Models
import Testing

@testable import Interchange

@Suite struct SequenceArchitectureInferenceMemoryTests {
  private static let cells: [RecurrentCell] = [
    .vanilla(inputSize: 3, hiddenSize: 48), .lstm(inputSize: 3, hiddenSize: 48),
    .lstm(inputSize: 3, hiddenSize: 48, projectionSize: 32), .lstm(inputSize: 3, hiddenSize: 48, hasPeepholes: true),
    .gru(inputSize: 3, hiddenSize: 48), .gru(inputSize: 3, hiddenSize: 48, reset: .beforeProduct),
    .lstm(inputSize: 3, hiddenSize: 5), .gru(inputSize: 3, hiddenSize: 17),
  ]

  /// The bytes that are counted for a batch, and those that the recurrent layers' tape holds after it.
  private func bytes(
    _ cell: RecurrentCell, _ path: ComputePath, layers: Int, isBidirectional: Bool, batch: Int, steps: Int
  ) throws -> (counted: Int, held: Int) {
    let stack = try RecurrentStack(cell, layers: layers, isBidirectional: isBidirectional)
    let architecture = try SequenceArchitecture(recurrent: stack, outputSize: 1, loss: .meanSquaredError)
    var layer = RecurrentLayer<Float>(stack, seed: 4)
    layer.execution = Execution(path: path, threads: 1)
    let inputs = PackedSequence(
      padded: [Float](repeating: 0.5, count: batch * steps * cell.inputSize), .timeMajor,
      lengths: [Int](repeating: steps, count: batch), features: cell.inputSize)
    var tape = RecurrentTape<Float>()
    _ = layer.forward(inputs, recordingInto: &tape, mode: .inference)
    let parts = architecture.inferenceMemory(
      batch: batch, steps: steps, path: path, scalarSize: MemoryLayout<Float>.size)
    return (try #require(checkedSum(parts.map(\.byteCount))), tape.byteCount)
  }

  @Test(arguments: ComputePath.allCases, cells)
  func aTapeHoldsNoMoreThanIsCounted(_ path: ComputePath, _ cell: RecurrentCell) throws {
    for (layers, isBidirectional) in [(1, false), (3, false), (2, true)] {
      for (batch, steps) in [(1, 1), (1, 70), (2, 70), (3, 70), (7, 1), (32, 7)] {
        let bytes = try bytes(
          cell, path, layers: layers, isBidirectional: isBidirectional, batch: batch, steps: steps)
        #expect(bytes.held <= bytes.counted, "\(layers) layers, \(batch) sequences of \(steps) steps")
      }
    }
  }

  /// Of a batch whose sequences are many enough for the fused path to compute no inputs ahead.
  @Test(arguments: ComputePath.allCases, cells.filter { $0.hiddenSize == 48 })
  func littleMoreIsCountedThanATapeHolds(_ path: ComputePath, _ cell: RecurrentCell) throws {
    for (layers, isBidirectional) in [(1, false), (3, false), (2, true)] {
      let bytes = try bytes(cell, path, layers: layers, isBidirectional: isBidirectional, batch: 32, steps: 70)
      #expect(bytes.counted <= 2 * bytes.held, "\(layers) layers")
    }
  }

  @Test func sizesOfAnyBatchAreCountedWithoutOverflow() throws {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(Self.cells[1], layers: 2), outputSize: 2, loss: .meanSquaredError)
    for path in ComputePath.allCases {
      for (batch, steps) in [(Int.max, 2), (2, Int.max), (Int.max, Int.max), (0, Int.max), (Int.max, 0)] {
        let parts = architecture.inferenceMemory(batch: batch, steps: steps, path: path, scalarSize: 8)
        #expect(checkedSum(parts.map(\.byteCount)) == nil)
      }
    }
  }
}
