internal import Kernels

/// Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).
final class MetricsRegistry: Sendable {
  typealias Labels = [String: String]

  /// What a metric is.
  enum Kind: Equatable, Sendable {
    case counter, gauge
    /// With the upper bounds of its buckets, rising; one for everything above is added.
    case histogram([Double])

    fileprivate var name: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  /// One line of a counter or a gauge, or the lines of one histogram.
  final class Series: Sendable {
    private struct Values {
      /// A counter's or a gauge's value, or the sum of a histogram.
      var sum = 0.0
      /// How many fell into each bucket.
      var counts: [Int]
    }

    let kind: Kind
    private let values: Guarded<Values>

    fileprivate init(_ kind: Kind) {
      self.kind = kind
      if case .histogram(let bounds) = kind {
        values = Guarded(Values(counts: Array(repeating: 0, count: bounds.count + 1)))
      } else {
        values = Guarded(Values(counts: []))
      }
    }

    func add(_ value: Double) { values.withLock { $0.sum += value } }

    func set(_ value: Double) { values.withLock { $0.sum = value } }

    /// Adds a value to a histogram.
    func observe(_ value: Double) {
      guard case .histogram(let bounds) = kind else { return }
      let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
      values.withLock {
        $0.sum += value
        $0.counts[bucket] += 1
      }
    }

    fileprivate func write(_ name: String, _ labels: Labels, to text: inout String) {
      let (sum, counts) = values.withLock { ($0.sum, $0.counts) }
      guard case .histogram(let bounds) = kind else {
        text += "\(name)\(labelText(labels)) \(numberText(sum))\n"
        return
      }
      var count = 0
      for (index, bucket) in counts.enumerated() {
        count += bucket
        var labels = labels
        labels["le"] = index < bounds.count ? numberText(bounds[index]) : "+Inf"
        text += "\(name)_bucket\(labelText(labels)) \(count)\n"
      }
      text += "\(name)_sum\(labelText(labels)) \(numberText(sum))\n\(name)_count\(labelText(labels)) \(count)\n"
    }
  }

  private struct Family {
    let kind: Kind
    var series: [Labels: Series] = [:]
  }

  private let families = Guarded<[String: Family]>([:])
  private let help: [String: String]

  /// - Parameter help: What each metric counts, by its name.
  init(help: [String: String] = [:]) { self.help = help }

  /// The series of a metric with these labels, which is made where it is not there. A metric keeps its first kind.
  func series(_ name: String, _ labels: Labels, _ kind: Kind) -> Series {
    families.withLock { families in
      let kind = families[name]?.kind ?? kind
      if let series = families[name]?.series[labels] { return series }
      let series = Series(kind)
      families[name, default: Family(kind: kind)].series[labels] = series
      return series
    }
  }

  /// All of it, sorted.
  var text: String {
    let all = families.withLock { $0 }
    var text = ""
    for (name, family) in all.sorted(by: { $0.key < $1.key }) {
      if let help = help[name] { text += "# HELP \(name) \(help)\n" }
      text += "# TYPE \(name) \(family.kind.name)\n"
      let lines = family.series.sorted { labelText($0.key) < labelText($1.key) }
      for (labels, series) in lines { series.write(name, labels, to: &text) }
    }
    return text
  }
}

private func labelText(_ labels: MetricsRegistry.Labels) -> String {
  guard !labels.isEmpty else { return "" }
  let pairs = labels.sorted { $0.key < $1.key }.map { name, value in
    var escaped = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return "\(name)=\"\(escaped)\""
  }
  return "{\(pairs.joined(separator: ","))}"
}

private func numberText(_ number: Double) -> String {
  if number == number.rounded(), abs(number) < 1e15 { return "\(Int(number))" }
  return number.isNaN ? "NaN" : number.isInfinite ? (number > 0 ? "+Inf" : "-Inf") : "\(number)"
}
