import Testing

@testable import Kernels

@Suite struct RowOperationsTests {
  private let x: [Float] = (0..<20).map { Float($0) - 9.5 }
  private let y: [Float] = (0..<20).map { 3 - Float($0) / 4 }

  /// What `body` writes over the middle of a row of ones.
  private func result(
    _ range: Range<Int>, _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    var z = [Float](repeating: 1, count: 20)
    z.withUnsafeMutableBufferPointer { z in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in body(x.baseAddress!, y.baseAddress!, z.baseAddress!) }
      }
    }
    return z
  }

  @Test(arguments: [0..<20, 3..<14, 5..<5])
  func anOperationWritesItsRangeAlone(_ range: Range<Int>) {
    func wanted(_ f: (Float, Float) -> Float) -> [Float] { (0..<20).map { range.contains($0) ? f(x[$0], y[$0]) : 1 } }
    #expect(result(range) { multiplyElements($0, $1, into: $2, range) } == wanted { $0 * $1 })
    #expect(result(range) { addElements($0, $1, into: $2, range) } == wanted { $0 + $1 })
    #expect(result(range) { x, _, z in copyElements(x, to: z, range) } == wanted { x, _ in x })
    let activated = result(range) { x, _, z in tanh(x, into: z, range) }
    let gates = result(range) { _, _, z in sigmoid(z, range) }
    for i in 0..<20 {
      #expect(abs(activated[i] - (range.contains(i) ? Float._tanh(x[i]) : 1)) <= 4 * Float.ulpOfOne)
      #expect(abs(gates[i] - (range.contains(i) ? 1 / (1 + Float._exp(-1)) : 1)) <= 4 * Float.ulpOfOne)
    }
  }
}
