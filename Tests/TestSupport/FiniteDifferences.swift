package import Kernels

/// The gradient of `function` at `point` by central differences: two evaluations for each element.
package func centralDifferences(
  at point: Matrix<Double>, step: Double = 1e-5, of function: (Matrix<Double>) throws -> Double
) rethrows -> Matrix<Double> {
  var gradient = Matrix<Double>.zeros(rows: point.rows, columns: point.columns)
  var moved = point
  for i in 0..<point.rows {
    for j in 0..<point.columns {
      moved[i, j] = point[i, j] + step
      let above = try function(moved)
      moved[i, j] = point[i, j] - step
      let below = try function(moved)
      moved[i, j] = point[i, j]
      gradient[i, j] = (above - below) / (2 * step)
    }
  }
  return gradient
}
