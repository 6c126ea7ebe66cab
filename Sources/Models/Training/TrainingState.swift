public import Kernels

/// The state of a training run: all that changes in its course but the parameters themselves, which are the model's.
///
/// With the parameters, the options and the examples it decides the rest of the run to the bit, because the order of the
/// examples and the masks of dropout depend on the seed and on the numbers in ``course`` alone.
public struct TrainingState<Scalar: BLASScalar>: Sendable, Equatable {
  /// The small part, for a text format.
  public var course: TrainingCourse
  /// The optimiser and what it remembers.
  package var optimizer: Optimizer<Scalar>
  /// The parameters that gave the lowest validation loss; `nil` before the first validation.
  package var best: ParameterVector<Scalar>?

  /// The beginning of a run over `count` parameters.
  init(_ options: TrainingOptions, count: Int) {
    course = TrainingCourse(scheduler: LearningRateScheduler(options.schedule))
    optimizer = Optimizer(options.optimizer, count: count)
  }
}

/// The counters and losses of a training run.
public struct TrainingCourse: Hashable, Codable, Sendable {
  /// Epochs finished.
  public internal(set) var epoch = 0
  /// Batches of the current epoch finished.
  public internal(set) var batch = 0
  /// Windows of the current batch finished. Where this is not 0, a tape carries the state that the next one starts from.
  package internal(set) var window = 0
  /// Steps made.
  public internal(set) var steps = 0
  /// The mean loss of the current epoch so far.
  package internal(set) var epochLoss = LossValue(mean: 0, count: 0)
  /// The mean training loss of each epoch finished.
  public internal(set) var losses: [Double] = []
  /// The mean validation loss after each of them.
  public internal(set) var validationLosses: [Double] = []
  /// The place of the lowest in ``validationLosses``.
  public internal(set) var bestEpoch: Int?
  /// The learning rate's schedule under way.
  package internal(set) var scheduler: LearningRateScheduler
  /// What the latest step measured.
  package internal(set) var lastStep = Step(loss: 0, gradientNorm: 0, learningRate: 0)
  /// Time spent.
  public internal(set) var seconds = 0.0

  /// What a step measures.
  package struct Step: Hashable, Codable, Sendable {
    /// The mean loss.
    package let loss: Double
    /// The Euclidean norm of the gradient before it was clipped.
    package let gradientNorm: Double
    /// The learning rate.
    package let learningRate: Double

    private enum CodingKeys: String, CodingKey { case loss, gradientNorm, learningRate }
  }

  private enum CodingKeys: String, CodingKey {
    case epoch, batch, window, steps, epochLoss, losses, validationLosses, bestEpoch, scheduler, lastStep, seconds
  }

  init(scheduler: LearningRateScheduler) { self.scheduler = scheduler }

  /// Epochs since the lowest validation loss.
  var epochsWithoutImprovement: Int { bestEpoch.map { validationLosses.count - 1 - $0 } ?? 0 }

  /// Counts a step on one of the `windows` windows of a batch.
  mutating func finishWindow(of windows: Int) {
    steps += 1
    window += 1
    if window == windows {
      window = 0
      batch += 1
    }
  }

  /// Epochs and the part of one that are done, with `batches` batches in an epoch and `windows` windows in this batch.
  func epochsDone(batches: Int, windows: Int) -> Double {
    Double(epoch) + (Double(batch) + Double(window) / Double(windows)) / Double(batches)
  }

  /// Takes note of the validation loss of the current epoch; returns whether it is the lowest.
  mutating func observe(validationLoss: Double) -> Bool {
    let isBest = bestEpoch.map { validationLoss < validationLosses[$0] } ?? true
    if isBest { bestEpoch = validationLosses.count }
    validationLosses.append(validationLoss)
    return isBest
  }

  /// Goes on to the next epoch. The schedule observes the validation loss, or the training loss where there is none.
  mutating func finishEpoch() {
    scheduler.observe(validationLoss: validationLosses.count > epoch ? validationLosses[epoch] : epochLoss.mean)
    losses.append(epochLoss.mean)
    epochLoss = LossValue(mean: 0, count: 0)
    epoch += 1
    batch = 0
  }
}

// MARK: - From files that are not trusted

extension TrainingCourse {
  /// Reads a course; one that no run can have had is an error.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(scheduler: try values.decode(LearningRateScheduler.self, forKey: .scheduler))
    epoch = try values.decodeCount(forKey: .epoch)
    batch = try values.decodeCount(forKey: .batch)
    window = try values.decodeCount(forKey: .window)
    steps = try values.decodeCount(forKey: .steps)
    epochLoss = try values.decode(LossValue.self, forKey: .epochLoss)
    losses = try values.decodeAll(forKey: .losses, in: .finite)
    validationLosses = try values.decodeAll(forKey: .validationLosses, in: .finite)
    bestEpoch = try values.decodeIfPresent(Int.self, forKey: .bestEpoch)
    lastStep = try values.decode(Step.self, forKey: .lastStep)
    seconds = try values.decode(forKey: .seconds, in: .finiteAndNotNegative)
    try ConfigurationError.require(
      losses.count == epoch, "losses", "\(losses.count) numbers", wanted: "\(epoch), as epoch")
    try ConfigurationError.checkLosses(losses, validation: validationLosses, bestEpoch: bestEpoch, first: 0)
  }
}

extension TrainingCourse.Step {
  /// Reads a step.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    loss = try values.decode(forKey: .loss, in: .finite)
    gradientNorm = try values.decode(forKey: .gradientNorm, in: .finiteAndNotNegative)
    learningRate = try values.decode(forKey: .learningRate, in: .finiteAndNotNegative)
  }
}

extension ConfigurationError {
  /// Throws unless a run can have had these losses: validated after every epoch or never, and then with a best epoch, of
  /// which the first has the number `first`.
  package static func checkLosses(
    _ losses: [Double], validation: [Double], bestEpoch: Int?, first: Int
  ) throws(ConfigurationError) {
    try require(
      validation.isEmpty || validation.count == losses.count, "validationLosses", "\(validation.count) numbers",
      wanted: "none, or \(losses.count), as losses")
    let epochs = first..<first + validation.count
    try require(
      bestEpoch.map(epochs.contains) ?? validation.isEmpty, "bestEpoch", bestEpoch.map { "\($0)" } ?? "none",
      wanted: epochs.isEmpty ? "none without validation" : "\(first) to \(epochs.upperBound - 1)")
  }
}
