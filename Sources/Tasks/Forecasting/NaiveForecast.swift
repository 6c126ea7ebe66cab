/// Forecasts without learning, the baselines of learned ones (Hyndman & Athanasopoulos,
/// "Forecasting: principles and practice", 3rd edition, 2021, section 5.2).
package enum NaiveForecast: Hashable, Codable, Sendable {
  /// The last value, for every step.
  case lastValue
  /// The value one season before, from the last season before the forecast.
  case seasonal(Int)

  package var name: String {
    switch self {
    case .lastValue: "last value"
    case .seasonal(let season): "seasonal naive (\(season))"
    }
  }

  /// The forecasts for the `horizon` steps after row `row` of `values`; the last value where there is none a season
  /// before.
  package func forecast(after row: Int, of values: [Double], horizon: Int) -> [Double] {
    switch self {
    case .lastValue: return [Double](repeating: values[row], count: horizon)
    case .seasonal(let season):
      return (0..<horizon).map { step in
        let source = row + 1 + step % season - season
        return source >= 0 && !values[source].isNaN ? values[source] : values[row]
      }
    }
  }
}

/// Finds the season of series: the number of steps after which they repeat.
package enum Seasonality {
  /// The limit on the seasons that are considered.
  package static let longest = 1000
  /// The minimum autocorrelation at the season, and the minimum rise above the lowest one before it. Noise and random
  /// walks seldom reach them.
  static let minCorrelation = 0.3

  /// The season of `values`, NaN where missing: the first lag where the autocorrelation, without the linear
  /// trend, has a peak nearly as high as its highest one. `nil` where there is none.
  ///
  /// A season must be seen three times. Costs O(T · lags).
  package static func estimate(of values: [Double]) -> Int? {
    let correlations = autocorrelations(of: values, lags: min(longest, values.count / 3))
    var (lowest, peaks): (Double, [(lag: Int, correlation: Double)]) = (1, [])
    for lag in correlations.indices.dropFirst() {
      let correlation = correlations[lag]
      lowest = min(lowest, correlation)
      let isPeak =
        correlation > correlations[lag - 1]
        && (lag + 1 == correlations.count ? false : correlation >= correlations[lag + 1])
      if isPeak, correlation >= minCorrelation, correlation - lowest >= minCorrelation {
        peaks.append((lag, correlation))
      }
    }
    guard let highest = peaks.map(\.correlation).max() else { return nil }
    return peaks.first { $0.correlation >= 0.9 * highest }?.lag
  }

  /// The autocorrelation at lags 0 … `lags` of `values` without their linear trend, over the pairs of which none is
  /// missing; empty for constant values.
  static func autocorrelations(of values: [Double], lags: Int) -> [Double] {
    let known = values.indices.filter { !values[$0].isNaN }
    guard known.count > 2, lags > 0 else { return [] }
    let meanTime = Double(known.reduce(0, +)) / Double(known.count)
    let mean = known.reduce(0) { $0 + values[$1] } / Double(known.count)
    let (products, squares) = known.reduce((0.0, 0.0)) { sums, t in
      let time = Double(t) - meanTime
      return (sums.0 + time * (values[t] - mean), sums.1 + time * time)
    }
    let slope = squares > 0 ? products / squares : 0
    var rest = [Double](repeating: 0, count: values.count)
    for t in known { rest[t] = values[t] - mean - slope * (Double(t) - meanTime) }
    let variance = rest.reduce(0) { $0 + $1 * $1 } / Double(known.count)
    let isKnown = values.map { !$0.isNaN }
    guard variance > 1e-12 * (mean * mean + 1e-300) else { return [] }
    return rest.withUnsafeBufferPointer { rest in
      isKnown.withUnsafeBufferPointer { isKnown in
        (0...lags).map { lag in
          var (sum, count) = (0.0, 0)
          for t in 0..<rest.count - lag where isKnown[t] && isKnown[t + lag] {
            sum += rest[t] * rest[t + lag]
            count += 1
          }
          // Over the pairs there are: dividing by all, as is usual, would favour short lags.
          return count > 0 ? sum / Double(count) / variance : 0
        }
      }
    }
  }
}
