import Kernels
import Models
import Testing

@Suite struct MeanSquaredErrorTests {
  @Test func itIsTheMeanOverElementsNotRows() {
    let found = evaluate(.meanSquaredError, Matrix<Double>([[1, 2, 3], [4, 5, 6]]), .zeros(rows: 2, columns: 3))
    #expect(found.value == 91.0 / 6)
    #expect(found.gradient[1, 2] == 2 * (1.0 / 3) * 3)
  }
}
