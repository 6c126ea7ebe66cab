public import Kernels

/// The mean of −log softmax(x)ₜ over the rows that count; 0 where none does.
///
/// Computed from the logits relative to the largest of their row, so nothing overflows.
///
/// - Parameters:
///   - logits: x, `[N × V]`.
///   - targets: The class t of each row in `0 ..< V`, `[N]`, or −1 where the row does not count.
public func softmaxCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: UnsafeBufferPointer<Int32>
) -> Scalar {
  evaluateSoftmaxCrossEntropy(logits, targets, nil)
}

/// The loss as ``softmaxCrossEntropy(_:_:)``; its gradient (softmax(x) − [class = t]) / rows that count, zero in the
/// others, overwrites `dLogits`, `[N × V]`.
public func softmaxCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: UnsafeBufferPointer<Int32>, gradientInto dLogits: MutableMatrixView<Scalar>
) -> Scalar {
  evaluateSoftmaxCrossEntropy(logits, targets, dLogits)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func evaluateSoftmaxCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: UnsafeBufferPointer<Int32>, _ dLogits: MutableMatrixView<Scalar>?
) -> Scalar {
  checkPredictions(logits, dLogits)
  precondition(targets.count == logits.rows, "\(targets.count) targets for \(logits.rows) rows")
  var count = 0
  for n in 0..<targets.count {
    precondition(
      targets[n] >= -1 && Int(targets[n]) < logits.columns,
      "target \(targets[n]) of row \(n) is neither -1 nor in 0 ..< \(logits.columns)")
    if targets[n] >= 0 { count += 1 }
  }
  var sum = 0.0
  for n in 0..<logits.rows {
    let dLogit = dLogits?.row(n)
    let target = Int(targets[n])
    if target < 0 {
      dLogit?.update(repeating: 0, count: logits.columns)
      continue
    }
    let logit = logits.row(n)
    var top = 0
    for j in 1..<logits.columns where logit[j] > logit[top] { top = j }

    // Σ e^(xⱼ − largest) without the largest's own 1, beside which a small rest would vanish.
    var rest = 0.0
    dLogit?[top] = 1
    for j in 0..<logits.columns where j != top {
      let exponential = Scalar._exp(logit[j] - logit[top])
      rest += Double(exponential)
      dLogit?[j] = exponential
    }
    sum += Double._log(onePlus: rest) + (Double(logit[top]) - Double(logit[target]))

    guard let dLogit else { continue }
    let scale = 1 / ((1 + rest) * Double(count))
    // The target's p − 1 is minus the sum of the others.
    let others = target == top ? rest : 1 + (rest - Double(dLogit[target]))
    for j in 0..<logits.columns { dLogit[j] *= Scalar(scale) }
    dLogit[target] = Scalar(-others * scale)
  }
  return Scalar(sum / Double(max(count, 1)))
}
