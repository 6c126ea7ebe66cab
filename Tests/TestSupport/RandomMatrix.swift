internal import Glibc
package import Kernels
package import Models

extension Matrix where Element: BLASScalar {
  /// Numbers of both signs whose magnitude is uniform in `magnitudes`: none is zero, so none can hide a mistake.
  /// `Float` gets the rounded numbers of `Double`.
  package static func random(
    rows: Int, columns: Int, magnitudes: Range<Double> = 0.1..<1, from generator: inout SeededGenerator
  ) -> Matrix {
    Matrix(
      rows: rows, columns: columns,
      (0..<rows * columns).map { _ in
        let sign: Double = generator.uniform(below: 2) == 0 ? -1 : 1
        return Element(sign * generator.uniform(in: magnitudes))
      })
  }

  /// The same numbers, each rounded to `Other`.
  package func converted<Other: BLASScalar>(to _: Other.Type) -> Matrix<Other> {
    Matrix<Other>(rows: rows, columns: columns, elements.map { Other($0) })
  }

  /// Whether both are the same to the bit: unlike with `==`, -0 differs from 0, and a NaN equals the same NaN.
  package func hasSameBits(as other: Matrix) -> Bool {
    rows == other.rows && columns == other.columns
      && withUnsafeBufferPointer { a in
        other.withUnsafeBufferPointer { b in
          count == 0 || memcmp(a.baseAddress!, b.baseAddress!, count * MemoryLayout<Element>.stride) == 0
        }
      }
  }

  /// The rows at `indices`, in that order.
  package func selectingRows(_ indices: [Int]) -> Matrix {
    Matrix(rows: indices.count, columns: columns, indices.flatMap { row($0) })
  }
}
