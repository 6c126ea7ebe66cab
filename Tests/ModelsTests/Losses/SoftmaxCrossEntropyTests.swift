import Kernels
import Models
import TestSupport
import Testing

@Suite struct SoftmaxCrossEntropyTests {
  @Test func aCertainAndRightAnswerKeepsItsSmallGradient() {
    // 1 − p is e⁻⁴⁰, far below what 1 − p in Double can show.
    let found = evaluate(Matrix<Double>([[40, 0]]), classes: [0])
    let small = Double._exp(-40)
    #expect(maximumRelativeDifference([found.value], [small]) <= Tolerance.operations(4, Double.self))
    #expect(
      maximumRelativeDifference(found.gradient.elements, [-small, small]) <= Tolerance.operations(4, Double.self))
  }

  @Test func addingANumberToALogitsRowChangesNothing() {
    let logits = Matrix<Double>([[1, 2, -3, 0.5]])
    let shifted = Matrix<Double>([[1 + 1024, 2 + 1024, -3 + 1024, 0.5 + 1024]])
    let (found, wanted) = (evaluate(shifted, classes: [2]), evaluate(logits, classes: [2]))
    #expect(found.value == wanted.value)
    #expect(found.gradient == wanted.gradient)
  }

  @Test func theGradientOfARowSumsToZero() {
    let gradient = evaluate(Matrix<Double>([[0.5, 3, -2], [1, 1e4, -1e4]]), classes: [0, 2]).gradient
    for n in 0..<2 { #expect(abs(gradient.row(n).reduce(0, +)) <= Tolerance.operations(3, Double.self)) }
  }

  @Test func viewsWithAStrideAreReadAndWrittenRowByRow() {
    let wide = Matrix<Double>([[1, 2, 99], [3, -1, 99]])
    var gradient = Matrix<Double>(repeating: 7, rows: 2, columns: 3)
    let classes: [Int32] = [1, 0]
    let value = wide.withView { wide in
      gradient.withMutableView { gradient in
        classes.withUnsafeBufferPointer {
          softmaxCrossEntropy(wide.columns(0..<2), $0, gradientInto: gradient.columns(0..<2))
        }
      }
    }
    let wanted = evaluate(Matrix<Double>([[1, 2], [3, -1]]), classes: classes)
    #expect(value == wanted.value)
    #expect(gradient == Matrix([wanted.gradient.row(0) + [7], wanted.gradient.row(1) + [7]]))
  }
}
