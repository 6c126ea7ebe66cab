import Models
import TestSupport
import Testing

@testable import Kernels

@Suite struct SoftmaxTests {
  private func evaluate<Scalar: BLASScalar>(
    _ logits: Matrix<Scalar>, _ targets: [Int32], scale: Double = 0.25, threads: Int = 1,
    path: ComputePath = .fused, withGradient: Bool = true
  ) -> (sum: Double, gradient: Matrix<Scalar>) {
    var gradient = Matrix<Scalar>(repeating: 7, rows: logits.rows, columns: logits.columns)
    let sum = logits.withView { logits in
      gradient.withMutableView { gradient in
        targets.withUnsafeBufferPointer {
          sumSoftmaxCrossEntropy(
            logits, $0, gradientScale: scale, gradientInto: withGradient ? gradient : nil,
            Execution(path: path, threads: threads))
        }
      }
    }
    return (sum, gradient)
  }

  /// The definition, in `Double`, relative to the target's logit: so nothing cancels where it is the largest.
  private func reference(_ logits: Matrix<Double>, _ targets: [Int32]) -> (sum: Double, gradient: Matrix<Double>) {
    var (sum, rows) = (0.0, [[Double]]())
    for (n, target) in targets.enumerated() {
      let row = logits.row(n)
      guard target >= 0 else {
        rows.append([Double](repeating: 0, count: row.count))
        continue
      }
      var exponentials = row.map { Double._exp($0 - row[Int(target)]) }
      exponentials[Int(target)] = 0
      let others = exponentials.reduce(0, +)
      sum += Double._log(onePlus: others)
      exponentials[Int(target)] = -others
      rows.append(exponentials.map { 0.25 * $0 / (1 + others) })
    }
    return (sum, Matrix(rows))
  }

  private func sample(rows: Int, columns: Int) -> (logits: Matrix<Double>, targets: [Int32]) {
    var generator = SeededGenerator(seed: 3)
    let logits = Matrix<Double>.random(rows: rows, columns: columns, magnitudes: 0.1..<6, from: &generator)
    return (
      logits.converted(to: Float.self).converted(to: Double.self),
      (0..<rows).map { $0 % 5 == 3 ? -1 : Int32(generator.uniform(below: columns)) }
    )
  }

  @Test(arguments: [(1, 1), (1, 2), (3, 17), (70, 5), (131, 611)])
  func isTheDefinition(rows: Int, columns: Int) {
    let (logits, targets) = sample(rows: rows, columns: columns)
    let wanted = reference(logits, targets)
    func check<Scalar: BLASScalar>(_: Scalar.Type) {
      let found = evaluate(logits.converted(to: Scalar.self), targets)
      let tolerance = Tolerance.operations(16, Scalar.self)
      #expect(abs(found.sum - wanted.sum) <= wanted.sum * tolerance)
      #expect(maximumRelativeDifference(found.gradient, wanted.gradient) <= tolerance)
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: [2, 3, 5])
  func hasTheSameBitsOnAnyNumberOfThreads(_ threads: Int) {
    // Enough exponentials for several threads.
    let (logits, targets) = sample(rows: 67, columns: 9001)
    let floats = logits.converted(to: Float.self)
    let (alone, together) = (evaluate(floats, targets), evaluate(floats, targets, threads: threads))
    #expect(alone.sum == together.sum && alone.gradient.hasSameBits(as: together.gradient))
    let naive = evaluate(floats, targets, threads: threads, path: .naive)
    #expect(naive.sum == alone.sum && naive.gradient.hasSameBits(as: alone.gradient))
  }

  @Test func theSumIsTheSameWithoutAGradient() {
    let (logits, targets) = sample(rows: 11, columns: 37)
    let floats = logits.converted(to: Float.self)
    let alone = evaluate(floats, targets, withGradient: false)
    #expect(alone.sum == evaluate(floats, targets).sum)
    #expect(alone.gradient.elements.allSatisfy { $0 == 7 })
  }

  @Test func aSmallRestDoesNotVanishBesideTheLargest() {
    let found = evaluate(Matrix<Float>([[-20, 20, -15]]), [1], scale: 1)
    let rest = Double._exp(-40) + Double._exp(-35)
    #expect(maximumRelativeDifference([found.sum], [rest]) <= Tolerance.operations(4, Float.self))
    #expect(
      maximumRelativeDifference(found.gradient.elements, [Double._exp(-40), -rest, Double._exp(-35)])
        <= Tolerance.operations(4, Float.self))
  }

  @Test func noRowsSumToZero() { #expect(evaluate(Matrix<Float>.zeros(rows: 0, columns: 3), []).sum == 0) }
}
