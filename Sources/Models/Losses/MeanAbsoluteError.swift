public import Kernels

/// The mean of |p − t| over all elements of the rows that count; 0 where none does.
///
/// - Parameters:
///   - predictions: p, `[N × F]`.
///   - targets: t, `[N × F]`.
///   - countedRows: Which rows count, `[N]`; all if `nil`.
///   - dPredictions: Receives the gradient sign(p − t) / count, zero in rows that do not count and where p = t, `[N × F]`; `nil` to skip it.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func meanAbsoluteError<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil,
  gradientInto dPredictions: MutableMatrixView<Scalar>? = nil
) -> Scalar {
  evaluateMean(predictions, targets, countedRows, dPredictions) { prediction, target, _ in
    let error = prediction - target
    // Zero and NaN are their own slopes.
    return (Double(error.magnitude), error > 0 ? 1 : error < 0 ? -1 : error)
  }
}
