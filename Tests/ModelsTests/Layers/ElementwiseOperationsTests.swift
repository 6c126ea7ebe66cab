import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct ElementwiseOperationsTests {
  private let x = Matrix<Double>([[1, -2, 3], [-4, 5, 6]])
  private let y = Matrix<Double>([[0.5, 2, -1], [3, 0.25, 2]])

  @Test func productsAndSumsAreThoseOfTheElements() {
    var (product, sum) = (x, x)
    y.withView { y in
      product.withMutableView { multiplyElements($0, by: y) }
      sum.withMutableView { addElements($0, y) }
    }
    #expect(product == Matrix([[0.5, -4, -3], [-12, 1.25, 12]]))
    #expect(sum == Matrix([[1.5, 0, 2], [-1, 5.25, 8]]))
  }

  @Test func theSlopeOfTanhIsThatOfDifferences() {
    func tanh(_ x: Matrix<Double>) -> Matrix<Double> {
      var y = x
      y.withMutableView { applyTanh($0) }
      return y
    }
    var gradient = y
    tanh(x).withView { values in gradient.withMutableView { multiplyByTanhSlope($0, values) } }
    let wanted = centralDifferences(at: x) { x in
      zip(tanh(x).elements, y.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(maximumRelativeDifference(gradient, wanted) < Tolerance.finiteDifference)
  }

  @Test func partsOfRowsAreTreatedAlone() {
    var whole = Matrix<Double>(repeating: 0.5, rows: 2, columns: 5)
    whole.withMutableView { whole in
      y.withView { addElements(whole.columns(1..<4), $0) }
      applyTanh(whole.columns(4..<5))
    }
    #expect(whole.row(0)[0..<4] == [0.5, 1, 2.5, -0.5] && whole[1, 3] == 2.5)
    #expect(abs(whole[1, 4] - 0.46211715726000975) < 1e-15)
  }
}
