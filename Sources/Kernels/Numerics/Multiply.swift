/// C = A B. Shapes: `a` [m × k], `b` [k × n], `c` [m × n], which may not overlap `a` or `b`.
///
/// Cost: 2·m·n·k floating-point operations on the calling thread. OpenBLAS's own threads are used as the process has
/// them set; the engine's parallel regions keep them at one.
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>
) {
  gemm(a, b, accumulate: false, c)
}

/// C += A B. Shapes as for ``multiply(_:_:into:)``.
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, addingTo c: MutableMatrixView<Scalar>
) {
  gemm(a, b, accumulate: true, c)
}

private func gemm<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, accumulate: Bool, _ c: MutableMatrixView<Scalar>
) {
  require(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "cannot multiply \(a.rows) × \(a.columns) by \(b.rows) × \(b.columns) into \(c.rows) × \(c.columns)")
  guard c.rows > 0, c.columns > 0 else { return }
  guard a.columns > 0 else {
    if !accumulate { c.fill(0) }
    return
  }
  guard c.rows <= ThinProduct.maxRows, !a.isTransposed, !b.isTransposed else {
    return Scalar._gemm(a, b, accumulate: accumulate, c)
  }
  // Plain strides: a lazily mapped one allocates its closure, and this runs at every step.
  for column in stride(from: 0, to: c.columns, by: ThinProduct.block) {
    let columns = column..<min(column + ThinProduct.block, c.columns)
    for start in stride(from: 0, to: a.columns, by: ThinProduct.block) {
      let inner = start..<min(start + ThinProduct.block, a.columns)
      for row in stride(from: 0, to: c.rows, by: ThinProduct.rows) {
        let rows = row..<min(row + ThinProduct.rows, c.rows)
        Scalar._gemm(
          a.rows(rows).columns(inner), b.rows(inner).columns(columns), accumulate: accumulate || inner.lowerBound > 0,
          c.rows(rows).columns(columns))
      }
    }
  }
}

/// How a product of few rows is passed to OpenBLAS: in blocks of at most 32 × 128 × 128.
///
/// OpenBLAS copies both sides of a product into a layout of its own. That pays where each number is used often, but in
/// a step of a recurrence the weights are used once for each of a few rows, and the copy takes longer than the
/// product. Products of at most 10⁶ multiply-adds it computes in place. Measured with OpenBLAS 0.3.21 (SkylakeX
/// kernels, one thread, ceiling 190 GFLOP/s), whole against blocks, in GFLOP/s, at `[m × 256] × [256 × 1024]`:
/// m = 4: 39, 157; m = 8: 61, 159; m = 16: 100, 160; m = 32: 124, 161; m = 64: 148, 161; m = 128: 153, 151.
/// Its kernels for AVX2 have no products in place: m = 8: 42, 41; m = 32: 69, 69; at `[m × 1024] × [1024 × 256]` 47, 41 and
/// 70, 69.
private enum ThinProduct {
  static let maxRows = 96
  static let rows = 32
  static let block = 128
}
