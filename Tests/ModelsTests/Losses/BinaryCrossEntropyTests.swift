import Kernels
import Models
import TestSupport
import Testing

@Suite struct BinaryCrossEntropyTests {
  @Test(arguments: [(logit: 40.0, target: 1.0), (logit: -40.0, target: 0.0)])
  func aCertainAndRightAnswerKeepsItsSmallGradient(logit: Double, target: Double) {
    let found = evaluate(.binaryCrossEntropy, Matrix([[logit]]), Matrix([[target]]))
    let small = Double._exp(-40)
    #expect(maximumRelativeDifference([found.value], [small]) <= Tolerance.operations(4, Double.self))
    let wanted = target == 1 ? -small : small
    #expect(maximumRelativeDifference(found.gradient.elements, [wanted]) <= Tolerance.operations(4, Double.self))
  }

  @Test func swappingYesAndNoMirrorsTheGradient() {
    let logits = Matrix<Double>([[0.5, -3, 20], [1e4, -1e4, 0]])
    let targets = Matrix<Double>([[0.25, 1, 0], [0, 1, 0.75]])
    let mirrored = evaluate(
      .binaryCrossEntropy, Matrix(logits.nestedRows.map { $0.map { -$0 } }),
      Matrix(targets.nestedRows.map { $0.map { 1 - $0 } }))
    let found = evaluate(.binaryCrossEntropy, logits, targets)
    #expect(mirrored.value == found.value)
    #expect(mirrored.gradient == Matrix(found.gradient.nestedRows.map { $0.map { -$0 } }))
  }
}
