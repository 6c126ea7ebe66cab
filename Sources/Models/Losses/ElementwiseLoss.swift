public import Kernels

/// A loss of one's own that is the mean of one term for each element. Masked targets do not reach it.
///
///     /// The pinball loss of a forecast of quantiles.
///     struct PinballLoss: ElementwiseLoss {
///       let quantiles: [Double]
///
///       func term(prediction: Double, target: Double, column: Int) -> (loss: Double, slope: Double) {
///         let quantile = quantiles[column % quantiles.count]
///         let error = target - prediction
///         return error >= 0 ? (quantile * error, -quantile) : ((quantile - 1) * error, 1 - quantile)
///       }
///     }
public protocol ElementwiseLoss: LossFunction {
  /// The loss of one element and its derivative for the prediction. `column` is the element's place in the row.
  func term(prediction: Double, target: Double, column: Int) -> (loss: Double, slope: Double)
}

extension ElementwiseLoss {
  /// The mean of ``term(prediction:target:column:)`` over all targets that count. Only for targets that are numbers.
  public func callAsFunction<Scalar: BLASScalar>(
    _ predictions: MatrixView<Scalar>, _ targets: LossTargets<Scalar>,
    gradientInto dPredictions: MutableMatrixView<Scalar>? = nil, execution: Execution = .automatic
  ) -> Scalar {
    guard case .values(let values, let countedRows) = targets else {
      fatalError("a loss of elements cannot be computed from classes")
    }
    return evaluateTerms(predictions, values, countedRows, dPredictions, term)
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func evaluateTerms<Scalar: BLASScalar>(
  _ predictions: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dPredictions: MutableMatrixView<Scalar>?,
  _ term: (_ prediction: Double, _ target: Double, _ column: Int) -> (loss: Double, slope: Double)
) -> Scalar {
  evaluateMean(predictions, targets, countedRows, dPredictions) { prediction, target, column in
    let (loss, slope) = term(Double(prediction), Double(target), column)
    return (loss, Scalar(slope))
  }
}
