import Models
import Testing

@testable import Figures

@Suite struct AxisScaleTests {
  /// Ranges of many sizes, about many middles.
  private static func ranges() -> [ClosedRange<Double>] {
    var generator = SeededGenerator(seed: 3)
    return (0..<300).map { _ in
      func number() -> Double {
        let exponent = Double.random(in: -8...8, using: &generator)
        return Double.random(in: -1...1, using: &generator) * (Double("1e\(Int(exponent))") ?? 1)
      }
      let (first, second) = (number(), number())
      return min(first, second)...max(first, second)
    }
  }

  @Test func ticksRiseAndLieInTheDomain() {
    for range in Self.ranges() {
      for endsAtTicks in [false, true] {
        let scale = AxisScale([range.lowerBound, range.upperBound], tickCount: 5, endsAtTicks: endsAtTicks)
        let slack = (scale.domain.upperBound - scale.domain.lowerBound) * 1e-6
        #expect((2...9).contains(scale.ticks.count), "\(range): \(scale.ticks)")
        #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 })
        #expect(scale.ticks.allSatisfy { $0 > scale.domain.lowerBound - slack && $0 < scale.domain.upperBound + slack })
        #expect(scale.domain.lowerBound <= range.lowerBound && scale.domain.upperBound >= range.upperBound)
        #expect(Set(scale.ticks.map(scale.label)).count == scale.ticks.count, "\(scale.ticks.map(scale.label))")
      }
    }
  }

  /// Their differences and quotients leave the range of numbers.
  @Test(arguments: [
    [.leastNonzeroMagnitude], [0, 2 * .leastNonzeroMagnitude], [-.leastNonzeroMagnitude, 0], [1e-200, 1e200],
    [1e-299, 9e299], [-9e299, 9e299], [0.8 * .leastNormalMagnitude, .leastNormalMagnitude],
  ])
  func theLeastAndTheLargestNumbersHaveAxes(_ values: [Double]) {
    for isLogarithmic in [false, true] {
      for endsAtTicks in [false, true] {
        var scale = AxisScale(values, isLogarithmic: isLogarithmic, endsAtTicks: endsAtTicks)
        scale.places = (0, 100)
        #expect((1...20).contains(scale.ticks.count), "\(scale.ticks)")
        #expect(scale.ticks.allSatisfy { $0.isFinite && !scale.label($0).isEmpty && (-1...101).contains(scale($0)) })
        for value in values where scale.shows(value) { #expect((-1...101).contains(scale(value))) }
      }
    }
  }

  @Test func ticksAreRoundNumbers() {
    #expect(AxisScale([0.13, 0.87], tickCount: 4).ticks.map { ($0 * 1e9).rounded() / 1e9 } == [0.2, 0.4, 0.6, 0.8])
    #expect(AxisScale([1, 12], tickCount: 6).ticks == [2, 4, 6, 8, 10, 12])
    #expect(AxisScale([-3, 4], tickCount: 3, endsAtTicks: true).domain == -5...5)
  }

  @Test func wholeNumbersHaveWholeTicks() { #expect(AxisScale([1, 2], tickCount: 8).ticks == [1, 2]) }

  @Test func theEndsOfTheDomainAreTheEndsOfTheAxis() {
    for isLogarithmic in [false, true] {
      var scale = AxisScale([0.002, 7], isLogarithmic: isLogarithmic)
      scale.places = (300, 20)
      #expect(abs(scale(scale.domain.lowerBound) - 300) < 1e-9)
      #expect(abs(scale(scale.domain.upperBound) - 20) < 1e-9)
    }
  }

  @Test func equalRatiosAreEqualDistancesOnALogarithmicAxis() {
    var scale = AxisScale([0.001, 100], isLogarithmic: true)
    scale.places = (0, 10)
    #expect(abs((scale(0.1) - scale(0.01)) - (scale(50) - scale(5))) < 1e-12)
  }

  @Test func aLogarithmicAxisMarksPowersOfTen() {
    let scale = AxisScale([3e-9, 2], isLogarithmic: true, tickCount: 5, endsAtTicks: true)
    #expect(scale.ticks.map(scale.label) == ["10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "1", "10²"])
    #expect(AxisScale([0.3, 4], isLogarithmic: true).ticks.map { ($0 * 1e9).rounded() / 1e9 } == [0.5, 1, 2])
  }

  @Test(arguments: [[], [4.0], [-0.25, -0.25], [1e9, 1e9 + 1e-3], [.nan, .infinity], [-1e308, 1e308]])
  func constantValuesGetAnAxis(values: [Double]) {
    for isLogarithmic in [false, true] {
      let scale = AxisScale(values, isLogarithmic: isLogarithmic, endsAtTicks: true)
      #expect(scale.domain.lowerBound < scale.domain.upperBound)
      #expect(!scale.ticks.isEmpty)
      #expect(scale(scale.ticks[0]).isFinite)
    }
  }

  @Test func aLogarithmicAxisShowsPositiveNumbersAlone() {
    let scale = AxisScale([-1, 0, 0.5, 20], isLogarithmic: true)
    #expect(!scale.shows(0) && !scale.shows(-1) && scale.shows(0.5))
    #expect(scale.domain == 0.5...20)
  }
}
