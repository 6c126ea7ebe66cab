internal import Kernels
internal import Models

/// The sessions of all models, each used by one request at a time.
final class SessionTable: Sendable {
  struct Key: Hashable, Sendable {
    /// The name that the served model has.
    let model: String
    let id: SequenceID
  }

  private struct Entry {
    let served: ServedModel
    /// As the last request left it.
    let stream: ScheduledStream<Float>
    var steps: Int
    var lastUse: ContinuousClock.Instant
    /// Changes with every request, and is never used twice.
    var revision: UInt64
    var isBusy = false
    /// The revision that the snapshot has; `nil` where there is none.
    var savedRevision: UInt64?
    /// Whether the next snapshot found it busy: the request that uses it then leaves a copy.
    var needsCopy = false
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var copies: [Snapshot] = []
    var revision: UInt64 = 0

    mutating func nextRevision() -> UInt64 {
      revision += 1
      return revision
    }
  }

  /// A session as it was between two requests.
  struct Snapshot: Sendable {
    let key: Key
    let session: Session<Float>
    let revision: UInt64
  }

  /// The use of a session by one request, which ends with ``SessionTable/finish(_:steps:isEnd:)`` or
  /// ``SessionTable/abandon(_:)``.
  struct Lease: Sendable {
    let key: Key
    let served: ServedModel
    /// What the request steps; it takes the session's place where the request succeeds.
    let stream: ScheduledStream<Float>
    let steps: Int
    /// Whether there was no session before.
    fileprivate let isNew: Bool
  }

  private let state = Guarded(State())
  private let maxSessions: Int
  private let idleTimeout: Duration

  init(maxSessions: Int, idleTimeout: Duration) {
    self.maxSessions = maxSessions
    self.idleTimeout = idleTimeout
  }

  /// Sessions of each model.
  var counts: [String: Int] {
    state.withLock { state in state.entries.keys.reduce(into: [:]) { $0[$1.model, default: 0] += 1 } }
  }

  // MARK: - Requests

  /// Takes a session for one request.
  ///
  /// - Parameters:
  ///   - key: Which.
  ///   - current: The model that a new session is of, where the request starts one.
  ///   - isAtomic: Whether a failure in the middle, of a session of this model, must leave the session as it was: the request then steps a copy.
  func begin(_ key: Key, starting current: ServedModel?, isAtomic: (ServedModel) -> Bool) throws(ServingError) -> Lease
  {
    try lease { state throws(ServingError) in
      let entry = state.entries[key]
      if entry?.isBusy == true { throw Self.busy(key) }
      if let current {
        let stream: ScheduledStream<Float>
        do { stream = try current.scheduler.open() } catch { throw ServingError(error) }
        if entry == nil {
          try makeRoom(&state)
          state.entries[key] = Entry(
            served: current, stream: stream, steps: 0, lastUse: .now, revision: state.nextRevision(), isBusy: true)
        } else {
          state.entries[key]?.isBusy = true
        }
        return Lease(key: key, served: current, stream: stream, steps: 0, isNew: entry == nil)
      }
      guard let entry else {
        throw .badRequest(
          "model \(quoted(key.model)) has no session \(quoted(key.id.text)): its first request sets sequence_start")
      }
      var stream = entry.stream
      if isAtomic(entry.served) {
        do { stream = try entry.served.scheduler.open(entry.stream.session) } catch { throw ServingError(error) }
      }
      state.entries[key]?.isBusy = true
      return Lease(key: key, served: entry.served, stream: stream, steps: entry.steps, isNew: false)
    }
  }

  /// Ends a request that succeeded.
  ///
  /// - Parameters:
  ///   - steps: Steps that the session has taken.
  ///   - isEnd: Whether the session ends with it.
  func finish(_ lease: Lease, steps: Int, isEnd: Bool) {
    state.withLock { state in
      guard let old = state.entries[lease.key] else { return }
      guard !isEnd else { return state.entries[lease.key] = nil }
      var entry = Entry(
        served: lease.served, stream: lease.stream, steps: steps, lastUse: .now, revision: state.nextRevision())
      entry.savedRevision = old.savedRevision
      state.entries[lease.key] = entry
      if old.needsCopy { Self.copy(lease.key, entry, to: &state) }
    }
  }

  /// Ends a request that failed: the session is as it was.
  func abandon(_ lease: Lease) {
    state.withLock { state in
      guard !lease.isNew else { return state.entries[lease.key] = nil }
      guard var entry = state.entries[lease.key] else { return }
      entry.isBusy = false
      if entry.needsCopy { Self.copy(lease.key, entry, to: &state) }
      entry.needsCopy = false
      state.entries[lease.key] = entry
    }
  }

  // MARK: - Other servers

  /// A session between two requests.
  func session(_ key: Key) throws(ServingError) -> Session<Float> {
    try lease { state throws(ServingError) in
      guard let entry = state.entries[key] else { throw Self.unknown(key) }
      guard !entry.isBusy else { throw Self.busy(key) }
      do { return try entry.stream.session } catch { throw ServingError(error) }
    }
  }

  /// Puts a session in the place of one that there may be.
  ///
  /// - Parameter isSaved: Whether it comes from the snapshot.
  func put(_ session: Session<Float>, _ key: Key, of served: ServedModel, isSaved: Bool = false) throws(ServingError) {
    try lease { state throws(ServingError) in
      if let entry = state.entries[key] {
        if entry.isBusy { throw Self.busy(key) }
      } else {
        try makeRoom(&state)
      }
      do {
        let stream = try served.scheduler.open(session)
        let revision = state.nextRevision()
        state.entries[key] = Entry(
          served: served, stream: stream, steps: session.steps, lastUse: .now, revision: revision,
          savedRevision: isSaved ? revision : nil)
      } catch { throw ServingError(error) }
    }
  }

  func remove(_ key: Key) throws(ServingError) {
    try lease { state throws(ServingError) in
      guard let entry = state.entries[key] else { throw Self.unknown(key) }
      guard !entry.isBusy else { throw Self.busy(key) }
      state.entries[key] = nil
    }
  }

  // MARK: - Time

  /// Removes the sessions that nobody has used for the idle time, and says how many.
  func removeIdle() -> Int {
    let limit = ContinuousClock.now - idleTimeout
    return state.withLock { state in
      let idle = state.entries.filter { !$1.isBusy && $1.lastUse < limit }.keys
      for key in idle { state.entries[key] = nil }
      return idle.count
    }
  }

  /// The sessions that have changed since their last snapshot; those that a request uses come from ``takeCopies()`` after it.
  func changedSessions() -> [Snapshot] {
    state.withLock { state in
      for (key, entry) in state.entries where entry.savedRevision != entry.revision {
        if entry.isBusy { state.entries[key]?.needsCopy = true } else { Self.copy(key, entry, to: &state) }
      }
      return Self.takeCopies(&state)
    }
  }

  func takeCopies() -> [Snapshot] { state.withLock { Self.takeCopies(&$0) } }

  /// Notes that a snapshot was written.
  func markSaved(_ snapshot: Snapshot) {
    state.withLock { $0.entries[snapshot.key]?.savedRevision = snapshot.revision }
  }

  func contains(_ key: Key) -> Bool { state.withLock { $0.entries[key] != nil } }

  private static func copy(_ key: Key, _ entry: Entry, to state: inout State) {
    guard let session = try? entry.stream.session else { return }
    state.copies.append(Snapshot(key: key, session: session, revision: entry.revision))
  }

  private static func takeCopies(_ state: inout State) -> [Snapshot] {
    defer { state.copies = [] }
    return state.copies
  }

  private func makeRoom(_ state: inout State) throws(ServingError) {
    guard state.entries.count < maxSessions else { throw .unavailable("\(maxSessions) sessions are open already") }
  }

  private static func busy(_ key: Key) -> ServingError {
    .conflict("session \(quoted(key.id.text)) is in use by another request")
  }

  private static func unknown(_ key: Key) -> ServingError {
    .notFound("model \(quoted(key.model)) has no session \(quoted(key.id.text))")
  }

  /// `body` with the table locked.
  private func lease<Result>(_ body: (inout State) throws(ServingError) -> Result) throws(ServingError) -> Result {
    let result: Swift.Result<Result, ServingError> = state.withLock { state in
      do throws(ServingError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
