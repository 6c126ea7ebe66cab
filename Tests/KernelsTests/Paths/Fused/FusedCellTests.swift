import TestSupport
import Testing

@testable import Kernels

@Suite struct FusedCellTests {
  @Test(arguments: CellVariant.allCases)
  func aCellHasAFusedPathWhereItsStepIsOneProduct(_ variant: CellVariant) {
    let cell = variant.cell(inputSize: 3, hiddenSize: 5)
    #expect((cell.fused != nil) == CellVariant.fused.contains(variant))
    #expect(cell.fused == nil || cell.fused?.recurrentCell == cell)
  }

  @Test(arguments: CellVariant.allCases)
  func aCellWithoutAFusedPathTakesTheBLASPath(_ variant: CellVariant) {
    let probe = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5))
    var tape = CellTape<Double>()
    _ = probe.forward(fused, isRecording: true, tape: &tape)
    #expect(tape.recording?.path == (CellVariant.fused.contains(variant) ? .fused : .blas))
    guard !CellVariant.fused.contains(variant) else { return }
    #expect(probe.run(fused) == probe.run(Execution(path: .blas, threads: 1)))
  }

  @Test(arguments: CellVariant.fused)
  func aRecordingOfAHandfulOfRowsTakesTheBLASPath(_ variant: CellVariant) {
    for rows in 1...FusedCell.minRecordedRows + 1 {
      let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: [0, rows])
      var tape = CellTape<Float>()
      _ = probe.forward(fused, isRecording: true, tape: &tape)
      #expect(tape.recording?.path == (rows < FusedCell.minRecordedRows ? .blas : .fused))
      _ = probe.forward(fused, tape: &tape)
      #expect(tape.recording == nil)
    }
  }

  @Test(arguments: [ComputePath.naive, .blas])
  func whoAsksForAnotherPathGetsIt(_ path: ComputePath) {
    let probe = CellProbe<Float>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5))
    var tape = CellTape<Float>()
    _ = probe.forward(Execution(path: path, threads: 1), isRecording: true, tape: &tape)
    #expect(tape.recording?.path == path)
    #expect(tape.fused.matrices.allSatisfy { $0.capacity == 0 })
  }

  /// The vectors of a gradient row that a weight matrix is multiplied with are neighbours, one for each gate.
  @Test(arguments: CellVariant.fused)
  func gradientVectorsAreNeighbours(_ variant: CellVariant) throws {
    let cell = try #require(variant.cell(inputSize: 3, hiddenSize: 5).fused)
    for vectors in [cell.inputGradients, cell.recurrentGradients] {
      #expect(vectors.count == cell.gateCount)
      let ofGates = (0..<vectors.count).map(vectors.vector(ofGate:))
      #expect(ofGates.sorted() == Array(vectors.first..<vectors.first + cell.gateCount))
      #expect((0..<vectors.count).allSatisfy { ofGates[vectors.gate(ofVector: $0)] == vectors.first + $0 })
      #expect(ofGates.allSatisfy { $0 < cell.vectors })
    }
  }
}
