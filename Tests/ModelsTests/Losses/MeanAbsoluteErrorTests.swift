import Kernels
import Models
import TestSupport
import Testing

@Suite struct MeanAbsoluteErrorTests {
  @Test func itIsTheMeanOverElementsNotRows() {
    let found = evaluate(.meanAbsoluteError, Matrix<Double>([[1, -2, 3], [4, 5, -6]]), .zeros(rows: 2, columns: 3))
    #expect(found.value == 21.0 / 6)
    let sixth = 1.0 / 6
    #expect(found.gradient == Matrix([[sixth, -sixth, sixth], [sixth, sixth, -sixth]]))
  }

  @Test func aPredictionThatIsRightHasNoGradient() {
    let found = evaluate(.meanAbsoluteError, Matrix<Float>([[2, 5]]), Matrix([[2, 1]]))
    #expect(found.value == 2)
    #expect(found.gradient == Matrix([[0, 0.5]]))
  }

  @Test func rowsThatDoNotCountAddNothing() {
    let predictions = Matrix<Double>([[1, 2, 3], [7, 8, 9]])
    let found = evaluate(.meanAbsoluteError, predictions, .zeros(rows: 2, columns: 3), countedRows: [false, true])
    #expect(found.value == 8)
    #expect(found.gradient.row(0) == [0, 0, 0])
    #expect(found.gradient.row(1) == [Double](repeating: 1 / 3, count: 3))
  }

  @Test func aPredictionThatIsNoNumberShowsInLossAndGradient() {
    let found = evaluate(.meanAbsoluteError, Matrix<Float>([[.nan, 1]]), Matrix([[0, 0]]))
    #expect(found.value.isNaN)
    #expect(found.gradient[0, 0].isNaN)
  }
}
