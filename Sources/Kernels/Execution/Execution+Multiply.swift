/// C = A B as `execution` asks: by textbook loops on the naive path, otherwise by a GEMM on each of its threads.
/// Shapes as for ``multiply(_:_:into:)``.
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>, _ execution: Execution
) {
  switch execution.path {
  case .naive: naiveMultiply(a, b, accumulate: false, c)
  case .blas, .fused: withRegion(threads: execution.threads(for: a, b)) { $0.multiply(a, b, into: c) }
  }
}

/// C += A B as `execution` asks. Shapes as for ``multiply(_:_:into:)``.
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, addingTo c: MutableMatrixView<Scalar>, _ execution: Execution
) {
  switch execution.path {
  case .naive: naiveMultiply(a, b, accumulate: true, c)
  case .blas, .fused: withRegion(threads: execution.threads(for: a, b)) { $0.multiply(a, b, addingTo: c) }
  }
}

extension Execution {
  /// Threads for the product of `a` and `b`.
  func threads<Scalar>(for a: MatrixView<Scalar>, _ b: MatrixView<Scalar>) -> Int {
    Execution(path: path == .naive ? .naive : .blas, threads: threads)
      .threads(forStepWork: 2 * a.rows * a.columns * b.columns)
  }
}

/// The product as the textbook defines it.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func naiveMultiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, accumulate: Bool, _ c: MutableMatrixView<Scalar>
) {
  require(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "cannot multiply \(a.rows) × \(a.columns) by \(b.rows) × \(b.columns) into \(c.rows) × \(c.columns)")
  for i in 0..<c.rows {
    for j in 0..<c.columns {
      var sum: Scalar = accumulate ? c[i, j] : 0
      for k in 0..<a.columns { sum += a[i, k] * b[k, j] }
      c[i, j] = sum
    }
  }
}
