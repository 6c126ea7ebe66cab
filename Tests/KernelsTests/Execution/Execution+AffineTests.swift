import Models
import TestSupport
import Testing

@testable import Kernels

@Suite struct ExecutionAffineTests {
  private func matrices(_ m: Int, _ k: Int, _ n: Int) -> (a: Matrix<Double>, b: Matrix<Double>, bias: [Double]) {
    var generator = SeededGenerator(seed: 4)
    return (
      .random(rows: m, columns: k, from: &generator), .random(rows: k, columns: n, from: &generator),
      (0..<n).map { Double($0) - 2.5 }
    )
  }

  // The last two are large enough for two threads, cut along either side.
  @Test(arguments: ComputePath.allCases, [(3, 5, 7), (1, 2, 4), (40, 150, 90), (90, 150, 41)])
  func addsTheBiasToEachRowOfTheProduct(_ path: ComputePath, _ size: (m: Int, k: Int, n: Int)) {
    let (a, b, bias) = matrices(size.m, size.k, size.n)
    var wanted = Matrix<Double>.zeros(rows: size.m, columns: size.n)
    for i in 0..<size.m {
      for j in 0..<size.n { wanted[i, j] = (0..<size.k).reduce(bias[j]) { $0 + a[i, $1] * b[$1, j] } }
    }
    func check<Scalar: BLASScalar>(_: Scalar.Type) {
      for threads in [1, 2] {
        var c = Matrix<Scalar>(repeating: .nan, rows: size.m, columns: size.n)
        let (a, b, bias) = (a.converted(to: Scalar.self), b.converted(to: Scalar.self), bias.map { Scalar($0) })
        a.withView { a in
          b.withView { b in
            c.withMutableView {
              multiply(a, b, addingToEachRow: bias, into: $0, Execution(path: path, threads: threads))
            }
          }
        }
        #expect(maximumRelativeDifference(c, wanted) <= Tolerance.gemm(k: size.k, Scalar.self))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: ComputePath.allCases)
  func addsTheSumsOfTheColumnsWithTheSameBitsOnAnyNumberOfThreads(_ path: ComputePath) {
    var generator = SeededGenerator(seed: 5)
    // Enough numbers for two threads on either path.
    let x = Matrix<Float>.random(rows: 301, columns: 1403, from: &generator)
    var wanted = (0..<x.columns).map { Float($0) }
    for n in 0..<x.rows {
      for (j, number) in x.row(n).enumerated() { wanted[j] += number }
    }
    for threads in [1, 2, 3] {
      var sums = (0..<x.columns).map { Float($0) }
      x.withView { x in
        sums.withUnsafeMutableBufferPointer {
          addColumnSums(of: x, to: $0.baseAddress!, Execution(path: path, threads: threads))
        }
      }
      #expect(sums == wanted)
    }
  }
}
