internal import Kernels

/// x = x ⊙ y.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiplyElements<Scalar: BLASScalar>(_ x: MutableMatrixView<Scalar>, by y: MatrixView<Scalar>) {
  require(x.rows == y.rows && x.columns == y.columns, "multiplying elements of different shapes")
  for i in 0..<x.rows {
    let (target, factors) = (x.row(i), y.row(i))
    for j in 0..<x.columns { target[j] *= factors[j] }
  }
}

/// x = x + y.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addElements<Scalar: BLASScalar>(_ x: MutableMatrixView<Scalar>, _ y: MatrixView<Scalar>) {
  require(x.rows == y.rows && x.columns == y.columns, "adding elements of different shapes")
  for i in 0..<x.rows {
    let (target, terms) = (x.row(i), y.row(i))
    for j in 0..<x.columns { target[j] += terms[j] }
  }
}

/// y = tanh(y), element by element.
func applyTanh<Scalar: BLASScalar>(_ y: MutableMatrixView<Scalar>) {
  for i in 0..<y.rows { Scalar._tanh(UnsafePointer(y.row(i)), y.row(i), y.columns) }
}

/// dx = dx ⊙ (1 − y²), where y is what tanh gave.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiplyByTanhSlope<Scalar: BLASScalar>(_ dx: MutableMatrixView<Scalar>, _ y: MatrixView<Scalar>) {
  require(dx.rows == y.rows && dx.columns == y.columns, "a slope of another shape than its gradient")
  for i in 0..<dx.rows {
    let (target, values) = (dx.row(i), y.row(i))
    for j in 0..<dx.columns { target[j] *= 1 - values[j] * values[j] }
  }
}
