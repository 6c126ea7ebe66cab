import Kernels
import TestSupport
import Testing

@Suite struct MatrixRowsTests {
  @Test func eachRowOfASoftmaxIsADistribution() {
    let logits = Matrix<Double>([[0, 0, 0, 0], [1000, 0, -1000, 1000], [1, 2, 3, 4]])
    let found = logits.softmax()
    #expect(found.row(0) == [0.25, 0.25, 0.25, 0.25] && found.row(1) == [0.5, 0, 0, 0.5])
    let sum = (1...4).reduce(0) { $0 + Double._exp(Double($1)) }
    for j in 0..<4 { #expect(abs(found[2, j] - Double._exp(Double(j + 1)) / sum) < 1e-15) }
  }

  @Test func argmaxIsTheFirstOfTheLargest() {
    func check<Scalar: BLASScalar>(_: Scalar.Type) {
      #expect(Matrix<Scalar>([[1, 3, 2], [5, 5, 0], [-4, -3, -3]]).argmax() == [1, 0, 1])
      #expect(Matrix<Scalar>.zeros(rows: 0, columns: 0).argmax().isEmpty)
      var wide = Matrix<Scalar>.zeros(rows: 1, columns: 700)
      wide[0, 611] = 2
      wide[0, 612] = 2
      #expect(wide.argmax() == [611])
    }
    check(Float.self)
    check(Double.self)
  }
}
