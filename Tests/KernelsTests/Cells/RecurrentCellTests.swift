import TestSupport
import Testing

@testable import Kernels

/// What a cell says of itself; what it computes is tested in `RecurrentCellPassesTests`.
@Suite struct RecurrentCellTests {
  @Test(arguments: RecurrentCell.Kind.allCases)
  func aKindMakesACellOfItself(_ kind: RecurrentCell.Kind) {
    let cell = RecurrentCell(kind, inputSize: 3, hiddenSize: 5)
    #expect(cell.kind == kind)
    #expect(cell.withInputSize(7).kind == kind)
    #expect((cell.inputSize, cell.hiddenSize, cell.outputSize) == (3, 5, 5))
  }

  @Test(arguments: CellVariant.allCases)
  func theParameterCountIsTheSumOfTheShapes(_ variant: CellVariant) {
    let cell = variant.cell(inputSize: 3, hiddenSize: 5)
    #expect(cell.parameterCount == cell.parameters.reduce(0) { $0 + $1.rows * $1.columns })
    #expect(cell.hasBias == cell.parameters.contains { $0.isVector })
  }

  @Test(arguments: CellVariant.allCases)
  func anotherInputSizeChangesTheInputWeightsAlone(_ variant: CellVariant) {
    let cell = variant.cell(inputSize: 3, hiddenSize: 5)
    #expect(cell.withInputSize(11) == variant.cell(inputSize: 11, hiddenSize: 5))
    #expect(
      cell.withInputSize(11).parameters.filter { $0.role != .inputWeights }
        == cell.parameters.filter { $0.role != .inputWeights })
  }

  @Test func aProjectionNarrowsTheHiddenStateAndNotTheCellState() {
    let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 2)
    #expect((cell.outputSize, cell.cellStateSize, cell.hiddenSize) == (2, 5, 5))
    #expect(cell.parameters.map { [$0.rows, $0.columns] } == [[20, 3], [20, 2], [20, 1], [20, 1], [2, 5]])
  }

  /// 2·G·H·(I + R) and 2·R·H.
  @Test func operationsCountTheProductsAlone() {
    #expect(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5).forwardOperations == 2 * 4 * 5 * (3 + 5))
    #expect(
      RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 2).forwardOperations
        == 2 * 4 * 5 * (3 + 2) + 2 * 2 * 5)
  }

  @Test func sizesThatAreNotPositiveStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.vanilla(inputSize: 0, hiddenSize: 5) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.vanilla(inputSize: 3, hiddenSize: 0) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.lstm(inputSize: 0, hiddenSize: 5) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 0) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.gru(inputSize: 0, hiddenSize: 5) }
    await #expect(processExitsWith: .failure) { _ = RecurrentCell.gru(inputSize: 3, hiddenSize: 0) }
  }
}
