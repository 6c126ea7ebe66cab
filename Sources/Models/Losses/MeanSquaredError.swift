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
  evaluateMean(predictions, targets, countedRows, dPredictions) { prediction, target in
    let error = prediction - target
    return (Double(error) * Double(error), 2 * error)
  }
}
