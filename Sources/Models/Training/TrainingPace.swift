/// How fast a training run is and how long the rest will take.
struct TrainingPace {
  private let start = ContinuousClock.now
  /// Seconds that the run took before it was stopped and resumed.
  private let secondsBefore: Double
  /// Epochs and parts of one that are done.
  private(set) var epochs: Double
  private var examples = 0.0
  private var secondsPaused = 0.0
  private var pauseStart: ContinuousClock.Instant?

  init(course: TrainingCourse) {
    secondsBefore = course.seconds
    epochs = Double(course.epoch)
  }

  /// Counts `examples` that were trained on, so that `epochsDone` epochs and parts of one are done.
  mutating func add(examples: Double, epochsDone: Double) {
    self.examples += examples
    epochs = epochsDone
  }

  /// Stops the clock of ``examplesPerSecond``.
  mutating func pause() { pauseStart = .now }

  /// Starts it again.
  mutating func resume() {
    if let pauseStart { secondsPaused += (.now - pauseStart).seconds }
    pauseStart = nil
  }

  private var seconds: Double { (.now - start).seconds }
  var totalSeconds: Double { secondsBefore + seconds }
  var examplesPerSecond: Double { examples / max(seconds - secondsPaused, .leastNormalMagnitude) }

  /// Of the whole run: a run that was just resumed, as every one is after a checkpoint, knows nothing yet of its own.
  func secondsLeft(of allEpochs: Int) -> Double {
    epochs > 0 ? max(0, totalSeconds * (Double(allEpochs) - epochs) / epochs) : 0
  }
}

extension Duration {
  /// This duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
