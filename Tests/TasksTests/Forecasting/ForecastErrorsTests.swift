import Testing

@testable import Tasks

@Suite struct ForecastErrorsTests {
  private let forecasts: [[Double]] = [[1, 2], [3, 4], [5, 6]]
  private let truths: [[Double]] = [[2, 2], [.nan, 1], [9, 6]]

  @Test func errorsAreMeansOverWhatIsThere() {
    var sums = ForecastErrorSums(horizon: 2)
    for (forecast, truth) in zip(forecasts, truths) { sums.add(forecast, beside: truth) }
    let errors = ForecastErrors(sums)
    #expect(errors.counts == [2, 3])
    #expect(errors.meanAbsolute == [2.5, 1])
    #expect(errors.rootMeanSquare == [(8.5).squareRoot(), (3.0).squareRoot()])
    #expect(errors.overallMeanAbsolute == 8.0 / 5)
    #expect(abs(errors.overallRootMeanSquare - (26.0 / 5).squareRoot()) < 1e-15)
  }

  @Test func aStepWithoutTruthsDoesNotCount() {
    var sums = ForecastErrorSums(horizon: 2)
    sums.add([1, 2], beside: [3, .nan])
    let errors = ForecastErrors(sums)
    #expect(errors.meanAbsolute[1].isNaN)
    #expect(errors.overallMeanAbsolute == 2)
  }

  @Test func quantilesInterpolate() {
    #expect(quantile(0.5, of: [1, 2, 4]) == 2)
    #expect(quantile(0.25, of: [1, 2, 4]) == 1.5)
    #expect(quantile(1, of: [1, 2, 4]) == 4)
    #expect(quantile(0.3, of: [7]) == 7)
  }

  @Test func theBandHoldsNineTenthsOfTheErrors() {
    let forecasts = (0...100).map { _ in [0.0, 0] }
    let truths = (0...100).map { [Double($0), .nan] }
    let band = ForecastBand(of: forecasts, beside: truths, horizon: 2)
    #expect(band.low == [5, 5] && band.high == [95, 95])
    let found = zip(forecasts, truths).map { band.coverage(of: $0, beside: $1) }
    #expect(found.reduce(0) { $0 + $1.inside } == 91 && found.reduce(0) { $0 + $1.count } == 101)
  }
}
