internal import Glibc
internal import Kernels

/// The steps that wait, and the thread that takes them.
///
/// Unchecked `Sendable`: what changes is touched with the mutex held, and what a batch works in by the thread alone.
final class StepQueue<Scalar: BLASScalar>: @unchecked Sendable {
  typealias Answer = CheckedContinuation<[Scalar], any Error>

  private struct Request {
    let ticket: Ticket
    let stream: ScheduledStream<Scalar>
    let input: StepInput<Scalar>
    /// On the monotonic clock, in nanoseconds.
    let since: UInt64
    let deadline: UInt64?
    let answer: Answer

    func refuse(_ error: any Error) {
      stream.endStep(nil)
      answer.resume(throwing: error)
    }
  }

  /// Which request it is, and whether its task was cancelled.
  ///
  /// Unchecked `Sendable`: touched with the queue's mutex held.
  private final class Ticket: @unchecked Sendable {
    var isCancelled = false
    /// How many requests came before it while it waits; `nil` otherwise.
    var place: Int?
  }

  let model: PreparedModel<Scalar>
  private let options: StepScheduler<Scalar>.Options
  private let maxWait: UInt64

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// In the order in which they came; those before `first` are gone.
  private var requests: [Request?] = []
  private var first = 0
  /// Requests that were there before those in `requests`.
  private var dropped = 0
  private var waiting = 0
  private var stopping = false
  private var hasEnded = false
  private var whenEnded: [CheckedContinuation<Void, Never>] = []

  init(_ model: PreparedModel<Scalar>, _ options: StepScheduler<Scalar>.Options) {
    self.model = model
    self.options = options
    maxWait = nanoseconds(options.maxWait)
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  // MARK: - For those who ask

  /// Steps that wait.
  var count: Int { locked { waiting } }

  var isStopping: Bool { locked { stopping } }

  /// Waits until the session of `stream` has stepped.
  func step(
    _ stream: ScheduledStream<Scalar>, _ input: StepInput<Scalar>, before deadline: ContinuousClock.Instant?
  ) async throws -> [Scalar] {
    let now = monotonicNanoseconds()
    let limit = deadline.map { now &+ nanoseconds(ContinuousClock.now.duration(to: $0)) }
    let ticket = Ticket()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { answer in
        add(
          Request(ticket: ticket, stream: stream, input: input, since: now, deadline: limit, answer: answer))
      }
    } onCancel: {
      cancel(ticket)
    }
  }

  private func add(_ request: Request) {
    let refusal: (any Error)? = locked {
      if request.ticket.isCancelled { return CancellationError() }
      if stopping { return SchedulerError.shutDown }
      if waiting >= options.maxQueued { return SchedulerError.overloaded(limit: options.maxQueued) }
      request.ticket.place = dropped + requests.count
      requests.append(request)
      waiting += 1
      // The thread sleeps only where none waits, or until a batch is full.
      if waiting == 1 || waiting == options.maxBatch || request.deadline != nil { pthread_cond_signal(changed) }
      return nil
    }
    if let refusal { request.refuse(refusal) }
  }

  private func cancel(_ ticket: Ticket) {
    let request: Request? = locked {
      ticket.isCancelled = true
      // Otherwise it is yet to come, runs, or has been answered.
      guard let place = ticket.place else { return nil }
      waiting -= 1
      let request = requests[place - dropped].take()
      forgetCancelled()
      return request
    }
    request?.refuse(CancellationError())
  }

  // MARK: - The thread

  func start() -> Bool {
    // Signals of the host program are not ours to take.
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    var thread = pthread_t()
    let this = Unmanaged.passRetained(ThreadBody { self.takeSteps() })
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, this.toOpaque())
    guard status == 0 else {
      this.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  func stop() {
    locked {
      stopping = true
      pthread_cond_signal(changed)
    }
  }

  func shutDown() async {
    stop()
    await withCheckedContinuation { continuation in
      let isOver = locked {
        if !hasEnded { whenEnded.append(continuation) }
        return hasEnded
      }
      if isOver { continuation.resume() }
    }
  }

  private func takeSteps() {
    let workspace = model.workspace()
    var batch = Batch()
    while takeBatch(&batch) { run(&batch, workspace) }
    let waiting = locked {
      hasEnded = true
      return whenEnded
    }
    for continuation in waiting { continuation.resume() }
  }

  /// What is computed together, in memory that is kept.
  private struct Batch {
    var requests: [Request] = []
    var sessions: [Session<Scalar>] = []
    var indices: [Int] = []
    var features: [Scalar] = []
    var tokens: [Int32] = []
    var outputs: [Scalar] = []
  }

  /// Waits for steps and takes them out of the queue; `false` at the end of all.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func takeBatch(_ batch: inout Batch) -> Bool {
    while true {
      var late: [Request] = []
      let goesOn = locked {
        while waiting == 0 {
          if stopping { return false }
          pthread_cond_wait(changed, mutex)
        }
        while waiting > 0, waiting < options.maxBatch, !stopping {
          let limit = timeToBegin()
          guard limit > monotonicNanoseconds() else { break }
          var time = timespec(tv_sec: Int(limit / 1_000_000_000), tv_nsec: Int(limit % 1_000_000_000))
          pthread_cond_timedwait(changed, mutex, &time)
        }
        let now = monotonicNanoseconds()
        while batch.requests.count < options.maxBatch, first < requests.count {
          defer { first += 1 }
          guard let request = requests[first].take() else { continue }
          request.ticket.place = nil
          waiting -= 1
          if let deadline = request.deadline, deadline < now {
            late.append(request)
          } else {
            batch.requests.append(request)
          }
        }
        forget()
        return true
      }
      for request in late { request.refuse(SchedulerError.deadlineExceeded) }
      if !goesOn { return false }
      if !batch.requests.isEmpty { return true }
    }
  }

  /// When the batch begins that the first request is part of: when it has waited long enough, or before a deadline.
  private func timeToBegin() -> UInt64 {
    var limit = UInt64.max
    for case let request? in requests[first...] {
      limit = min(limit, request.since &+ maxWait)
      if let deadline = request.deadline { limit = min(limit, deadline &- min(deadline, Self.margin)) }
    }
    return limit
  }

  /// How long before a deadline a step begins, so that it is not missed by the time of waking.
  private static var margin: UInt64 { 200_000 }

  /// Drops what is gone from the front.
  private func forget() {
    guard first == requests.count || first > 4096 else { return }
    dropped += first
    requests.removeFirst(first)
    first = 0
  }

  /// Drops the places of those that were cancelled, once they are most.
  private func forgetCancelled() {
    guard requests.count - first > 2 * waiting + 64 else { return }
    dropped += first
    requests = requests[first...].filter { $0 != nil }
    first = 0
    for (index, request) in requests.enumerated() { request?.ticket.place = dropped + index }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func run(_ batch: inout Batch, _ workspace: StepWorkspace<Scalar>) {
    let began = monotonicNanoseconds()
    for request in batch.requests {
      batch.indices.append(batch.sessions.count)
      batch.sessions.append(request.stream.beginStep())
      switch request.input {
      case .features(let features): batch.features += features
      case .token(let token): batch.tokens.append(token)
      }
    }
    let size = model.outputSize
    batch.outputs.append(contentsOf: repeatElement(0, count: batch.requests.count * size))
    do { try step(&batch.sessions, batch.features, batch.tokens, batch.indices, workspace, into: &batch.outputs) } catch
    {
      // All of it was checked when it came.
      for (request, session) in zip(batch.requests, batch.sessions) {
        request.stream.endStep(session)
        request.answer.resume(throwing: error)
      }
      batch = Batch()
      return
    }
    let ended = monotonicNanoseconds()
    let oldest = batch.requests.reduce(began) { min($0, $1.since) }
    let report = StepScheduler<Scalar>.BatchReport(
      steps: batch.requests.count, longestWait: .nanoseconds(Int64(began - oldest)),
      duration: .nanoseconds(Int64(ended - began)), queued: options.onBatch == nil ? 0 : count)
    for (request, session) in zip(batch.requests, batch.sessions) { request.stream.endStep(session) }
    batch.sessions.removeAll(keepingCapacity: true)
    options.onBatch?(report)
    for (index, request) in batch.requests.enumerated() {
      request.answer.resume(returning: Array(batch.outputs[index * size..<(index + 1) * size]))
    }
    batch.requests.removeAll(keepingCapacity: true)
    batch.indices.removeAll(keepingCapacity: true)
    batch.features.removeAll(keepingCapacity: true)
    batch.tokens.removeAll(keepingCapacity: true)
    batch.outputs.removeAll(keepingCapacity: true)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func step(
    _ sessions: inout [Session<Scalar>], _ features: [Scalar], _ tokens: [Int32], _ indices: [Int],
    _ workspace: StepWorkspace<Scalar>, into outputs: inout [Scalar]
  ) throws(SessionError) {
    var outputs = outputs.mutableSpan
    if tokens.isEmpty {
      try model.step(features.span, &sessions, at: indices.span, in: workspace, into: &outputs)
    } else {
      try model.step(tokens: tokens.span, &sessions, at: indices.span, in: workspace, into: &outputs)
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}

/// What a thread runs, once.
private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// At least zero and at most a century.
private func nanoseconds(_ duration: Duration) -> UInt64 {
  let (seconds, attoseconds) = duration.components
  guard seconds >= 0, attoseconds >= 0 else { return 0 }
  return UInt64(min(seconds, 3_000_000_000)) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
}
