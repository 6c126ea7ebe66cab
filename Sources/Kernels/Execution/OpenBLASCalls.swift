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
  /// Whether there is memory for one call at a time only, and whether one has it. Changed while no call is under way.
  private static let isOneByOne = Atomic<Bool>(false)
  private static let isTaken = Atomic<Bool>(false)
  /// Buffers that were taken under a limit on memory.
  private static let buffersTaken = Atomic<Int>(0)

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
    defer { end(slot) }
    return body()
  }

  private static func begin(_ slot: Int) {
    _ = ForkHandlers.areInstalled
    if !anyHasBegun.load(ordering: .relaxed) { anyHasBegun.store(true, ordering: .sequentiallyConsistent) }
    while true {
      let calls = underWay[slot].calls.add(1, ordering: .sequentiallyConsistent).newValue
      let hasBuffer = calls <= underWay[slot].mostCalls.load(ordering: .relaxed)
      if hasBuffer, !isClosed.load(ordering: .sequentiallyConsistent) {
        // It begins and ends while no call is under way, so that whoever takes a turn gives it back.
        if isOneByOne.load(ordering: .relaxed) {
          while isTaken.exchange(true, ordering: .acquiring) { sched_yield() }
        }
        return
      }
      underWay[slot].calls.subtract(1, ordering: .releasing)
      if !hasBuffer { reserveBuffers(forCalls: calls, in: slot) }
      while isClosed.load(ordering: .acquiring) { sched_yield() }
    }
  }

  @inline(__always)
  private static func end(_ slot: Int) {
    if isOneByOne.load(ordering: .relaxed) { isTaken.store(false, ordering: .releasing) }
    underWay[slot].calls.subtract(1, ordering: .releasing)
  }

  /// Prepares for `calls` at a time in `slot`. Every call needs a buffer, and one that finds none free takes a new one; where
  /// there is no memory for it OpenBLAS tries for ever. So under a limit on memory all buffers are taken here: where there are
  /// not enough, calls go one by one, and where there is none the program stops.
  private static func reserveBuffers(forCalls calls: Int, in slot: Int) {
    close()
    defer { open() }
    guard calls > underWay[slot].mostCalls.load(ordering: .relaxed) else { return }
    underWay[slot].mostCalls.store(calls, ordering: .relaxed)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != .max,
      !isOneByOne.load(ordering: .relaxed),
      let allocate = dlsym(nil, "blas_memory_alloc"), let free = dlsym(nil, "blas_memory_free")
    else { return }
    typealias Allocate = @convention(c) (CInt) -> UnsafeMutableRawPointer?
    typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void
    let count = underWay.indices.reduce(0) { $0 + underWay[$1].mostCalls.load(ordering: .relaxed) }
    // All at once, so that no two are the same. An earlier call left its own.
    var buffers: [UnsafeMutableRawPointer?] = []
    let countBefore = max(buffersTaken.load(ordering: .relaxed), count > 1 ? 1 : 0)
    while buffers.count < count, buffers.count < countBefore || hasMemoryForABuffer {
      buffers.append(unsafeBitCast(allocate, to: Allocate.self)(0))
    }
    require(!buffers.isEmpty, "there is no memory for a buffer of OpenBLAS of \(bufferSize) bytes")
    buffersTaken.store(buffers.count, ordering: .relaxed)
    isOneByOne.store(buffers.count < count, ordering: .relaxed)
    for buffer in buffers { unsafeBitCast(free, to: Free.self)(buffer) }
  }

  private static var hasMemoryForABuffer: Bool {
    let buffer = mmap(nil, bufferSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    return buffer != MAP_FAILED && munmap(buffer, bufferSize) == 0
  }

  /// The size of such a buffer in bytes, with what an allocation takes beside it; on other processors it is less.
  private static let bufferSize = 129 << 20

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
