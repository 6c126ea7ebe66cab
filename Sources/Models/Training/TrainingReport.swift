/// What a training run did.
public struct TrainingReport: Hashable, Codable, Sendable {
  /// Why training ended.
  public enum Ending: String, Codable, CaseIterable, Sendable {
    /// All epochs are done.
    case allEpochs
    /// The validation loss has not fallen for as many epochs as patience lasts.
    case outOfPatience
    /// The progress callback said so, or the surrounding task was cancelled.
    case stopped
  }

  /// The mean training loss of each epoch that was finished, measured while the parameters moved.
  public let losses: [Double]
  /// The mean validation loss after each of them; empty without validation.
  public let validationLosses: [Double]
  /// The epoch, from 1, whose parameters the model was left with because no other had as low a validation loss; `nil`
  /// without validation.
  public let bestEpoch: Int?
  /// Steps made.
  public let steps: Int
  /// Time it took.
  public let seconds: Double
  /// Why it ended.
  public let ending: Ending
}
