import Kernels
import Models
import TestSupport
import Testing

@Suite struct ExecutionMultiplyTests {
  /// The last is large enough for five threads.
  @Test(arguments: ComputePath.allCases, [(3, 11, 5), (40, 100, 130)])
  func everyPathGivesTheSameProduct(_ path: ComputePath, _ sizes: (m: Int, k: Int, n: Int)) {
    var generator = SeededGenerator(seed: 3)
    let a = Matrix<Float>.random(rows: sizes.m, columns: sizes.k, from: &generator)
    let b = Matrix<Float>.random(rows: sizes.n, columns: sizes.k, from: &generator)
    let before = Matrix<Float>.random(rows: sizes.m, columns: sizes.n, from: &generator)
    var product = Matrix<Double>.zeros(rows: sizes.m, columns: sizes.n)
    a.converted(to: Double.self).withView { a in
      b.converted(to: Double.self).withView { b in product.withMutableView { multiply(a, b.transposed, into: $0) } }
    }
    let sum = Matrix(rows: sizes.m, columns: sizes.n, zip(product.elements, before.elements).map { $0 + Double($1) })

    for threads in [1, 2, 5] {
      let execution = Execution(path: path, threads: threads)
      var overwritten = Matrix<Float>(repeating: .nan, rows: sizes.m, columns: sizes.n)
      var added = before
      a.withView { a in
        b.withView { b in
          overwritten.withMutableView { multiply(a, b.transposed, into: $0, execution) }
          added.withMutableView { multiply(a, b.transposed, addingTo: $0, execution) }
        }
      }
      let tolerance = Tolerance.gemm(k: sizes.k + 1, Float.self)
      #expect(maximumRelativeDifference(overwritten, product) <= tolerance, "\(threads) threads")
      #expect(maximumRelativeDifference(added, sum) <= tolerance, "\(threads) threads")
    }
  }

  @Test(arguments: ComputePath.allCases)
  func shapesThatDoNotFitStopTheProgram(_ path: ComputePath) async {
    await #expect(processExitsWith: .failure) { [path] in
      var c = Matrix<Float>.zeros(rows: 3, columns: 3)
      Matrix<Float>.zeros(rows: 3, columns: 4).withView { a in
        c.withMutableView { multiply(a, a, into: $0, Execution(path: path, threads: 1)) }
      }
    }
  }
}
