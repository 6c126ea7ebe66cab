internal import CFusedKernels
internal import Glibc
internal import Synchronization

/// Every computation in OpenBLAS goes through here, so that what must be alone with it can wait until it is: a `fork`, whose
/// child would find locks held for ever by threads that it does not have, and a change of kernels.
enum OpenBLASCalls {
  /// Calls under way, in slots that threads share by chance, so that they rarely write one cache line.
  private static let underWay = InlineArray<16, Slot> { _ in Slot() }
  private static let isClosed = Atomic<Bool>(false)
  private static let anyHasBegun = Atomic<Bool>(false)

  private struct Slot: ~Copyable {
    let calls = Atomic<Int>(0)
    // Two cache lines, because processors fetch them in pairs.
    private let padding = InlineArray<15, Int>(repeating: 0)
  }

  /// Whether the process has computed in OpenBLAS through this library.
  static var haveBegun: Bool { anyHasBegun.load(ordering: .acquiring) }

  /// Runs `body`, which calls OpenBLAS; first waits while another thread has it for itself. Not to be nested.
  @inline(__always)
  static func call<Result>(_ body: () -> Result) -> Result {
    // Stacks lie a whole number of pages apart.
    let slot = Int(bitPattern: UInt(pthread_self())) >> 12 & 15
    begin(slot)
    defer { underWay[slot].calls.subtract(1, ordering: .releasing) }
    return body()
  }

  private static func begin(_ slot: Int) {
    _ = ForkHandlers.areInstalled
    if !anyHasBegun.load(ordering: .relaxed) { anyHasBegun.store(true, ordering: .sequentiallyConsistent) }
    while true {
      underWay[slot].calls.add(1, ordering: .sequentiallyConsistent)
      guard isClosed.load(ordering: .sequentiallyConsistent) else { return }
      underWay[slot].calls.subtract(1, ordering: .releasing)
      while isClosed.load(ordering: .acquiring) { sched_yield() }
    }
  }

  /// Waits until no call is under way, and keeps new ones waiting until ``open()``.
  static func close() {
    while !isClosed.compareExchange(expected: false, desired: true, ordering: .sequentiallyConsistent).exchanged {
      sched_yield()
    }
    for slot in underWay.indices {
      while underWay[slot].calls.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
    }
  }

  /// Lets calls begin again.
  static func open() { isClosed.store(false, ordering: .sequentiallyConsistent) }
}
