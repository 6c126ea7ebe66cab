#if Tools
import Foundation
import Models

/// The progress of a training, as text.
struct ProgressLine: CustomStringConvertible {
  private let stage: String
  private let progress: TrainingProgress

  /// Columns of the bar, without its ends.
  private static let barColumns = 20

  init(_ stage: String, _ progress: TrainingProgress) {
    self.stage = stage
    self.progress = progress
  }

  /// A plain line, for logs.
  var description: String {
    let place = "\(stage), epoch \(progress.epoch) of \(progress.epochs), step \(progress.step)"
    return "\(place): " + [loss, validation, speed, timeLeft].compactMap(\.self).joined(separator: ", ")
  }

  /// A line of at most `columns` columns with a bar, without the parts that do not fit.
  func drawn(columns: Int) -> String {
    // In the order of the line; the higher the rank, the sooner a part is left out.
    let parts: [(text: String?, rank: Int)] = [
      ("\(stage)  epoch \(progress.epoch)/\(progress.epochs)", 0), (bar, 3), ("step \(progress.step)", 6), (loss, 1),
      (validation, 2), (speed, 5), (timeLeft, 4),
    ]
    for most in stride(from: 6, through: 0, by: -1) {
      let line = parts.filter { $0.rank <= most }.compactMap(\.text).joined(separator: "  ")
      if line.count <= columns { return line }
    }
    return String((parts[0].text ?? "").prefix(max(columns, 0)))
  }

  private var bar: String {
    let filled = Int(Double(Self.barColumns) * min(max(progress.epochsDone / Double(progress.epochs), 0), 1))
    let head = filled < Self.barColumns ? ">" : ""
    let rest = Self.barColumns - filled - head.count
    return "[" + String(repeating: "=", count: filled) + head + String(repeating: " ", count: rest) + "]"
  }

  private var loss: String {
    "loss " + significant(progress.isEndOfEpoch ? progress.epochLoss : progress.loss)
  }
  private var validation: String? { progress.validationLoss.map { "validation \(significant($0))" } }
  private var speed: String { significant(progress.examplesPerSecond, digits: 3) + " examples/s" }
  private var timeLeft: String { duration(progress.secondsLeft) + " left" }
}

/// `value` to `digits` significant digits.
func significant(_ value: Double, digits: Int = 4) -> String {
  // Also for the negative zero.
  guard value != 0 else { return "0" }
  guard value.isFinite else { return String(format: "%g", value) }
  let exponent = Int(log10(abs(value)).rounded(.down))
  guard (-4..<7).contains(exponent) else { return String(format: "%.\(digits - 1)e", value) }
  return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
}

/// A time as text: `45 s`, `3:07 min`, `1:02:03 h`.
func duration(_ seconds: Double) -> String {
  guard !seconds.isNaN else { return "? s" }
  let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  if hours > 0 { return String(format: "%d:%02d:%02d h", hours, minutes, rest) }
  return minutes > 0 ? String(format: "%d:%02d min", minutes, rest) : "\(rest) s"
}
#endif
