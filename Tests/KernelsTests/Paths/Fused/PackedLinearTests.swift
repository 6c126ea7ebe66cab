import Kernels
import Models
import TestSupport
import Testing

/// A linear map in the order of the fused path.
@Suite struct PackedLinearTests {
  private func map<Scalar: BLASScalar>(
    _ rows: Int, _ inputs: Int, _ outputs: Int, as _: Scalar.Type
  ) -> (x: Matrix<Scalar>, weight: Matrix<Scalar>, bias: Matrix<Scalar>) {
    var generator = SeededGenerator(seed: 5)
    return (
      .random(rows: rows, columns: inputs, from: &generator), .random(rows: outputs, columns: inputs, from: &generator),
      .random(rows: 1, columns: outputs, from: &generator)
    )
  }

  private func result<Scalar: BLASScalar>(
    _ x: Matrix<Scalar>, _ weight: Matrix<Scalar>, _ bias: Matrix<Scalar>?, threads: Int = 1
  ) -> Matrix<Scalar> {
    let packed = PackedLinear(weight: weight._view, bias: bias?._view)
    var y = Matrix<Scalar>(repeating: .nan, rows: x.rows, columns: weight.rows)
    withViews(mutating: &y, reading: x) { packed($1, into: $0, Execution(path: .fused, threads: threads)) }
    return y
  }

  /// Fewer and more columns than a vector, a group of vectors and several groups.
  @Test(arguments: [(1, 3, 1), (7, 5, 16), (2, 17, 31), (13, 64, 100), (5, 1, 257)])
  func itIsTheProduct(_ rows: Int, _ inputs: Int, _ outputs: Int) {
    expectProduct(rows, inputs, outputs, as: Float.self)
    expectProduct(rows, inputs, outputs, as: Double.self)
  }

  private func expectProduct<Scalar: BLASScalar>(_ rows: Int, _ inputs: Int, _ outputs: Int, as _: Scalar.Type) {
    let (x, weight, bias) = map(rows, inputs, outputs, as: Scalar.self)
    for bias in [bias, nil] {
      var wanted = Matrix<Double>(repeating: 0, rows: rows, columns: outputs)
      for n in 0..<rows {
        for o in 0..<outputs {
          wanted[n, o] = Double(bias?[0, o] ?? 0)
          for i in 0..<inputs { wanted[n, o] += Double(x[n, i]) * Double(weight[o, i]) }
        }
      }
      #expect(
        maximumRelativeDifference(result(x, weight, bias).converted(to: Double.self), wanted)
          < Tolerance.gemm(k: inputs + 1, Scalar.self))
    }
  }

  @Test(arguments: [(64, 1), (64, 3), (3, 512)])
  func aRowHasTheSameBitsInAnyBatchOnAnyThreads(_ rows: Int, _ outputs: Int) {
    let (x, weight, bias) = map(rows, 257, outputs, as: Float.self)
    let alone = (0..<rows).map { result(x.selectingRows([$0]), weight, bias).row(0) }
    for threads in 1...3 {
      #expect(result(x, weight, bias, threads: threads).hasSameBits(as: Matrix(alone)), "\(threads) threads")
    }
  }

  /// Work for more than one thread, in columns and in rows.
  @Test(arguments: [(40, 300), (3000, 2)])
  func packingForOneProductGivesTheSame(_ rows: Int, _ outputs: Int) {
    let (x, weight, bias) = map(rows, 129, outputs, as: Double.self)
    let wanted = result(x, weight, bias)
    var packed = PackedLinear<Double>()
    for threads in 1...3 {
      var y = Matrix<Double>(repeating: .nan, rows: rows, columns: outputs)
      withViews(mutating: &y, reading: x, weight, bias) {
        packed.pack(
          weight: $2, bias: $3, multiplying: $1, into: $0, Execution(path: .fused, threads: threads))
      }
      #expect(y.hasSameBits(as: wanted), "\(threads) threads")
    }
  }

  @Test(.enabled(if: Allocations.areCounted)) func itAllocatesNothing() {
    let (x, weight, bias) = map(3, 17, 40, as: Float.self)
    var (packed, y) = (
      PackedLinear<Float>(weight: weight._view, bias: bias._view), Matrix<Float>.zeros(rows: 3, columns: 40)
    )
    withViews(mutating: &y, reading: x, weight, bias) { y, x, weight, bias in
      let execution = Execution(path: .fused, threads: 1)
      #expect(Allocations.count { packed(x, into: y, execution) } == 0)
      #expect(
        Allocations.count { packed.pack(weight: weight, bias: bias, multiplying: x, into: y, execution) } == 0)
    }
  }
}
