/// LAPACK could not finish a decomposition.
public struct LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// The LAPACK routine without its type letter, or the decomposition that takes several.
  public let routine: String
  /// Its `info` result: below zero an illegal argument, above zero no convergence.
  public let info: Int

  /// What went wrong, in a line.
  public var description: String { "LAPACK \(routine) failed with info \(info)" }
}

/// Decompositions run on one thread, so that a seed's orthogonal weights do not depend on the number of cores.
extension Matrix where Element: BLASScalar {
  /// An orthonormal basis of the space that the columns span, by Householder QR, with signs such that the diagonal of
  /// R is positive. That makes Q of a Gaussian matrix uniform over the orthogonal matrices (Mezzadri 2007).
  ///
  /// Needs `rows >= columns`. Costs O(rows · columns²).
  package func orthonormalized() throws(LinearAlgebraError) -> Matrix {
    require(rows >= columns, "\(columns) columns of \(rows) rows cannot be orthonormal")
    var q = self
    var diagonal = [Element](repeating: 0, count: columns)
    let info = q.withUnsafeMutableBufferPointer { q in
      diagonal.withUnsafeMutableBufferPointer { diagonal in
        guard let q = q.baseAddress, let diagonal = diagonal.baseAddress else { return 0 }
        return OpenBLASThreads.withOne { Element._qr(q, rows: rows, columns: columns, diagonal: diagonal) }
      }
    }
    guard info == 0 else { throw LinearAlgebraError(routine: "QR", info: info) }
    for i in 0..<rows {
      for j in 0..<columns where diagonal[j] < 0 { q[i, j] = -q[i, j] }
    }
    return q
  }

  /// The eigenvalues of a square matrix as (real, imaginary) pairs. Costs O(n³).
  package func eigenvalues() throws(LinearAlgebraError) -> [(real: Element, imaginary: Element)] {
    require(rows == columns, "a \(rows) × \(columns) matrix has no eigenvalues")
    guard rows > 0 else { return [] }
    var work = self
    var real = [Element](repeating: 0, count: rows)
    var imaginary = real
    let info = work.withUnsafeMutableBufferPointer { work in
      OpenBLASThreads.withOne {
        Element._eigenvalues(work.baseAddress!, order: rows, real: &real, imaginary: &imaginary)
      }
    }
    guard info == 0 else { throw LinearAlgebraError(routine: "geev", info: info) }
    return Array(zip(real, imaginary)).map { (real: $0, imaginary: $1) }
  }

  /// The largest absolute value among the eigenvalues: the factor by which repeated multiplication grows or shrinks a
  /// vector in the long run.
  package func spectralRadius() throws(LinearAlgebraError) -> Element {
    try eigenvalues().map { ($0.real * $0.real + $0.imaginary * $0.imaginary).squareRoot() }.max() ?? 0
  }
}
