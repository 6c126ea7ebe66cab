import Kernels
import Models
import TestSupport
import Testing

@Suite struct RecurrentStateTests {
  /// Of two layers and three sequences; hidden states are 2 wide, cell states 4.
  private var state: RecurrentState<Double> {
    var generator = SeededGenerator(seed: 1)
    func matrices(_ columns: Int) -> [Matrix<Double>] {
      (0..<2).map { _ in .random(rows: 3, columns: columns, from: &generator) }
    }
    return RecurrentState(hidden: matrices(2), cell: matrices(4))
  }

  @Test func resettingASequenceLeavesTheOthers() {
    var reset = state
    reset.reset(sequence: 1)
    for (found, before) in zip(reset.hidden + reset.cell, state.hidden + state.cell) {
      #expect(found.row(0) == before.row(0))
      #expect(found.row(1).allSatisfy { $0 == 0 })
      #expect(found.row(2) == before.row(2))
    }
  }

  @Test func selectingReordersLeavesOutAndRepeats() {
    let selected = state.selecting([2, 0, 2])
    #expect(selected.batch == 3)
    for (found, before) in zip(selected.hidden + selected.cell, state.hidden + state.cell) {
      #expect(found.nestedRows == [before.row(2), before.row(0), before.row(2)])
    }
    #expect(state.selecting([0, 1, 2]) == state)
    #expect(state.selecting([1]).batch == 1)
    #expect(state.selecting([]).batch == 0)
  }

  @Test func aCopyDoesNotSeeWrites() {
    let original = state
    var copy = original
    copy.hidden[0][1, 1] = 9
    copy.reset(sequence: 0)
    #expect(original == state)
    #expect(copy != state)
  }

  @Test func equalityComparesTheNumbersAndNotTheMemoryForSteps() throws {
    let layer = try LSTM<Double>(inputSize: 3, hiddenSize: 5)
    var stepped = layer.zeroState(batch: 1)
    _ = layer.step(Matrix([[1, 2, 3]]), &stepped)
    #expect(stepped == RecurrentState(hidden: stepped.hidden, cell: stepped.cell))
    #expect(stepped != layer.zeroState(batch: 1))
  }

  @Test func aSequenceThatIsNotThereStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var state = RecurrentState(hidden: [Matrix<Float>.zeros(rows: 2, columns: 3)])
      state.reset(sequence: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = RecurrentState(hidden: [Matrix<Float>.zeros(rows: 2, columns: 3)]).selecting([0, 2])
    }
  }
}
