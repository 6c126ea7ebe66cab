internal import Kernels

/// The errors of forecasts for each step of the horizon, in the target's units.
package struct ForecastErrors: Hashable, Codable, Sendable {
  /// The mean |error| at each step, `[H]`; NaN where nothing was measured.
  package let meanAbsolute: [Double]
  /// The root of the mean squared error at each step, `[H]`.
  package let rootMeanSquare: [Double]
  /// The number of forecasts in each mean, `[H]`.
  package let counts: [Int]

  /// The errors that `sums` holds.
  init(_ sums: ForecastErrorSums) {
    meanAbsolute = zip(sums.absolute, sums.counts).map { $0 / Double($1) }
    rootMeanSquare = zip(sums.squared, sums.counts).map { ($0 / Double($1)).squareRoot() }
    counts = sums.counts
  }

  /// The mean |error| over all steps.
  package var overallMeanAbsolute: Double { mean(meanAbsolute) { $0 } }

  /// The root of the mean squared error over all steps.
  package var overallRootMeanSquare: Double { mean(rootMeanSquare) { $0 * $0 }.squareRoot() }

  private func mean(_ values: [Double], _ function: (Double) -> Double) -> Double {
    let sum = zip(values, counts).reduce(0) { $1.1 == 0 ? $0 : $0 + function($1.0) * Double($1.1) }
    return sum / Double(counts.reduce(0, +))
  }
}

/// Sums of errors for each step of the horizon, to which forecasts are added one by one.
struct ForecastErrorSums {
  private(set) var absolute: [Double]
  private(set) var squared: [Double]
  /// The number of errors in each sum.
  private(set) var counts: [Int]

  init(horizon: Int) {
    absolute = [Double](repeating: 0, count: horizon)
    squared = absolute
    counts = [Int](repeating: 0, count: horizon)
  }

  /// Adds the errors of `forecast` beside `target`, `[H]`, of which a NaN does not count.
  mutating func add(_ forecast: [Double], beside target: [Double]) {
    for step in counts.indices where !target[step].isNaN {
      let error = forecast[step] - target[step]
      absolute[step] += abs(error)
      squared[step] += error * error
      counts[step] += 1
    }
  }
}

/// A prediction interval from past errors: for each step of the horizon the quantiles of truth − forecast on the
/// validation part.
package struct ForecastBand: Hashable, Codable, Sendable {
  /// The share of errors below and above the band.
  package static let tail = 0.05

  /// Offset of the lower edge from the forecast, `[H]`.
  package let low: [Double]
  /// Offset of the upper edge from the forecast, `[H]`.
  package let high: [Double]

  /// The band of `forecasts` beside `targets`, `horizon` steps each; a NaN among the targets does not count. A step
  /// without any error has the band of the step before.
  package init(of forecasts: [[Double]], beside targets: [[Double]], horizon: Int) {
    var (low, high): ([Double], [Double]) = ([], [])
    for step in 0..<horizon {
      let errors = zip(targets, forecasts).map { $0[step] - $1[step] }.filter { !$0.isNaN }.sorted()
      low.append(errors.isEmpty ? low.last ?? 0 : quantile(Self.tail, of: errors))
      high.append(errors.isEmpty ? high.last ?? 0 : quantile(1 - Self.tail, of: errors))
    }
    self.low = low
    self.high = high
  }

  private enum CodingKeys: String, CodingKey { case low, high }

  /// Reads a band from a file that is not trusted.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    low = try values.decodeAll(forKey: .low, in: .finite)
    high = try values.decodeAll(forKey: .high, in: .finite)
  }

  /// How many numbers of `target`, `[H]`, lie in the band around `forecast`, and how many there are; a NaN is none.
  func coverage(of forecast: [Double], beside target: [Double]) -> (inside: Int, count: Int) {
    var (inside, count) = (0, 0)
    for step in low.indices where !target[step].isNaN {
      let error = target[step] - forecast[step]
      inside += low[step] <= error && error <= high[step] ? 1 : 0
      count += 1
    }
    return (inside, count)
  }
}

/// The `probability` quantile of `sorted` numbers, interpolated linearly between neighbours (type 7 of Hyndman & Fan,
/// "Sample quantiles in statistical packages", 1996).
func quantile(_ probability: Double, of sorted: [Double]) -> Double {
  let place = probability * Double(sorted.count - 1)
  let below = Int(place)
  guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
  return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
}
