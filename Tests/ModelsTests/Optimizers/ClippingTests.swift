import Kernels
import Models
import TestSupport
import Testing

@Suite struct ClippingTests {
  private func gradient(_ numbers: [Double]) -> ParameterVector<Double> {
    var result = ParameterVector<Double>.zeros(
      ParameterLayout([
        ParameterShape("a", rows: 1, columns: 1, role: .inputBias),
        ParameterShape("b", rows: 2, columns: 1, role: .inputBias),
      ]))
    result["a"] = Matrix([[numbers[0]]])
    result["b"] = Matrix([[numbers[1]], [numbers[2]]])
    return result
  }

  @Test func aLongGradientKeepsItsDirectionAndGetsTheNorm() {
    var clipped = gradient([2, -3, 6])
    #expect(clipped.clip(toGlobalNorm: 1.75) == 7)
    #expect(clipped == gradient([0.5, -0.75, 1.5]))
  }

  @Test func aShortGradientStaysAsItIs() {
    for maximum in [7, 7.5] {
      var kept = gradient([2, -3, 6])
      #expect(kept.clip(toGlobalNorm: maximum) == 7)
      #expect(kept == gradient([2, -3, 6]))
    }
  }

  @Test func anInfiniteGradientIsLeftForTheCallerToSee() {
    var broken = gradient([2, .infinity, 6])
    #expect(broken.clip(toGlobalNorm: 1) == .infinity)
    #expect(broken == gradient([2, .infinity, 6]))
  }

  @Test func aZeroGradientStaysZero() {
    var zero = gradient([0, 0, 0])
    #expect(zero.clip(toGlobalNorm: 1) == 0)
    #expect(zero == gradient([0, 0, 0]))
  }
}
