public import Kernels

/// The mean of |p − t| over all elements of the rows that count; 0 where none does.
///
/// - Parameters:
///   - predictions: p, `[N × F]`.
///   - targets: t, `[N × F]`.
///   - countedRows: Which rows count, `[N]`; all if `nil`.
public func meanAbsoluteError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil
) -> Scalar {
  evaluateMeanAbsoluteError(predictions, targets, countedRows, nil)
}

/// The mean of |p − t| as ``meanAbsoluteError(_:_:countedRows:)``; its gradient sign(p − t) / count, zero in rows that do
/// not count and where p = t, overwrites `dPredictions`, `[N × F]`.
public func meanAbsoluteError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil,
  gradientInto dPredictions: MutableMatrixView<Scalar>
) -> Scalar {
  evaluateMeanAbsoluteError(predictions, targets, countedRows, dPredictions)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func evaluateMeanAbsoluteError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dPredictions: MutableMatrixView<Scalar>?
) -> Scalar {
  let count = countElements(predictions, targets, countedRows, dPredictions)
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
      let error = prediction[j] - target[j]
      sum += Double(error.magnitude)
      dPrediction?[j] = error > 0 ? gradientScale : error < 0 ? -gradientScale : gradientScale * error
    }
  }
  return Scalar(sum / Double(max(count, 1)))
}
