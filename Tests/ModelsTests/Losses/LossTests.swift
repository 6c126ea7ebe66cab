import Kernels
import Models
import TestSupport
import Testing

/// A loss on owned arguments, for tests: its value and gradient.
func evaluate<Scalar: BLASScalar>(
  _ loss: Loss, _ predictions: Matrix<Scalar>, _ targets: Matrix<Scalar>, countedRows: [Bool]? = nil
) -> (value: Scalar, gradient: Matrix<Scalar>) {
  // What was there before must not matter.
  var gradient = Matrix<Scalar>(repeating: .nan, rows: predictions.rows, columns: predictions.columns)
  let value = predictions.withView { predictions in
    targets.withView { targets in
      gradient.withMutableView { gradient in
        guard let countedRows else { return loss(predictions, .values(targets), gradientInto: gradient) }
        return countedRows.withUnsafeBufferPointer {
          loss(predictions, .values(targets, countedRows: $0), gradientInto: gradient)
        }
      }
    }
  }
  return (value, gradient)
}

/// Cross-entropy on owned arguments, for tests: its value and gradient.
func evaluate<Scalar: BLASScalar>(
  _ logits: Matrix<Scalar>, classes: [Int32]
) -> (value: Scalar, gradient: Matrix<Scalar>) {
  var gradient = Matrix<Scalar>(repeating: .nan, rows: logits.rows, columns: logits.columns)
  let value = logits.withView { logits in
    gradient.withMutableView { gradient in
      classes.withUnsafeBufferPointer { Loss.softmaxCrossEntropy(logits, .classes($0), gradientInto: gradient) }
    }
  }
  return (value, gradient)
}

@Suite struct LossTests {
  private let onNumbers: [(Loss, String, String)] = [
    (.meanSquaredError, "mse", "predictions"), (.binaryCrossEntropy, "binaryCrossEntropy", "logits"),
  ]

  @Test func lossesOnNumbersMatchPyTorch() throws {
    func check<Scalar: BLASScalar & SafetensorsElement>(_ type: Scalar.Type) throws {
      let fixture = try Fixture.open("losses")
      for (loss, name, inputs) in onNumbers {
        let predictions = try fixture.matrix("\(name).\(inputs)", as: type)
        let targets = try fixture.matrix("\(name).targets", as: type)
        let found = evaluate(loss, predictions, targets)
        let tolerance = Tolerance.pyTorch(type)
        let wanted: Matrix<Double> = try fixture.matrix("\(name).loss")
        #expect(maximumRelativeDifference([found.value], wanted.elements) <= tolerance)
        #expect(maximumRelativeDifference(found.gradient, try fixture.matrix("\(name).gradient")) <= tolerance)

        let terms: Matrix<Double> = try fixture.matrix("\(name).unreduced")
        for i in 0..<terms.rows {
          for j in 0..<terms.columns {
            let alone = evaluate(loss, Matrix([[predictions[i, j]]]), Matrix([[targets[i, j]]])).value
            #expect(maximumRelativeDifference([alone], [terms[i, j]]) <= tolerance, "\(name) \(i), \(j)")
          }
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func softmaxCrossEntropyMatchesPyTorch() throws {
    func check<Scalar: BLASScalar & SafetensorsElement>(_ type: Scalar.Type) throws {
      let fixture = try Fixture.open("losses")
      let logits = try fixture.matrix("crossEntropy.logits", as: type)
      let classes = try fixture.tensor("crossEntropy.targets", as: Int32.self).elements
      let found = evaluate(logits, classes: classes)
      let tolerance = Tolerance.pyTorch(type)
      let wanted: Matrix<Double> = try fixture.matrix("crossEntropy.loss")
      #expect(maximumRelativeDifference([found.value], wanted.elements) <= tolerance)
      #expect(maximumRelativeDifference(found.gradient, try fixture.matrix("crossEntropy.gradient")) <= tolerance)

      let terms: Matrix<Double> = try fixture.matrix("crossEntropy.unreduced")
      for (n, target) in classes.enumerated() {
        let alone = evaluate(Matrix([logits.row(n)]), classes: [target]).value
        #expect(maximumRelativeDifference([alone], [terms[n, 0]]) <= tolerance, "row \(n)")
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: [Loss.meanSquaredError, .binaryCrossEntropy])
  func gradientMatchesFiniteDifference(of loss: Loss) {
    var generator = SeededGenerator(seed: 21)
    let predictions = Matrix(rows: 5, columns: 3, (0..<15).map { _ in generator.uniform(in: -3.0..<3.0) })
    let targets = Matrix(rows: 5, columns: 3, (0..<15).map { _ in generator.uniform(in: 0.0..<1.0) })
    let counted = [true, false, true, true, false]
    let wanted = centralDifferences(at: predictions) {
      evaluate(loss, $0, targets, countedRows: counted).value
    }
    let found = evaluate(loss, predictions, targets, countedRows: counted).gradient
    #expect(maximumRelativeDifference(found, wanted) <= Tolerance.finiteDifference)
  }

  @Test func gradientOfSoftmaxCrossEntropyMatchesFiniteDifference() {
    var generator = SeededGenerator(seed: 22)
    let logits = Matrix(rows: 6, columns: 4, (0..<24).map { _ in generator.uniform(in: -3.0..<3.0) })
    let classes: [Int32] = [3, 0, -1, 2, 1, -1]
    let wanted = centralDifferences(at: logits) { evaluate($0, classes: classes).value }
    #expect(
      maximumRelativeDifference(evaluate(logits, classes: classes).gradient, wanted) <= Tolerance.finiteDifference)
  }

  @Test(arguments: [Loss.meanSquaredError, .binaryCrossEntropy])
  func rowsThatDoNotCountChangeNothing(of loss: Loss) {
    let (counting, others) = (Matrix<Double>([[0.5, -2], [1, 3]]), Matrix<Double>([[9, 9], [.infinity, .nan]]))
    let targets = Matrix<Double>([[0, 1], [0.25, 1]])
    let mixed = Matrix([others.row(0), counting.row(0), counting.row(1), others.row(1)])
    let mixedTargets = Matrix([targets.row(0), targets.row(0), targets.row(1), targets.row(1)])
    let alone = evaluate(loss, counting, targets)
    let found = evaluate(loss, mixed, mixedTargets, countedRows: [false, true, true, false])
    #expect(found.value == alone.value)
    #expect(found.gradient == Matrix([[0, 0], alone.gradient.row(0), alone.gradient.row(1), [0, 0]]))
  }

  @Test(arguments: [Loss.meanSquaredError, .meanAbsoluteError, .binaryCrossEntropy])
  func targetsThatAreNoNumbersChangeNothing(of loss: Loss) {
    let alone = evaluate(loss, Matrix<Double>([[0.5, -2, 3]]), Matrix<Double>([[0, 1, 0.25]]))
    let found = evaluate(
      loss, Matrix<Double>([[0.5, 7], [9, -2], [3, 8]]), Matrix<Double>([[0, .nan], [.nan, 1], [0.25, .nan]]))
    #expect(found.value == alone.value)
    let gradient = alone.gradient
    #expect(found.gradient == Matrix([[gradient[0, 0], 0], [0, gradient[0, 1]], [gradient[0, 2], 0]]))
  }

  @Test func withoutTheGradientTheLossIsTheSame() {
    let predictions = Matrix<Float>([[0.5, -2, 1], [1, 3, -4]])
    let targets = Matrix<Float>([[0, 1, 0.5], [0.25, 1, 0]])
    for loss in [Loss.meanSquaredError, .binaryCrossEntropy] {
      let value = predictions.withView { predictions in targets.withView { loss(predictions, .values($0)) } }
      #expect(value == evaluate(loss, predictions, targets).value)
    }
    let value = predictions.withView { predictions in
      [2, 0].withUnsafeBufferPointer { softmaxCrossEntropy(predictions, $0) }
    }
    #expect(value == evaluate(predictions, classes: [2, 0]).value)
  }

  @Test func whereNothingCountsLossAndGradientAreZero() {
    let logits = Matrix<Double>([[1, -1], [2, 5]])
    for loss in [Loss.meanSquaredError, .binaryCrossEntropy] {
      let found = evaluate(loss, logits, logits, countedRows: [false, false])
      #expect(found.value == 0)
      #expect(found.gradient == .zeros(rows: 2, columns: 2))
    }
    let found = evaluate(logits, classes: [-1, -1])
    #expect(found.value == 0)
    #expect(found.gradient == .zeros(rows: 2, columns: 2))

    let nothing = evaluate(.meanSquaredError, Matrix<Float>.zeros(rows: 0, columns: 3), .zeros(rows: 0, columns: 3))
    #expect(nothing.value == 0)
  }

  @Test(arguments: Loss.allCases)
  func aPredictionThatIsNotANumberShows(in loss: Loss) {
    for poisoned in 0..<3 {
      var predictions = Matrix<Float>([[1, 2, 3]])
      predictions[0, poisoned] = .nan
      let value =
        loss == .softmaxCrossEntropy
        ? evaluate(predictions, classes: [1]).value : evaluate(loss, predictions, Matrix([[0, 1, 0]])).value
      #expect(value.isNaN)
    }
  }
}
