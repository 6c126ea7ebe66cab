package import Kernels

/// How far apart two correct results may be, and why. All are relative to the largest magnitude of the wanted result
/// (``maximumRelativeDifference(_:_:)``), and positive.
package enum Tolerance {
  /// Between an engine in `Scalar` and PyTorch in `Double` on the same problem: the rounding of `Scalar` through a few
  /// thousand operations of a small network.
  package static func pyTorch<Scalar: BLASScalar>(_ type: Scalar.Type) -> Double {
    Scalar.bitWidth == Float.bitWidth ? 1e-5 : 1e-11
  }

  /// Between a matrix product in `Scalar` over `k` terms of like magnitude and the exact one: each of `k` products and
  /// sums rounds by half an ULP of what is at most the sum of magnitudes, which may be `√k` times the result.
  package static func gemm<Scalar: BLASScalar>(k: Int, _ type: Scalar.Type) -> Double {
    operations(k, type) * Double(max(k, 1)).squareRoot()
  }

  /// Between two ways to compute a number in `count` operations of `Scalar` that do not cancel: an ULP each.
  package static func operations<Scalar: BLASScalar>(_ count: Int, _ type: Scalar.Type) -> Double {
    Double(max(count, 1)) * Double(Scalar.ulpOfOne)
  }

  /// Between a gradient and central differences in `Double` with the step of ``centralDifferences(at:step:of:)``: the
  /// step squared is 1e-10 and the rounding over the step 1e-11, times third derivatives and losses of order 10³.
  package static let finiteDifference = 1e-6

  /// Between a mean over `count` draws of variance 1 and its expectation: five standard deviations.
  package static func mean(ofDraws count: Int) -> Double { 5 / Double(count).squareRoot() }
}

/// The largest |found − wanted| over the largest |wanted|, or over 1e-30 where all wanted are zero. Infinite where
/// shapes differ or a difference is NaN.
package func maximumRelativeDifference<Scalar: BLASScalar>(
  _ found: some Collection<Scalar>, _ wanted: some Collection<Double>
) -> Double {
  guard found.count == wanted.count else { return .infinity }
  let scale = wanted.reduce(1e-30) { max($0, abs($1)) }
  return zip(found, wanted).reduce(0) { worst, pair in
    let difference = abs(Double(pair.0) - pair.1) / scale
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// The largest difference between two matrices, relative to the largest magnitude of the second.
package func maximumRelativeDifference<Scalar: BLASScalar>(_ found: Matrix<Scalar>, _ wanted: Matrix<Double>) -> Double
{
  guard found.rows == wanted.rows, found.columns == wanted.columns else { return .infinity }
  return maximumRelativeDifference(found.elements, wanted.elements)
}
