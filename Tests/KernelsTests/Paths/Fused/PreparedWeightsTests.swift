import TestSupport
import Testing

@testable import Kernels

@Suite struct PreparedWeightsTests {
  @Test(arguments: CellVariant.fused)
  func preparedWeightsKnowNothingOfLaterParameters(_ variant: CellVariant) {
    let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 17))
    var prepared = probe.preparing()
    prepared.parameters = CellProbe(probe.cell, seed: 2).parameters
    #expect(prepared.infer().hasSameBits(as: probe.infer()))
    #expect(prepared.preparing().infer() != probe.infer())
  }

  /// A copy is the same weights, and outlives what it was copied from.
  @Test func aCopyOutlivesTheOriginal() throws {
    let probe = CellProbe<Double>(RecurrentCell.gru(inputSize: 3, hiddenSize: 5))
    var copy = probe
    do {
      let original = try #require(probe.preparing().prepared)
      copy.prepared = original
    }
    #expect(copy.infer().hasSameBits(as: probe.infer()))
  }

  @Test(arguments: CellVariant.allCases)
  func onlyCellsWithAFusedPathHavePreparedWeights(_ variant: CellVariant) {
    let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 5))
    #expect((probe.preparing().prepared != nil) == CellVariant.fused.contains(variant))
  }

  /// Shapes do not tell tanh from ReLU, and neither do weights.
  @Test func theActivationOfAPassIsThatOfItsCell() {
    let probe = CellProbe<Float>(RecurrentCell.vanilla(inputSize: 3, hiddenSize: 17))
    var rectified = probe
    rectified.cell = RecurrentCell.vanilla(inputSize: 3, hiddenSize: 17, activation: .relu)
    var prepared = rectified
    prepared.prepared = probe.preparing().prepared
    #expect(prepared.infer().hasSameBits(as: rectified.infer()))
  }

  @Test(arguments: [ComputePath.naive, .blas])
  func theOtherPathsDoNotLookAtThem(_ path: ComputePath) {
    let probe = CellProbe<Float>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5))
    let execution = Execution(path: path, threads: 1)
    var prepared = probe
    prepared.prepared = CellProbe(probe.cell, seed: 2).preparing().prepared
    #expect(prepared.infer(execution).hasSameBits(as: probe.infer(execution)))
  }

  // MARK: - Mistakes

  @Test func parametersOfAnotherCellStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = PreparedWeights(
        RecurrentCell.lstm(inputSize: 3, hiddenSize: 5),
        parameters: Matrix<Float>.zeros(
          rows: 1, columns: RecurrentCell.lstm(inputSize: 3, hiddenSize: 6).parameterCount
        )
        .unsafeView)
    }
  }

  /// As many numbers as another cell's, in another shape.
  @Test func weightsOfAnotherCellStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var probe = CellProbe<Float>(RecurrentCell.gru(inputSize: 3, hiddenSize: 5))
      probe.prepared = CellProbe<Float>(RecurrentCell.gru(inputSize: 4, hiddenSize: 5)).preparing().prepared
      _ = probe.infer()
    }
    await #expect(processExitsWith: .failure) {
      var probe = CellProbe<Float>(RecurrentCell.vanilla(inputSize: 3, hiddenSize: 5))
      probe.prepared =
        CellProbe<Float>(RecurrentCell.vanilla(inputSize: 3, hiddenSize: 5, hasBias: false)).preparing().prepared
      _ = probe.infer()
    }
  }
}
