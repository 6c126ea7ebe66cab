internal import Kernels

/// Bytes that the bodies and the answers of all requests together may take.
final class ByteBudget: Sendable {
  /// An answer no larger than that is in no budget: there is one for each connection at a time, and these are limited.
  static let maxSmallAnswer = 32 << 10

  private let left: Guarded<Int>

  init(limit: Int) { left = Guarded(limit) }

  /// Whether `count` bytes were left, which are then taken.
  func take(_ count: Int) -> Bool {
    left.withLock {
      guard $0 >= count else { return false }
      $0 -= count
      return true
    }
  }

  func give(_ count: Int) { left.withLock { $0 += count } }

  /// Bytes that are given back when nobody has the object any more.
  final class Share: Sendable {
    private let budget: ByteBudget
    private let count: Guarded<Int>

    fileprivate init(_ count: Int, of budget: ByteBudget) {
      self.budget = budget
      self.count = Guarded(count)
    }

    deinit { budget.give(count.withLock { $0 }) }

    /// Gives back what is more than `newCount` bytes.
    func shrink(to newCount: Int) {
      let rest = count.withLock { count in
        let rest = max(0, count - newCount)
        count -= rest
        return rest
      }
      budget.give(rest)
    }
  }

  /// Room for an answer of `count` bytes; `nil` where it is so small that it needs none.
  ///
  /// - Throws: ``ServingError`` where other requests and answers have it.
  func share(forAnswerOf count: Int) throws(ServingError) -> Share? {
    guard count > Self.maxSmallAnswer else { return nil }
    guard take(count) else { throw .unavailable("too many requests and answers at a time") }
    return Share(count, of: self)
  }
}
