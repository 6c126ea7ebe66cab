internal import Glibc
internal import Kernels

/// How the learning rate changes in the course of training. Steps count optimiser updates, from 0.
public enum LearningRateSchedule: Hashable, Codable, Sendable {
  /// One rate throughout.
  case constant(Double)
  /// Multiplied by `factor` after each `interval` steps.
  case stepDecay(initial: Double, factor: Double, interval: Int)
  /// Rising in a line to `peak` over the first `warmUpSteps` (Goyal et al., 2017), then falling along half a cosine to
  /// `final`, which is reached at `totalSteps` and kept (Loshchilov & Hutter, "SGDR", 2017).
  case cosine(peak: Double, final: Double = 0, warmUpSteps: Int = 0, totalSteps: Int)
  /// Multiplied by `factor`, but never below `minimum`, when the validation loss has not fallen by one part in 10⁴
  /// below its best for more than `patience` observations in a row (PyTorch's ReduceLROnPlateau).
  case reduceOnPlateau(initial: Double, factor: Double = 0.1, patience: Int = 10, minimum: Double = 0)
}

/// A schedule under way: what a training loop asks for the rate of each step and tells of each validation.
///
/// A value that can be saved and resumed.
package struct LearningRateScheduler: Hashable, Codable, Sendable {
  /// What it follows.
  package let schedule: LearningRateSchedule
  /// The lowest validation loss observed, `nil` before the first.
  package private(set) var bestLoss: Double?
  /// Observations since then that did not improve on it, or since the last reduction.
  package private(set) var observationsWithoutImprovement = 0
  /// How often the rate has been reduced on a plateau.
  package private(set) var reductions = 0

  private enum CodingKeys: String, CodingKey { case schedule, bestLoss, observationsWithoutImprovement, reductions }

  /// Reads a schedule under way from a file that is not trusted.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    schedule = try values.decode(LearningRateSchedule.self, forKey: .schedule)
    bestLoss = try values.decodeIfPresent(forKey: .bestLoss, in: .finite)
    observationsWithoutImprovement = try values.decodeCount(forKey: .observationsWithoutImprovement)
    reductions = try values.decodeCount(forKey: .reductions)
    try schedule.check()
  }

  /// The beginning of `schedule`.
  package init(_ schedule: LearningRateSchedule) {
    do { try schedule.check() } catch { fatalError("\(error)") }
    self.schedule = schedule
  }

  /// The learning rate of update number `step`, from 0.
  package func rate(at step: Int) -> Double {
    switch schedule {
    case .constant(let rate):
      return rate
    case .stepDecay(let initial, let factor, let interval):
      return initial * pow(factor, Double(step / interval))
    case .cosine(let peak, let final, let warmUpSteps, let totalSteps):
      if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
      let progress = min(1, Double(step - warmUpSteps) / Double(totalSteps - warmUpSteps))
      return final + (peak - final) * (1 + cos(.pi * progress)) / 2
    case .reduceOnPlateau(let initial, let factor, _, let minimum):
      return max(minimum, initial * pow(factor, Double(reductions)))
    }
  }

  /// Takes note of a validation loss; only ``LearningRateSchedule/reduceOnPlateau(initial:factor:patience:minimum:)``
  /// reacts. NaN counts as no improvement.
  package mutating func observe(validationLoss: Double) {
    guard case .reduceOnPlateau(_, _, let patience, _) = schedule else { return }
    if bestLoss.map({ validationLoss < $0 - abs($0) * Self.improvement }) ?? validationLoss.isFinite {
      bestLoss = validationLoss
      observationsWithoutImprovement = 0
      return
    }
    observationsWithoutImprovement += 1
    if observationsWithoutImprovement > patience {
      reductions += 1
      observationsWithoutImprovement = 0
    }
  }

  /// The part of the best loss by which another must be lower to count as better: PyTorch's default.
  private static let improvement = 1e-4
}

extension LearningRateSchedule {
  /// Throws for the first setting that cannot be.
  func check() throws(ConfigurationError) {
    func checkRate(_ name: String, _ rate: Double) throws(ConfigurationError) {
      try ConfigurationError.require(
        rate >= 0 && rate.isFinite, name, "\(rate)", wanted: "a finite number, not negative")
    }
    switch self {
    case .constant(let rate):
      try checkRate("learning rate", rate)
    case .stepDecay(let initial, let factor, let interval):
      try checkRate("initial learning rate", initial)
      try checkRate("learning rate factor", factor)
      try ConfigurationError.checkPositive(["learning rate interval": interval])
    case .cosine(let peak, let final, let warmUpSteps, let totalSteps):
      try checkRate("peak learning rate", peak)
      try checkRate("final learning rate", final)
      try ConfigurationError.require(warmUpSteps >= 0, "warm-up steps", "\(warmUpSteps)", wanted: "at least 0")
      try ConfigurationError.require(
        totalSteps > warmUpSteps, "total steps", "\(totalSteps)", wanted: "more than the \(warmUpSteps) to warm up")
    case .reduceOnPlateau(let initial, let factor, let patience, let minimum):
      try checkRate("initial learning rate", initial)
      try checkRate("minimum learning rate", minimum)
      try ConfigurationError.require(0..<1 ~= factor, "learning rate factor", "\(factor)", wanted: "0 up to but not 1")
      try ConfigurationError.require(patience >= 0, "patience of the schedule", "\(patience)", wanted: "at least 0")
    }
  }
}
