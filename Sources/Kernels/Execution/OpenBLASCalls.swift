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
    /// The most calls that there were at a time.
    let mostCalls = Atomic<Int>(0)
    // Two cache lines, because processors fetch them in pairs.
    private let padding = InlineArray<14, Int>(repeating: 0)
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
      let calls = underWay[slot].calls.add(1, ordering: .sequentiallyConsistent).newValue
      if calls > underWay[slot].mostCalls.load(ordering: .relaxed) { checkMemory(forCalls: calls, in: slot) }
      guard isClosed.load(ordering: .sequentiallyConsistent) else { return }
      underWay[slot].calls.subtract(1, ordering: .releasing)
      while isClosed.load(ordering: .acquiring) { sched_yield() }
    }
  }

  /// The size of the buffer that OpenBLAS takes for each of the calls that are under way at a time, in bytes; on other
  /// processors it is less.
  private static let bufferSize = 128 << 20

  /// Stops the program where there is no memory for one more of OpenBLAS's buffers: it would try for ever to get it.
  private static func checkMemory(forCalls calls: Int, in slot: Int) {
    underWay[slot].mostCalls.store(calls, ordering: .relaxed)
    let buffer = mmap(nil, bufferSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    require(buffer != MAP_FAILED, "there is no memory for a buffer of OpenBLAS of \(bufferSize) bytes")
    munmap(buffer, bufferSize)
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
