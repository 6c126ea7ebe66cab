public import Kernels

/// A training objective: a mean over what the predictions of a batch are compared with.
///
/// ``Loss`` has the usual ones. One of your own conforms to this, or, where it is a mean of one term for each element, to
/// ``ElementwiseLoss``; ``SequenceModel/minimizing(_:)`` trains a model with it.
public protocol LossFunction: Sendable {
  /// The loss of `predictions`, `[N × F]`.
  ///
  /// - Parameters:
  ///   - predictions: What the head gave.
  ///   - targets: What it should have given; what is masked there must not count.
  ///   - dPredictions: Receives the gradient, `[N × F]`; `nil` to skip it.
  ///   - execution: Path and threads.
  func callAsFunction<Scalar: BLASScalar>(
    _ predictions: MatrixView<Scalar>, _ targets: LossTargets<Scalar>,
    gradientInto dPredictions: MutableMatrixView<Scalar>?, execution: Execution
  ) -> Scalar
}

/// The usual training objectives.
///
/// Each loss is a mean over what exists, accumulated in `Double`: nothing is padded, and what is masked does not count.
/// Where nothing is left, the loss and its gradient are zero. A target that is NaN is masked. Infinite or NaN predictions
/// give an infinite or NaN loss, never an error.
public enum Loss: String, Codable, CaseIterable, LossFunction {
  /// The mean of (prediction − target)² over all elements; see ``meanSquaredError(_:_:countedRows:gradientInto:)``.
  case meanSquaredError
  /// The mean of |prediction − target| over all elements, which a few wild targets pull less; see
  /// ``meanAbsoluteError(_:_:countedRows:gradientInto:)``.
  case meanAbsoluteError
  /// −log of the probability of the right class, the mean over all rows; see
  /// ``softmaxCrossEntropy(_:_:gradientInto:execution:)``.
  case softmaxCrossEntropy
  /// −log of the probability of yes or no, the mean over all elements; see
  /// ``binaryCrossEntropy(_:_:countedRows:gradientInto:)``.
  case binaryCrossEntropy

  /// The loss of `predictions`, `[N × F]`, on as many threads as `execution` has where there is enough to do; its gradient
  /// overwrites `dPredictions`, which has the same shape.
  public func callAsFunction<Scalar: BLASScalar>(
    _ predictions: MatrixView<Scalar>, _ targets: LossTargets<Scalar>,
    gradientInto dPredictions: MutableMatrixView<Scalar>? = nil, execution: Execution = .automatic
  ) -> Scalar {
    switch (self, targets) {
    case (.meanSquaredError, .values(let values, let counted)):
      Models.meanSquaredError(predictions, values, countedRows: counted, gradientInto: dPredictions)
    case (.meanAbsoluteError, .values(let values, let counted)):
      Models.meanAbsoluteError(predictions, values, countedRows: counted, gradientInto: dPredictions)
    case (.binaryCrossEntropy, .values(let values, let counted)):
      Models.binaryCrossEntropy(predictions, values, countedRows: counted, gradientInto: dPredictions)
    case (.softmaxCrossEntropy, .classes(let classes)):
      Models.softmaxCrossEntropy(predictions, classes, gradientInto: dPredictions, execution: execution)
    default:
      fatalError("\(rawValue) cannot be computed from these targets")
    }
  }
}

/// What the predictions of a batch should be, borrowed.
public enum LossTargets<Scalar: BLASScalar> {
  /// A number for each prediction, `[N × F]`, NaN where it does not count, and which of the `N` rows count (all if `nil`).
  case values(MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil)
  /// A class for each row, `[N]`; −1 where the row does not count.
  case classes(UnsafeBufferPointer<Int32>)
}

/// Checks what all losses on numbers require of their arguments; returns the number of elements in the rows that count.
private func countElements<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dPredictions: MutableMatrixView<Scalar>?
) -> Int {
  checkPredictions(predictions, dPredictions)
  require(
    targets.rows == predictions.rows && targets.columns == predictions.columns && !targets.isTransposed,
    "targets of \(targets.rows) × \(targets.columns) for predictions of \(predictions.rows) × \(predictions.columns)")
  guard let countedRows else { return predictions.rows * predictions.columns }
  require(countedRows.count == predictions.rows, "a mask of \(countedRows.count) for \(predictions.rows) rows")
  var rows = 0
  for counts in countedRows where counts { rows += 1 }
  return rows * predictions.columns
}

/// The mean of `term` over all elements of the rows that count whose target is a number, accumulated in `Double`, and its
/// gradient: what all losses on numbers share. `term` gives an element's loss and its slope from prediction, target and
/// column.
@inline(__always)
func evaluateMean<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dPredictions: MutableMatrixView<Scalar>?, of term: (Scalar, Scalar, _ column: Int) -> (loss: Double, slope: Scalar)
) -> Scalar {
  var count = countElements(predictions, targets, countedRows, dPredictions)
  for n in 0..<targets.rows where countedRows?[n] ?? true {
    let target = targets.row(n)
    for j in 0..<targets.columns where target[j].isNaN { count -= 1 }
  }
  let gradientScale = 1 / Scalar(max(count, 1))
  var sum = 0.0
  for n in 0..<predictions.rows {
    let dPrediction = dPredictions?.row(n)
    if let countedRows, !countedRows[n] {
      dPrediction?.update(repeating: 0, count: predictions.columns)
      continue
    }
    let (prediction, target) = (predictions.row(n), targets.row(n))
    for j in 0..<predictions.columns {
      if target[j].isNaN {
        dPrediction?[j] = 0
        continue
      }
      let (loss, slope) = term(prediction[j], target[j], j)
      sum += loss
      dPrediction?[j] = gradientScale * slope
    }
  }
  return Scalar(sum / Double(max(count, 1)))
}

/// Checks what all losses require of their arguments.
func checkPredictions<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ dPredictions: MutableMatrixView<Scalar>?
) {
  require(!predictions.isTransposed, "a loss reads rows, not the rows of a transpose")
  guard let dPredictions else { return }
  require(
    dPredictions.rows == predictions.rows && dPredictions.columns == predictions.columns,
    "a gradient of \(dPredictions.rows) × \(dPredictions.columns) for predictions of \(predictions.rows) × "
      + "\(predictions.columns)")
}
