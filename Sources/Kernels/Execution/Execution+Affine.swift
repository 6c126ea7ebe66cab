/// C = A B + 1 bᵀ: a product with a row added to each of its rows, as `execution` asks.
///
/// OpenBLAS clears C before a product that overwrites it, so to begin with the bias instead costs nothing where the
/// members of a region each do it for their part. Shapes: `a` [m × k], `b` [k × n], `bias` [n], `c` [m × n].
package func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, addingToEachRow bias: UnsafePointer<Scalar>,
  into c: MutableMatrixView<Scalar>, _ execution: Execution
) {
  guard execution.path != .naive else {
    begin(c, with: bias)
    return multiply(a, b, addingTo: c, execution)
  }
  let bias = MatrixView(bias, rows: 1, columns: c.columns)
  withRegion(threads: execution.threads(for: a, b)) { team in
    let (rows, columns) = team.share(ofProduct: c)
    let part = c.rows(rows).columns(columns)
    begin(part, with: bias.columns(columns).baseAddress)
    multiply(a.rows(rows), b.columns(columns), addingTo: part)
  }
}

private func begin<Scalar: BLASScalar>(_ c: MutableMatrixView<Scalar>, with bias: UnsafePointer<Scalar>) {
  for n in 0..<c.rows { c.row(n).update(from: bias, count: c.columns) }
}

/// sums[j] += Σₙ x[n, j], n rising: the gradient of a bias. The same bits for any number of threads.
///
/// - Parameters:
///   - x: `[N × O]`, not transposed.
///   - sums: `[O]`.
///   - execution: How many threads.
package func addColumnSums<Scalar: BLASScalar>(
  of x: MatrixView<Scalar>, to sums: UnsafeMutablePointer<Scalar>, _ execution: Execution
) {
  let threads = execution.threads(forStepWork: x.rows * x.columns)
  ThreadPool.shared.run(threads: threads, ColumnSums(x: x, sums: sums))
}

/// Unchecked `Sendable`: the members of a region write sums of their own.
private struct ColumnSums<Scalar: BLASScalar>: RegionBody, @unchecked Sendable {
  let x: MatrixView<Scalar>
  let sums: UnsafeMutablePointer<Scalar>

  func run(_ team: Team) { add(columns: team.share(of: x.columns, unit: Team.cutUnit)) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(columns: Range<Int>) {
    let sums = sums + columns.lowerBound
    for n in 0..<x.rows {
      let row = x.row(n) + columns.lowerBound
      for j in 0..<columns.count { sums[j] += row[j] }
    }
  }
}
