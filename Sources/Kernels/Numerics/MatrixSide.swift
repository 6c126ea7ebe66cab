/// The sides of matrices.
package enum MatrixSide {
  /// The longest one: OpenBLAS counts in 32 bits. The product of two sides, and the sum of two products, fit an `Int`.
  package static let max = Int(Int32.max)
}
