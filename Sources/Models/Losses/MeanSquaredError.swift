public import Kernels

/// The mean of (p − t)² over all elements of the rows that count; 0 where none does.
///
/// - Parameters:
///   - predictions: p, `[N × F]`.
///   - targets: t, `[N × F]`.
///   - countedRows: Which rows count, `[N]`; all if `nil`.
public func meanSquaredError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil
) -> Scalar {
  evaluateMeanSquaredError(predictions, targets, countedRows, nil)
}

/// The mean of (p − t)² as ``meanSquaredError(_:_:countedRows:)``; its gradient 2 (p − t) / count, zero in rows that do
/// not count, overwrites `dPredictions`, `[N × F]`.
public func meanSquaredError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil,
  gradientInto dPredictions: MutableMatrixView<Scalar>
) -> Scalar {
  evaluateMeanSquaredError(predictions, targets, countedRows, dPredictions)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func evaluateMeanSquaredError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dPredictions: MutableMatrixView<Scalar>?
) -> Scalar {
  let count = countElements(predictions, targets, countedRows, dPredictions)
  let gradientScale = 2 / Scalar(max(count, 1))
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
      sum += Double(error) * Double(error)
      dPrediction?[j] = gradientScale * error
    }
  }
  return Scalar(sum / Double(max(count, 1)))
}
