import Glibc
import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct NaiveForecastTests {
  private let values: [Double] = [1, 2, 3, 4, 5, 6, 7]

  @Test func theLastValueStays() {
    #expect(NaiveForecast.lastValue.forecast(after: 4, of: values, horizon: 3) == [5, 5, 5])
  }

  @Test func theSeasonRepeats() {
    #expect(NaiveForecast.seasonal(3).forecast(after: 5, of: values, horizon: 7) == [4, 5, 6, 4, 5, 6, 4])
  }

  @Test func beforeTheFirstSeasonTheForecastIsTheLastValue() {
    #expect(NaiveForecast.seasonal(4).forecast(after: 1, of: values, horizon: 5) == [2, 2, 1, 2, 2])
    #expect(NaiveForecast.seasonal(2).forecast(after: 2, of: [1, .nan, 3], horizon: 2) == [3, 3])
  }
}

@Suite struct SeasonalityTests {
  private func noisy(_ count: Int, noise: Double, _ value: (Double) -> Double) -> [Double] {
    var generator = SeededGenerator(seed: 5)
    return (0..<count).map { value(Double($0)) + noise * (2 * generator.uniform(Double.self) - 1) }
  }

  @Test(arguments: [7, 12, 24])
  func aSeasonIsFoundUnderTrendAndNoise(_ season: Int) {
    let values = noisy(20 * season, noise: 0.5) { 0.05 * $0 + sin(2 * .pi * $0 / Double(season)) }
    #expect(Seasonality.estimate(of: values) == season)
  }

  @Test func theShorterOfTwoSeasonsIsFound() {
    let values = noisy(1400, noise: 0.1) { sin(2 * .pi * $0 / 24) + 0.2 * sin(2 * .pi * $0 / 168) }
    #expect(Seasonality.estimate(of: values) == 24)
  }

  @Test func missingValuesDoNotHideIt() {
    var values = noisy(300, noise: 0.1) { sin(2 * .pi * $0 / 12) }
    for index in stride(from: 0, to: 300, by: 7) { values[index] = .nan }
    #expect(Seasonality.estimate(of: values) == 12)
  }

  @Test func noiseAndLinesHaveNone() {
    #expect(Seasonality.estimate(of: noisy(400, noise: 1) { _ in 0 }) == nil)
    #expect(Seasonality.estimate(of: noisy(400, noise: 0) { 3 * $0 }) == nil)
    #expect(Seasonality.estimate(of: [5, 5, 5, 5, 5, 5]) == nil)
    #expect(Seasonality.estimate(of: []) == nil)
  }
}
