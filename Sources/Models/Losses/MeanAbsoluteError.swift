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
  evaluateMean(predictions, targets, countedRows, dPredictions) { prediction, target in
    let error = prediction - target
    // Zero and NaN are their own slopes.
    return (Double(error.magnitude), error > 0 ? 1 : error < 0 ? -1 : error)
  }
}
