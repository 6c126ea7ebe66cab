/// The direction in which a recurrence passes over time.
public enum TimeDirection: String, CaseIterable, Codable, Sendable {
  /// From the first step to the last.
  case forward
  /// From each sequence's own last step to its first.
  case backward

  /// From a step to the next that a recurrence takes.
  var increment: Int { self == .forward ? 1 : -1 }

  /// The order in which `steps` steps are visited.
  func order(of steps: Int) -> StrideTo<Int> { order(of: 0..<steps) }

  /// The order in which the steps `steps` are visited.
  func order(of steps: Range<Int>) -> StrideTo<Int> {
    self == .forward
      ? stride(from: steps.lowerBound, to: steps.upperBound, by: 1)
      : stride(from: steps.upperBound - 1, to: steps.lowerBound - 1, by: -1)
  }

  /// The order in which backpropagation through time visits `steps` steps.
  func backpropagationOrder(of steps: Int) -> StrideTo<Int> { backpropagationOrder(of: 0..<steps) }

  /// The order in which backpropagation through time visits the steps `steps`.
  func backpropagationOrder(of steps: Range<Int>) -> StrideTo<Int> { opposite.order(of: steps) }

  /// The other direction.
  var opposite: TimeDirection { self == .forward ? .backward : .forward }
}
