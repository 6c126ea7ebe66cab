import Kernels
import Models
import TestSupport
import Testing

@Suite struct MultiplyTests {
  /// How an operand lies in memory.
  struct Storage: CustomStringConvertible, Sendable {
    var isTransposed: Bool
    /// Columns of a larger matrix around it, on either side.
    var margin: Int

    static let all = [false, true].flatMap { t in [0, 2].map { Storage(isTransposed: t, margin: $0) } }
    var description: String { (isTransposed ? "transposed" : "plain") + (margin > 0 ? " in a wider matrix" : "") }

    /// A matrix in which `matrix` lies this way; NaN around it.
    func around<Scalar: BLASScalar>(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> {
      let (rows, columns) = isTransposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
      var stored = Matrix<Scalar>(repeating: .nan, rows: rows, columns: columns + 2 * margin)
      for i in 0..<rows {
        for j in 0..<columns { stored[i, margin + j] = isTransposed ? matrix[j, i] : matrix[i, j] }
      }
      return stored
    }

    /// The view that sees the matrix again.
    func view<Scalar>(_ stored: MatrixView<Scalar>) -> MatrixView<Scalar> {
      let inside = stored.columns(margin..<stored.columns - margin)
      return isTransposed ? inside.transposed : inside
    }
  }

  /// m, k and n: small ones, one more and one less than the blocks that products of few rows are cut into, and the
  /// number of rows at which they no longer are.
  @Test(arguments: [[3, 11, 5], [1, 2, 1], [1, 9, 4], [33, 129, 127], [2, 257, 129], [96, 7, 3], [97, 7, 3]])
  func theProductIsTheTripleLoopHoweverTheOperandsLie(_ sizes: [Int]) {
    checkProduct(m: sizes[0], k: sizes[1], n: sizes[2], Double.self)
    checkProduct(m: sizes[0], k: sizes[1], n: sizes[2], Float.self)
  }

  private func checkProduct<Scalar: BLASScalar>(m: Int, k: Int, n: Int, _: Scalar.Type) {
    var generator = SeededGenerator(seed: 3)
    let a = Matrix<Scalar>.random(rows: m, columns: k, from: &generator)
    let b = Matrix<Scalar>.random(rows: k, columns: n, from: &generator)
    let before = Matrix<Scalar>.random(rows: m, columns: n, from: &generator)
    var product = Matrix<Double>.zeros(rows: m, columns: n)
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k { product[i, j] += Double(a[i, l]) * Double(b[l, j]) }
      }
    }
    let sum = Matrix(
      rows: m, columns: n, zip(product.elements, before.elements).map { $0 + Double($1) })

    for (storageOfA, storageOfB) in Storage.all.flatMap({ a in Storage.all.map { (a, $0) } }) {
      for margin in [0, 3] {
        let storageOfC = Storage(isTransposed: false, margin: margin)
        for isAdding in [false, true] {
          var c = storageOfC.around(before)
          storageOfA.around(a).withView { a in
            storageOfB.around(b).withView { b in
              c.withMutableView { c in
                let (a, b, c) = (storageOfA.view(a), storageOfB.view(b), c.columns(margin..<margin + n))
                if isAdding { multiply(a, b, addingTo: c) } else { multiply(a, b, into: c) }
              }
            }
          }
          let found = Matrix(c.nestedRows.map { Array($0[margin..<margin + n]) })
          #expect(
            maximumRelativeDifference(found, isAdding ? sum : product) <= Tolerance.gemm(k: k + 1, Scalar.self),
            "\(Scalar.self) \(storageOfA) \(storageOfB), margin \(margin), adding: \(isAdding)")
          let beside = c.nestedRows.flatMap { $0[..<margin] + $0[(margin + n)...] }
          #expect(beside.allSatisfy { $0.isNaN }, "written beside the result")
        }
      }
    }
  }

  @Test func overwritingDoesNotReadWhatWasThere() {
    let (a, b) = (Matrix<Float>([[1, 2]]), Matrix<Float>([[3], [4]]))
    var c = Matrix<Float>([[.nan]])
    a.withView { a in b.withView { b in c.withMutableView { multiply(a, b, into: $0) } } }
    #expect(c == Matrix([[11]]))
  }

  @Test func aProductOverNothingIsZero() {
    let (a, b) = (Matrix<Double>.zeros(rows: 3, columns: 0), Matrix<Double>.zeros(rows: 0, columns: 5))
    let before = Matrix<Double>(repeating: 2, rows: 3, columns: 5)
    var (overwritten, added) = (before, before)
    a.withView { a in
      b.withView { b in
        overwritten.withMutableView { multiply(a, b, into: $0) }
        added.withMutableView { multiply(a, b, addingTo: $0) }
      }
    }
    #expect(overwritten == .zeros(rows: 3, columns: 5))
    #expect(added == before)
  }

  @Test(arguments: [(0, 5), (3, 0), (0, 0)])
  func aProductWithoutElementsWritesNothing(_ m: Int, _ n: Int) {
    var c = Matrix<Double>.zeros(rows: m, columns: n)
    Matrix<Double>.zeros(rows: m, columns: 4).withView { a in
      Matrix<Double>.zeros(rows: 4, columns: n).withView { b in
        c.withMutableView {
          multiply(a, b, into: $0)
          multiply(b.transposed, a.transposed, addingTo: MutableMatrixView($0.baseAddress, rows: n, columns: m))
        }
      }
    }
    #expect(c == .zeros(rows: m, columns: n))
  }

  // MARK: - Mistakes

  /// Rows and columns of A, B and C.
  @Test(arguments: [
    [3, 4, 5, 2, 3, 2], [3, 4, 4, 2, 4, 2], [3, 4, 4, 2, 3, 3], [3, 4, 4, 2, 2, 3], [0, 4, 5, 2, 0, 2],
  ])
  func shapesThatDoNotFitStopTheProgram(_ sizes: [Int]) async {
    await #expect(processExitsWith: .failure) { [sizes] in
      var c = Matrix<Float>.zeros(rows: sizes[4], columns: sizes[5])
      Matrix<Float>.zeros(rows: sizes[0], columns: sizes[1]).withView { a in
        Matrix<Float>.zeros(rows: sizes[2], columns: sizes[3]).withView { b in
          c.withMutableView { multiply(a, b, into: $0) }
        }
      }
    }
  }
}
