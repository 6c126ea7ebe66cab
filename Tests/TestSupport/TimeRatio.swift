internal import Foundation

/// Times of two ways to do something, on a machine that others use too.
package struct TimeRatio: Sendable {
  /// The minimum times of the two ways, in seconds.
  package private(set) var best: (subject: Double, reference: Double) = (.infinity, .infinity)

  /// The first over the second.
  package var value: Double { best.subject / best.reference }

  /// Measures both in turn until the ratio is at most `limit`, with several attempts: the minimum of many times is that
  /// of an undisturbed machine.
  package init(
    of subject: () -> Void, to reference: () -> Void, limit: Double, repetitions: Int, attempts: Int = 6
  ) {
    subject()
    reference()
    for _ in 0..<attempts {
      for _ in 0..<repetitions {
        best.subject = min(best.subject, Self.time(subject))
        best.reference = min(best.reference, Self.time(reference))
      }
      if value <= limit { return }
    }
  }

  private static func time(_ body: () -> Void) -> Double {
    let duration = ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  /// Whether tests compare times: where `RECURRENT_TIMED` is 1, as in `Scripts/check-performance.sh`, which runs them
  /// alone, on a quiet machine; and where they depend on the source alone, as allocations do (``Allocations/areCounted``).
  package static let isMeasured =
    ProcessInfo.processInfo.environment["RECURRENT_TIMED"] == "1" && Allocations.areCounted
}
