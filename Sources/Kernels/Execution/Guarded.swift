internal import Glibc

/// A value that several threads share, each alone with it while it uses it.
///
/// On the C library's mutex and not on the standard library's, whose hand-overs ThreadSanitizer does not see: it would
/// report races here in every program that embeds this one.
///
/// Unchecked `Sendable`: the value is touched with the mutex held and in no other way.
package final class Guarded<Value>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var value: Value

  /// The `value` must have a size: one without, such as `()`, lies at the object's own first byte, and ThreadSanitizer
  /// takes its use for a race with whoever reads the object's type there.
  package init(_ value: Value) {
    require(MemoryLayout<Value>.size > 0, "\(Value.self) has no size, so there is nothing to guard")
    self.value = value
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Calls `body` with the value while no other thread has it. Not to be nested.
  package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock()
    defer { unlock() }
    return body(&value)
  }

  /// Keeps other threads out until ``unlock()``, across a `fork`.
  package func lock() { pthread_mutex_lock(mutex) }

  /// Ends what ``lock()`` began, in the parent or in the child.
  package func unlock() { pthread_mutex_unlock(mutex) }
}
