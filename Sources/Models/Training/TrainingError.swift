/// A number in training that is infinite or NaN: what it belongs to and where it appeared first.
///
/// The update that it would have gone into was not made.
public struct TrainingError: Error, Hashable, CustomStringConvertible, Sendable {
  /// What is not finite.
  public enum Quantity: String, CaseIterable, Sendable {
    /// The loss of a step.
    case loss
    /// The gradient of a step whose loss was finite.
    case gradient
    /// The validation loss.
    case validationLoss = "validation loss"
  }

  /// What is not finite.
  public let quantity: Quantity
  /// What it is.
  public let value: Double
  /// The epoch, from 1.
  public let epoch: Int
  /// The batch of this epoch, or of validation, from 1.
  public let batch: Int
  /// The examples in that batch.
  public let examples: [Int]
  /// The parameter, with the name of its layer, whose gradient is the first that is not finite; `nil` if all are.
  public let parameter: String?

  /// All of it in a line.
  public var description: String {
    let shown = examples.prefix(8).map(String.init).joined(separator: ", ") + (examples.count > 8 ? ", …" : "")
    let culprit = parameter.map { ", first in the gradient of \($0)" } ?? ""
    return "epoch \(epoch), batch \(batch): the \(quantity.rawValue) is \(value)\(culprit) (examples \(shown))"
  }
}
