public import Kernels

/// Continuous batching: many tasks each ask for one step of a session of their own, and those that are there together step in
/// one call.
///
///     let scheduler = StepScheduler(model, StepScheduler.Options(maxBatch: 64))
///     let stream = try scheduler.open()
///     for try await sample in samples { print(try await stream.step(sample)) }
///     let session = try stream.close()
///
/// Each gets the bits that it would have got alone (see ``PreparedModel``). Sessions join and leave at every step. Steps are
/// taken in the order in which they were asked for, and a session has one at a time, so none waits for more than one step of
/// every other. A thread of the scheduler's own computes, which no task waits on.
///
/// A child that `fork` makes has no such thread: it makes a scheduler of its own.
///
/// A step is either taken and answered, or not taken at all: a task that is cancelled, or whose deadline passes, while its step
/// waits leaves the session as it was; once the step runs, the answer comes.
public final class StepScheduler<Scalar: BLASScalar>: Sendable {
  /// How steps are put together.
  public struct Options: Sendable {
    /// Steps that are taken together, at most.
    public var maxBatch: Int
    /// How long a step waits for others. With zero those step together that came while others were computed, which costs no
    /// time where there is nobody to wait for.
    public var maxWait: Duration
    /// Steps that may wait; one more is refused as ``SchedulerError/overloaded(limit:)``.
    public var maxQueued: Int
    /// Called on the scheduler's thread after every batch, before its steps are answered.
    public var onBatch: (@Sendable (BatchReport) -> Void)?

    /// Options; a batch and a queue hold at least one.
    public init(
      maxBatch: Int = 64, maxWait: Duration = .zero, maxQueued: Int = 65_536,
      onBatch: (@Sendable (BatchReport) -> Void)? = nil
    ) {
      self.maxBatch = max(1, maxBatch)
      self.maxWait = max(.zero, maxWait)
      self.maxQueued = max(1, maxQueued)
      self.onBatch = onBatch
    }
  }

  /// What a batch was.
  public struct BatchReport: Sendable {
    /// Steps that were taken together.
    public let steps: Int
    /// How long the first of them had waited.
    public let longestWait: Duration
    /// How long the call took.
    public let duration: Duration
    /// Steps that wait after it.
    public let queued: Int
  }

  /// The model that steps.
  public let model: PreparedModel<Scalar>
  let queue: StepQueue<Scalar>

  /// A scheduler with a thread of its own, which ends with it.
  ///
  /// - Throws: ``SchedulerError/noThread`` where the system gives none.
  public init(_ model: PreparedModel<Scalar>, _ options: Options = Options()) throws(SchedulerError) {
    self.model = model
    queue = StepQueue(model, options)
    guard queue.start() else { throw .noThread }
  }

  deinit { queue.stop() }

  /// A stream from its first step on.
  public func open() throws -> ScheduledStream<Scalar> { try open(try model.session()) }

  /// A stream that goes on from `session`, which must be one of this model.
  public func open(_ session: Session<Scalar>) throws -> ScheduledStream<Scalar> {
    try model.core.check(session)
    guard !queue.isStopping else { throw SchedulerError.shutDown }
    return ScheduledStream(session, self)
  }

  /// Steps that wait at the moment.
  public var queuedSteps: Int { queue.count }

  /// Takes no more steps, and returns when those that waited have been answered.
  public func shutDown() async { await queue.shutDown() }
}

/// A session that steps when its task asks for it, together with those of other tasks.
///
/// One step at a time: a second one that is asked for meanwhile is an error.
public final class ScheduledStream<Scalar: BLASScalar>: Sendable {
  private struct State {
    /// `nil` while a batch has it, and after the stream was closed.
    var session: Session<Scalar>?
    /// Whether a step was asked for and is yet to be answered.
    var isStepping = false
    var isClosed = false
  }

  private let state: Guarded<State>
  /// It goes on for as long as it has a stream.
  private let scheduler: StepScheduler<Scalar>

  init(_ session: Session<Scalar>, _ scheduler: StepScheduler<Scalar>) {
    state = Guarded(State(session: session))
    self.scheduler = scheduler
  }

  /// One step: `O` outputs of the `I` numbers of `features`.
  ///
  /// - Parameters:
  ///   - features: The inputs of the step.
  ///   - deadline: When the step must have begun; any time if omitted.
  /// - Throws: ``SchedulerError``, ``SessionError`` where the inputs do not fit the model, `CancellationError`. The session is
  ///   then as it was.
  public func step(
    _ features: [Scalar], before deadline: ContinuousClock.Instant? = nil
  ) async throws -> [Scalar] {
    try await step(.features(features), before: deadline)
  }

  /// The same for a model that reads tokens.
  public func step(token: Int32, before deadline: ContinuousClock.Instant? = nil) async throws -> [Scalar] {
    try await step(.token(token), before: deadline)
  }

  /// The session between two steps: a copy.
  ///
  /// - Throws: ``SchedulerError/inUse`` while a step is under way, ``SchedulerError/closed``.
  public var session: Session<Scalar> {
    get throws(SchedulerError) { try checked { $0.session } }
  }

  /// Ends the stream and gives its session back.
  ///
  /// - Throws: ``SchedulerError/inUse`` while a step is under way, ``SchedulerError/closed``.
  @discardableResult
  public func close() throws(SchedulerError) -> Session<Scalar> {
    try checked {
      $0.isClosed = true
      return $0.session.take()
    }
  }

  private func step(_ input: StepInput<Scalar>, before deadline: ContinuousClock.Instant?) async throws -> [Scalar] {
    try scheduler.model.check(input)
    try Task.checkCancellation()
    _ = try checked {
      $0.isStepping = true
      return $0.session
    }
    return try await scheduler.queue.step(self, input, before: deadline)
  }

  /// What `body` gives of a stream that is open and takes no step.
  private func checked(
    _ body: (inout State) -> Session<Scalar>?
  ) throws(SchedulerError) -> Session<Scalar> {
    let result: Result<Session<Scalar>, SchedulerError> = state.withLock { state in
      guard !state.isClosed else { return .failure(.closed) }
      guard !state.isStepping, let session = body(&state) else { return .failure(.inUse) }
      return .success(session)
    }
    return try result.get()
  }

  /// Gives the session to a batch, so that nobody else has it while it steps.
  func beginStep() -> Session<Scalar> {
    guard let session = state.withLock({ $0.session.take() }) else { fatalError("two steps of one session at once") }
    return session
  }

  /// Ends a step with the session that a batch had, or one that was not taken.
  func endStep(_ session: consuming Session<Scalar>?) {
    var session = consume session
    state.withLock {
      if session != nil { $0.session = session.take() }
      $0.isStepping = false
    }
  }
}

/// What a step reads.
enum StepInput<Scalar: BLASScalar>: Sendable {
  case features([Scalar])
  case token(Int32)
}

extension PreparedModel {
  /// Throws where the model cannot read `input`.
  func check(_ input: StepInput<Scalar>) throws(SessionError) {
    switch (input, core.embedding) {
    case (.features(let features), nil): try core.check("features", features.count, core.inputSize)
    case (.token(let token), let embedding?): try core.check(token: token, embedding)
    case (.features, _?): throw .inputs(found: "features", wanted: "tokens")
    case (.token, nil): throw .inputs(found: "tokens", wanted: "features")
    }
  }
}

/// A step that the scheduler did not take. The session is as it was.
public enum SchedulerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The session is taking another step.
  case inUse
  /// The stream was closed.
  case closed
  /// As many steps wait as may.
  case overloaded(limit: Int)
  /// The deadline passed before the step began.
  case deadlineExceeded
  /// The scheduler takes no more steps.
  case shutDown
  /// The system gives no thread.
  case noThread

  /// What is wrong, in a line.
  public var description: String {
    switch self {
    case .inUse: "the session is taking another step"
    case .closed: "the stream was closed"
    case .overloaded(let limit): "\(limit) steps wait already"
    case .deadlineExceeded: "the deadline passed before the step began"
    case .shutDown: "the scheduler takes no more steps"
    case .noThread: "the system gives no thread"
    }
  }
}
