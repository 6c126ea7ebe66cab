/// The progress of a training run: what the callback of a training loop is given after every step, and once more at the end of
/// every epoch, after validation.
public struct TrainingProgress: Hashable, Sendable {
  /// The epoch, from 1.
  public internal(set) var epoch: Int
  /// The most epochs there will be.
  public internal(set) var epochs: Int
  /// Epochs that are done, with the part of the one under way.
  public internal(set) var epochsDone: Double
  /// The batch of this epoch, from 1.
  public internal(set) var batch: Int
  /// Batches of an epoch.
  public internal(set) var batches: Int
  /// Steps made in all epochs. A batch is one step, or several where backpropagation through time is truncated.
  public internal(set) var step: Int
  /// Whether the epoch is over and validated.
  public internal(set) var isEndOfEpoch = false

  /// The mean loss of this step.
  public internal(set) var loss: Double
  /// The mean loss of this epoch so far.
  public internal(set) var epochLoss: Double
  /// The validation loss of the latest epoch that has one.
  public internal(set) var validationLoss: Double?
  /// The Euclidean norm of this step's gradient, before it was clipped.
  public internal(set) var gradientNorm: Double
  /// The learning rate of this step.
  public internal(set) var learningRate: Double

  /// Examples trained on per second, without the time that validation took.
  public internal(set) var examplesPerSecond: Double
  /// Seconds until the last epoch is over, if the rest goes as what has been; early stopping may end it sooner.
  public internal(set) var secondsLeft: Double
}

/// What a progress callback answers.
public enum TrainingDecision: Hashable, Sendable {
  /// Go on.
  case `continue`
  /// Stop now and leave a usable model.
  case stop
}
