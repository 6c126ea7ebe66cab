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
///   - dLogits: Receives the gradient (σ(x) − t) / count, zero in rows that do not count, `[N × F]`; `nil` to skip it.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func binaryCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: MatrixView<Scalar>, countedRows: UnsafeBufferPointer<Bool>? = nil,
  gradientInto dLogits: MutableMatrixView<Scalar>? = nil
) -> Scalar {
  evaluateMean(logits, targets, countedRows, dLogits) { x, t, _ in
    // e^(−|x|), and the probability of the answer that x is against: neither exceeds 1.
    let decay = Scalar._exp(-abs(x))
    let weight = x < 0 ? -t : 1 - t
    let error = x < 0 ? decay * (1 - t) - t : (1 - t) - decay * t
    return (Double(weight * x) + Double(Scalar._log(onePlus: decay)), error / (1 + decay))
  }
}
