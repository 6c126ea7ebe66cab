import Kernels
import TestSupport
import Testing

@Suite struct MatrixViewsTests {
  @Test func viewsOfSeveralMatricesOpenInOneCall() {
    let (a, b) = (Matrix<Double>([[1, 2]]), Matrix<Double>([[3, 5]]))
    #expect(withViews(a, b) { $0[0, 1] * $1[0, 1] } == 10)
    var (c, d) = (Matrix<Double>.zeros(rows: 1, columns: 2), Matrix<Float>.zeros(rows: 1, columns: 1))
    withViews(mutating: &c, reading: a, b) { c, a, b in c.copy(from: (a[0, 0] < b[0, 0] ? b : a)) }
    #expect(c == b)
    let isWritten = withViews(mutating: &c, &d, reading: a) { c, d, a in
      c.copy(from: a)
      d[0, 0] = 7
      return true
    }
    #expect(isWritten && c == a && d == Matrix([[7]]))
  }

  @Test func whatIsSharedIsCopiedBeforeAWrite() {
    let original = Matrix<Float>([[1]])
    var copy = original
    withViews(mutating: &copy, reading: original) { $0[0, 0] = $1[0, 0] + 1 }
    #expect(original == Matrix([[1]]) && copy == Matrix([[2]]))
  }

  @Test func openingViewsAllocatesNothing() {
    let (a, b) = (Matrix<Float>([[1, 2]]), Matrix<Float>([[3, 5]]))
    var (c, d) = (Matrix<Float>.zeros(rows: 1, columns: 1), Matrix<Float>.zeros(rows: 1, columns: 1))
    func open() { withViews(mutating: &c, &d, reading: a, b) { $0[0, 0] = $2[0, 0] + $3[0, 0] - $1[0, 0] } }
    open()
    if Allocations.areCounted { #expect(Allocations.count(in: open) == 0) }
  }

  @Test func errorsKeepTheirType() {
    struct Failure: Error {}
    let matrix = Matrix<Float>([[1]])
    func attempt() throws(Failure) { try withViews(matrix) { _ throws(Failure) in throw Failure() } }
    #expect(throws: Failure.self) { try attempt() }
  }
}
