import Testing

@testable import Kernels

@Suite struct LanesTests {
  @Test(arguments: [0..<0, 0..<8, 0..<19, 5..<6, 3..<11, 7..<30])
  func everyElementIsVisitedOnceAndNoneOutside(_ range: Range<Int>) {
    let x = (0..<32).map { Float($0) }
    var y = [Float](repeating: 0, count: 32)
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { x in
        Lanes<Float>.forEach(in: range) {
          $0.store($0.load(y.baseAddress!) + $0.load(x.baseAddress!) + 1, y.baseAddress!)
        }
      }
    }
    #expect(y == (0..<32).map { range.contains($0) ? Float($0 + 1) : 0 })
  }

  @Test func lanesPastTheEndAreZero() {
    let x = [Double](repeating: 7, count: 8)
    x.withUnsafeBufferPointer {
      #expect(Lanes<Double>(start: 5, count: 3).load($0.baseAddress!) == SIMD8(7, 7, 7, 0, 0, 0, 0, 0))
    }
  }
}
