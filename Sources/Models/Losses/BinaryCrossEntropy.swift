public import Kernels

/// The mean of −t log σ(x) − (1 − t) log(1 − σ(x)) over all elements of the rows that count; 0 where none does.
///
/// Computed from the logits with nothing that overflows or cancels: for x ≥ 0 it is (1 − t) x + log(1 + e⁻ˣ), for
/// x < 0 it is −t x + log(1 + eˣ).
///
/// - Parameters:
///   - logits: x, `[N × F]`.
///   - targets: t, the probability that the answer is yes, in 0 … 1, `[N × F]`.
///   - countedRows: Which rows count, `[N]`; all if `nil`.
public func binaryCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil
) -> Scalar {
  evaluateBinaryCrossEntropy(logits, targets, countedRows, nil)
}

/// The loss as ``binaryCrossEntropy(_:_:countedRows:)``; its gradient (σ(x) − t) / count, zero in rows that do not
/// count, overwrites `dLogits`, `[N × F]`.
public func binaryCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil,
  gradientInto dLogits: MutableMatrixView<Scalar>
) -> Scalar {
  evaluateBinaryCrossEntropy(logits, targets, countedRows, dLogits)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func evaluateBinaryCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, _ countedRows: UnsafeBufferPointer<Bool>?,
  _ dLogits: MutableMatrixView<Scalar>?
) -> Scalar {
  let count = countElements(logits, targets, countedRows, dLogits)
  let gradientScale = 1 / Scalar(max(count, 1))
  var sum = 0.0
  for n in 0..<logits.rows {
    let dLogit = dLogits?.row(n)
    if let countedRows, !countedRows[n] {
      dLogit?.update(repeating: 0, count: logits.columns)
      continue
    }
    let (logit, target) = (logits.row(n), targets.row(n))
    for j in 0..<logits.columns {
      let (x, t) = (logit[j], target[j])
      // e^(−|x|), and the probability of the answer that x is against: neither exceeds 1.
      let decay = Scalar._exp(-abs(x))
      let weight = x < 0 ? -t : 1 - t
      sum += Double(weight * x) + Double(Scalar._log(onePlus: decay))
      let error = x < 0 ? decay * (1 - t) - t : (1 - t) - decay * t
      dLogit?[j] = gradientScale * error / (1 + decay)
    }
  }
  return Scalar(sum / Double(max(count, 1)))
}
