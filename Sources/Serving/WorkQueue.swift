internal import Dispatch
internal import Kernels

/// A thread for work that takes long or waits for a disk, off those that the server's tasks share. One after another.
final class WorkQueue: Sendable {
  private let queue: DispatchQueue
  private let maxWaiting: Int
  private let waiting = Guarded(0)

  init(_ name: String, maxWaiting: Int = .max) {
    queue = DispatchQueue(label: name)
    self.maxWaiting = maxWaiting
  }

  /// Calls `body` when its turn comes.
  ///
  /// - Throws: ``ServingError`` where as many wait as may.
  func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async throws(ServingError) -> Result {
    let hasRoom = waiting.withLock { waiting in
      guard waiting < maxWaiting else { return false }
      waiting += 1
      return true
    }
    guard hasRoom else { throw .unavailable("\(maxWaiting) requests wait already") }
    return await withCheckedContinuation { continuation in
      queue.async { [waiting] in
        let result = body()
        waiting.withLock { $0 -= 1 }
        continuation.resume(returning: result)
      }
    }
  }
}
