internal import CFusedKernels
internal import Glibc
internal import Synchronization

/// Dedicated threads that run parallel regions: one body on every member of a team, with barriers inside.
///
/// One region runs at a time. A caller that finds the pool busy, or that is itself inside a region, runs its body on
/// its own thread alone, so concurrent callers are safe and never wait for each other. Threads start when first
/// needed, spin briefly between regions and then sleep.
///
/// Unchecked `Sendable`: the workers are touched only by the caller that has `claimed` the pool.
final class ThreadPool: @unchecked Sendable {
  /// That of the process. A child of `fork` has one of its own, because it has none of its parent's threads.
  static var shared: ThreadPool {
    if let pool = current.load(ordering: .acquiring) { return pool.takeUnretainedValue() }
    _ = ForkHandlers.areInstalled
    let new = Unmanaged.passRetained(ThreadPool())
    let (isNew, other) = current.compareExchange(expected: nil, desired: new, ordering: .acquiringAndReleasing)
    guard !isNew, let other else { return new.takeUnretainedValue() }
    new.release()
    return other.takeUnretainedValue()
  }

  /// Begins with a new pool at the next region. The old one stays in memory as it was, because another thread of the parent
  /// may have been changing it.
  static func forgetShared() { current.store(nil, ordering: .releasing) }

  private static let current = Atomic<Unmanaged<ThreadPool>?>(nil)

  private let claimed = Atomic<Bool>(false)
  private var workers: [Worker] = []
  private let barrier = Barrier()

  /// Barriers at which the members of teams have waited so far, each counted once for its team.
  var barrierCount: Int { barrier.count }

  /// Runs `body` on a team of `threads` members, the caller among them, and returns when all are done. The team is
  /// smaller where the pool is busy or the system gives no more threads, so `body` reads the team's count. Denormals are
  /// flushed on every member, and as before when it returns.
  func run(threads: Int, _ body: @Sendable (Team) -> Void) {
    // The conversion allocates, so one thread does without.
    guard threads > 1 else { return flushingDenormals { body(.alone) } }
    withoutActuallyEscaping(body) { run(threads: threads, RegionClosure(body: $0)) }
  }

  /// The same for a body that is a value. Allocates nothing once the threads have started.
  @inline(__always)
  func run<Body: RegionBody>(threads: Int, _ body: Body) {
    guard threads > 1, claim() else { return flushingDenormals { body.run(.alone) } }
    defer { claimed.store(false, ordering: .releasing) }
    while workers.count < threads - 1, let worker = Worker() { workers.append(worker) }
    let count = min(threads, workers.count + 1)
    withUnsafePointer(to: body) {
      let work = RegionWork(body: UnsafeRawPointer($0)) { body, team in
        flushingDenormals { body.assumingMemoryBound(to: Body.self).pointee.run(team) }
      }
      for index in 1..<count {
        workers[index - 1].start(work, as: Team(index: index, count: count, sharedBarrier: barrier))
      }
      work(count == 1 ? .alone : Team(index: 0, count: count, sharedBarrier: barrier))
      for index in 1..<count { workers[index - 1].waitUntilDone() }
    }
  }

  /// Makes the pool the caller's until it is given back, unless it is another's.
  private func claim() -> Bool {
    claimed.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }
}

/// The body of a parallel region: a value with all that the members share.
protocol RegionBody: Sendable {
  /// What each member of the team does.
  func run(_ team: Team)
}

private struct RegionClosure: RegionBody {
  let body: @Sendable (Team) -> Void

  func run(_ team: Team) { body(team) }
}

/// Denormal numbers count as zero inside `body` on this thread: each would take a hundred times longer.
@inline(__always)
private func flushingDenormals(_ body: () -> Void) {
  let mode = CFKFlushDenormals()
  defer { CFKRestoreFloatingPointMode(mode) }
  body()
}

/// What the members of a region do: a function and what it works on, without a reference to count or memory to allocate.
///
/// Unchecked `Sendable`: it must point to a value that threads may share.
private struct RegionWork: @unchecked Sendable {
  let body: UnsafeRawPointer
  let call: (UnsafeRawPointer, Team) -> Void

  func callAsFunction(_ team: Team) { call(body, team) }
}

/// The members of a parallel region, as seen by one of them.
///
/// Every member runs the same body; what it computes is its `share` of the work. What one member wrote, the others may
/// read after the next ``barrier()``.
struct Team: Sendable {
  /// Which member this is, `0 ..< count`.
  let index: Int
  /// Number of members.
  let count: Int
  fileprivate let sharedBarrier: Barrier?

  /// A team of one.
  static let alone = Team(index: 0, count: 1, sharedBarrier: nil)

  /// Waits until every member has reached the barrier.
  func barrier() { sharedBarrier?.wait(for: count) }

  /// This member's part of `count` items, cut at multiples of `unit` so that members do not write one cache line.
  func share(of items: Int, unit: Int = 1) -> Range<Int> {
    guard count > 1 else { return 0..<items }
    let units = (items + unit - 1) / unit
    let lower = min(items, units * index / count * unit)
    return lower..<min(items, units * (index + 1) / count * unit)
  }
}

/// A barrier for the threads of one region at a time. It spins briefly and then yields its core, so that it does not stall
/// where there are more threads than cores.
private final class Barrier: Sendable {
  private let arrived = Atomic<Int>(0)
  private let round = Atomic<Int>(0)

  /// How often all members have arrived.
  var count: Int { round.load(ordering: .relaxed) }

  func wait(for members: Int) {
    let current = round.load(ordering: .relaxed)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == members {
      arrived.store(0, ordering: .relaxed)
      round.store(current + 1, ordering: .releasing)
    } else {
      spin { round.load(ordering: .acquiring) != current }
    }
  }
}

/// Polls before a member that waits yields its core. A poll with its pause is 10 to 40 ns, so this is a few
/// microseconds: longer than a barrier between busy threads takes. Where two members share a core, because others keep the
/// rest of the machine busy, each waits so long at every step: with 2,000 polls `rt` took 6.5 ms instead of 0.6.
private let pollsBeforeYielding = 100

/// Polls before a thread without work sleeps, some 20 to 80 µs: waking it takes as long.
private let pollsBeforeSleeping = 2_000

private func spin(until condition: () -> Bool) {
  var polls = 0
  while !condition() {
    polls += 1
    if polls < pollsBeforeYielding { CFKSpinHint() } else { sched_yield() }
  }
}

/// One dedicated thread.
///
/// Unchecked `Sendable`: `work` is written by the pool's claimant before it raises `ticket` and read by the thread
/// after it sees that.
private final class Worker: @unchecked Sendable {
  private let ticket = Atomic<Int>(0)
  private let finished = Atomic<Int>(0)
  private let sleeping = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var work: (work: RegionWork, team: Team)?

  /// Starts the thread, or gives `nil` where the system refuses one.
  init?() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    // Signals of the host program are not ours to take.
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    var thread = pthread_t()
    let this = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, &attributes, { Unmanaged<Worker>.fromOpaque($0!).takeRetainedValue().loop() }, this.toOpaque())
    guard status == 0 else {
      this.release()
      return nil
    }
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(wake)
    mutex.deallocate()
    wake.deallocate()
  }

  func start(_ work: RegionWork, as team: Team) {
    self.work = (work, team)
    ticket.add(1, ordering: .sequentiallyConsistent)
    if sleeping.load(ordering: .sequentiallyConsistent) {
      pthread_mutex_lock(mutex)
      pthread_cond_signal(wake)
      pthread_mutex_unlock(mutex)
    }
  }

  func waitUntilDone() {
    let current = ticket.load(ordering: .relaxed)
    spin { finished.load(ordering: .acquiring) == current }
  }

  private func loop() -> Never {
    CFKNameThisThread("recurrent")
    var seen = 0
    while true {
      wait(forTicketAfter: seen)
      seen += 1
      if let work { work.work(work.team) }
      work = nil
      finished.store(seen, ordering: .releasing)
    }
  }

  private func wait(forTicketAfter seen: Int) {
    for _ in 0..<pollsBeforeSleeping {
      if ticket.load(ordering: .acquiring) != seen { return }
      CFKSpinHint()
    }
    pthread_mutex_lock(mutex)
    sleeping.store(true, ordering: .sequentiallyConsistent)
    while ticket.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(wake, mutex) }
    sleeping.store(false, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }
}
