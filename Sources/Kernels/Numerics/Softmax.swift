/// −log softmax(x)ₜ summed over the rows that count, and its gradient.
///
/// Computed from the logits relative to the largest of their row, so nothing overflows; Σ e^(xⱼ − largest) is kept without
/// the largest's own 1, beside which a small rest would vanish. The exponentials are those of the vector loops in `Float`
/// and the C library's in `Double`. Rows are shared among the threads of `execution`; the result has the same bits for any
/// number of them.
///
/// - Parameters:
///   - logits: x, `[N × V]`.
///   - targets: The class t of each row in `0 ..< V`, `[N]`, or −1 where the row does not count.
///   - gradientScale: What the gradient is multiplied with.
///   - dLogits: Receives (softmax(x) − [class = t]) · `gradientScale`, zero in rows that do not count, `[N × V]`; `nil`
///     to skip.
///   - execution: How many threads. Small problems stay on one, as do all on the naive path.
package func sumSoftmaxCrossEntropy<Scalar: BLASScalar>(
  _ logits: MatrixView<Scalar>, _ targets: UnsafeBufferPointer<Int32>, gradientScale: Double,
  gradientInto dLogits: MutableMatrixView<Scalar>?, _ execution: Execution
) -> Double {
  require(targets.count == logits.rows, "\(targets.count) targets for \(logits.rows) rows")
  guard logits.rows > 0 else { return 0 }
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: SoftmaxRows<Scalar>.blocks) { sums in
    let rows = SoftmaxRows(
      logits: logits, targets: targets.baseAddress!, gradientScale: gradientScale, dLogits: dLogits,
      sums: sums.baseAddress!)
    ThreadPool.shared.run(threads: execution.threads(forExponentials: logits.rows * logits.columns), rows)
    var sum = 0.0
    for block in sums { sum += block }
    return sum
  }
}

extension Execution {
  /// Exponentials that each thread must have to be worth being woken for.
  ///
  /// One takes 0.9 ns with what belongs to it (Zen 3, AVX2, rows of 10,000), and a thread that has slept wakes in some 60
  /// µs.
  private static let minimumExponentialsPerThread = 100_000

  fileprivate func threads(forExponentials count: Int) -> Int {
    path == .naive ? 1 : min(threads, max(1, count / Self.minimumExponentialsPerThread))
  }
}

/// The rows of a softmax cross-entropy, cut into blocks whose sums do not depend on who computes them.
///
/// Unchecked `Sendable`: the members of a region read the same rows and write their own.
private struct SoftmaxRows<Scalar: BLASScalar>: RegionBody, @unchecked Sendable {
  static var blocks: Int { 64 }

  let logits: MatrixView<Scalar>
  let targets: UnsafePointer<Int32>
  let gradientScale: Double
  let dLogits: MutableMatrixView<Scalar>?
  /// The loss of each block's rows, `[blocks]`.
  let sums: UnsafeMutablePointer<Double>

  func run(_ team: Team) {
    for block in team.share(of: Self.blocks) {
      var sum = 0.0
      for n in logits.rows * block / Self.blocks..<logits.rows * (block + 1) / Self.blocks { sum += evaluate(row: n) }
      (sums + block).initialize(to: sum)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func evaluate(row n: Int) -> Double {
    let (x, dx, columns) = (logits.row(n), dLogits?.row(n), logits.columns)
    let target = Int(targets[n])
    if target < 0 {
      dx?.update(repeating: 0, count: columns)
      return 0
    }
    let top = Scalar._argmax(x, columns)
    let largest = x[top]
    let (before, behind) = (top, top + 1)
    dx?[top] = 1
    let rest =
      Scalar._exponentials(x, minus: largest, dx, before)
      + Scalar._exponentials(x + behind, minus: largest, dx.map { $0 + behind }, columns - behind)
    if let dx {
      let scale = gradientScale / (1 + rest)
      // The target's p − 1 is minus the sum of the others.
      let others = target == top ? rest : 1 + (rest - Double(dx[target]))
      let factor = Scalar(scale)
      for j in 0..<columns { dx[j] *= factor }
      dx[target] = Scalar(-others * scale)
    }
    return Double._log(onePlus: rest) + (Double(largest) - Double(x[target]))
  }
}

/// Each row becomes e^x / Σ e^x, computed relative to the row's largest.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func softmaxRows<Scalar: BLASScalar>(_ rows: MutableMatrixView<Scalar>) {
  guard rows.columns > 0 else { return }
  for i in 0..<rows.rows {
    let row = rows.row(i)
    var largest = row[0]
    for j in 1..<rows.columns { largest = max(largest, row[j]) }
    var sum: Scalar = 0
    for j in 0..<rows.columns {
      row[j] = Scalar._exp(row[j] - largest)
      sum += row[j]
    }
    for j in 0..<rows.columns { row[j] /= sum }
  }
}
