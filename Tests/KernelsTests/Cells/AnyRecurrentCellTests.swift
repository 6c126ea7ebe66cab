import Kernels
import TestSupport
import Testing

@Suite struct AnyRecurrentCellTests {
  @Test(arguments: ComputePath.allCases)
  func aCellOfAnyKindIsTheCellInIt(_ path: ComputePath) {
    let (vanilla, lstm, gru) = (
      VanillaCell(inputSize: 3, hiddenSize: 5, activation: .relu),
      LSTMCell(inputSize: 3, hiddenSize: 5, projectionSize: 2),
      GRUCell(inputSize: 3, hiddenSize: 5, reset: .beforeProduct)
    )
    let pairs: [(AnyRecurrentCell, any RecurrentCell)] = [
      (.vanilla(vanilla), vanilla), (.lstm(lstm), lstm), (.gru(gru), gru),
    ]
    let execution = Execution(path: path, threads: 1)
    for (any, cell) in pairs {
      #expect(any.shape == cell.shape)
      #expect(any.withInputSize(7).shape == cell.withInputSize(7).shape)
      #expect(CellProbe<Double>(any).run(execution) == CellProbe<Double>(cell).run(execution))
    }
  }

  @Test(arguments: AnyRecurrentCell.Kind.allCases)
  func aKindMakesACellOfItself(_ kind: AnyRecurrentCell.Kind) {
    let cell = AnyRecurrentCell(kind, inputSize: 3, hiddenSize: 5)
    #expect(cell.kind == kind)
    #expect(cell.withInputSize(7).kind == kind)
    #expect((cell.inputSize, cell.hiddenSize, cell.outputSize) == (3, 5, 5))
  }
}
