internal import Glibc

/// Maps the numbers of an axis to positions in a picture, and chooses the round numbers that are marked on it.
struct AxisScale {
  let domain: ClosedRange<Double>
  /// The round numbers in the domain, ascending.
  let ticks: [Double]
  /// Whether equal distances are equal ratios.
  let isLogarithmic: Bool
  /// The positions of the ends of the domain; the first may be the larger.
  var places: (first: Double, last: Double) = (0, 1)
  private let labelDecimals: Int

  /// An axis for `values`, of which those that it cannot show are ignored.
  ///
  /// - Parameters:
  ///   - values: The numbers to show, in any order.
  ///   - isLogarithmic: Whether equal distances are equal ratios.
  ///   - tickCount: The number of ticks to aim at.
  ///   - endsAtTicks: Whether the domain is made larger so that its ends are round.
  init(_ values: some Sequence<Double>, isLogarithmic: Bool = false, tickCount: Int = 6, endsAtTicks: Bool = false) {
    self.isLogarithmic = isLogarithmic
    let shown = values.filter { Self.shows($0, isLogarithmic: isLogarithmic) }
    let (least, most) = (shown.min() ?? (isLogarithmic ? 0.1 : 0), shown.max() ?? 1)
    if isLogarithmic {
      (domain, ticks) = Self.logarithmic(least, most, tickCount: tickCount, endsAtTicks: endsAtTicks)
      labelDecimals = 0
    } else {
      // Ticks a single step apart: where the step is rounded to, and no label needs more digits than that.
      let step: Double
      (domain, ticks, step) = Self.linear(
        least, most, tickCount: tickCount, endsAtTicks: endsAtTicks, isWhole: shown.allSatisfy { $0 == $0.rounded() })
      labelDecimals = max(0, -NumberText.exponentOfTen(step))
    }
  }

  /// Whether an axis can show `value`. Numbers near the largest one would overflow.
  static func shows(_ value: Double, isLogarithmic: Bool) -> Bool {
    value.isFinite && abs(value) < 1e300 && (!isLogarithmic || value > 1e-300)
  }

  /// Whether this axis can show `value`.
  func shows(_ value: Double) -> Bool { Self.shows(value, isLogarithmic: isLogarithmic) }

  /// The position of `value`.
  func callAsFunction(_ value: Double) -> Double {
    let part =
      isLogarithmic
      ? (log10(value) - log10(domain.lowerBound)) / (log10(domain.upperBound) - log10(domain.lowerBound))
      : (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
    return places.first + part * (places.last - places.first)
  }

  /// The label of the tick at `value`.
  func label(_ value: Double) -> String {
    let largest = max(abs(domain.lowerBound), abs(domain.upperBound))
    let text: String
    if value == 0 {
      text = "0"
    } else if isLogarithmic ? domain.lowerBound < 1e-4 || largest >= 1e7 : largest >= 1e7 || largest < 1e-3 {
      // All labels of an axis have one format.
      let exponent = NumberText.exponentOfTen(value * (1 + 1e-12))
      let mantissa = NumberText.significant(value / pow(10, Double(exponent)), digits: 4)
      text = value == 1 ? "1" : (mantissa == "1" ? "" : "\(mantissa) × ") + "10" + NumberText.superscript(exponent)
    } else {
      text = isLogarithmic ? NumberText.significant(value) : NumberText.fixed(value, decimals: labelDecimals)
    }
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  /// Numbers that differ by less are shown as one: their steps would have fewer digits than a label.
  private static let leastRange = 1e-300

  private static func linear(
    _ minimum: Double, _ maximum: Double, tickCount: Int, endsAtTicks: Bool, isWhole: Bool
  ) -> (domain: ClosedRange<Double>, ticks: [Double], step: Double) {
    var (low, high) = (minimum, maximum)
    // A single number, or numbers that differ by rounding alone, get a margin on both sides.
    let size = max(abs(low), abs(high))
    if high - low <= max(size * 1e-9, leastRange) {
      let margin = size <= leastRange ? 1 : isWhole ? max(1, size * 0.05) : size * 0.05
      (low, high) = (low - margin, high + margin)
    }
    let step = roundStep(atLeast: (high - low) / Double(max(1, tickCount)), isWhole: isWhole)
    if endsAtTicks { (low, high) = ((low / step).rounded(.down) * step, (high / step).rounded(.up) * step) }
    // Keeps a tick that rounding has moved just outside.
    let slack = 1e-9
    let first = (low / step - slack).rounded(.up)
    let last = (high / step + slack).rounded(.down)
    let count = max(0, Int(last - first) + 1)
    return (low...high, (0..<count).map { (first + Double($0)) * step }, step)
  }

  /// The smallest of 1, 2 and 5 times a power of ten that is no smaller than `step`; of whole numbers if `isWhole`.
  private static func roundStep(atLeast step: Double, isWhole: Bool) -> Double {
    let power = pow(10, Double(NumberText.exponentOfTen(step)))
    let round = [1, 2, 5, 10].first { $0 * power >= step * (1 - 1e-9) } ?? 10
    return isWhole ? max(1, round * power) : round * power
  }

  private static func logarithmic(
    _ minimum: Double, _ maximum: Double, tickCount: Int, endsAtTicks: Bool
  ) -> (domain: ClosedRange<Double>, ticks: [Double]) {
    var (low, high) = (minimum, maximum)
    if high / low < 1.2 { (low, high) = (low / 2, high * 2) }
    // The quotient of the largest and the least number is infinite.
    let decades = log10(high) - log10(low)
    // A power of ten may be a rounding away from what `pow` gives for it.
    let (first, last) = (Int((log10(low) + 1e-9).rounded(.down)), Int((log10(high) - 1e-9).rounded(.up)))
    let factors: [Double] = decades < 1.5 ? [1, 2, 5] : [1]
    let stride = max(1, Int((decades / Double(max(1, tickCount))).rounded(.up)))
    let candidates = (first - stride...last + stride).filter { $0.isMultiple(of: stride) || decades < 1.5 }
      .flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
    if endsAtTicks {
      low = candidates.last { $0 <= low * (1 + 1e-9) } ?? low
      high = candidates.first { $0 >= high * (1 - 1e-9) } ?? high
    }
    return (low...high, candidates.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) })
  }
}
