/// C = A B by one GEMM. Shapes: `a` [m × k], `b` [k × n], `c` [m × n], which may not overlap `a` or `b`.
///
/// Cost: 2·m·n·k floating-point operations on the calling thread. OpenBLAS's own threads are used as the process has
/// them set; the engine's parallel regions keep them at one (see ``Team/multiply(_:_:into:)``).
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, into c: MutableMatrixView<Scalar>
) {
  gemm(a, b, accumulate: false, c)
}

/// C += A B by one GEMM. Shapes as for ``multiply(_:_:into:)``.
public func multiply<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, addingTo c: MutableMatrixView<Scalar>
) {
  gemm(a, b, accumulate: true, c)
}

private func gemm<Scalar: BLASScalar>(
  _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, accumulate: Bool, _ c: MutableMatrixView<Scalar>
) {
  precondition(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "cannot multiply \(a.rows) × \(a.columns) by \(b.rows) × \(b.columns) into \(c.rows) × \(c.columns)")
  guard c.rows > 0, c.columns > 0 else { return }
  guard a.columns > 0 else {
    if !accumulate { c.fill(0) }
    return
  }
  Scalar._gemm(a, b, accumulate: accumulate, c)
}
