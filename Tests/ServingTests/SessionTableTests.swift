import Kernels
import Models
import TestSupport
import Testing

@testable import Serving

@Suite struct SessionTableTests {
  private let served: ServedModel
  private let table = SessionTable(maxSessions: 3, idleTimeout: .seconds(600))

  init() throws {
    served = try ServedModel(
      ServedModels.features(), name: "m", version: 1, limits: ServingLimits(), metrics: NoMetrics())
  }

  private func key(_ id: UInt64) -> SessionTable.Key { SessionTable.Key(model: "m", id: SequenceID(id)) }

  private func begin(_ id: UInt64, start: Bool = false, isAtomic: Bool = false) throws(ServingError)
    -> SessionTable.Lease
  {
    try table.begin(key(id), starting: start ? served : nil) { _ in isAtomic }
  }

  private func code(_ call: () throws -> Void) -> Int {
    do { try call() } catch { return ServingError(error).status }
    return 200
  }

  @Test func aSessionIsUsedByOneRequestAtATime() throws {
    let lease = try begin(1, start: true)
    #expect(code { _ = try begin(1) } == 409)
    #expect(code { _ = try begin(1, start: true) } == 409)
    #expect(code { _ = try table.session(key(1)) } == 409)
    #expect(code { try table.remove(key(1)) } == 409)
    table.finish(lease, steps: 1, isEnd: false)
    #expect(try begin(1).steps == 1)
  }

  @Test func idsOfOtherBytesAreOtherSessions() throws {
    let ids = [try #require(SequenceID("\u{E9}")), try #require(SequenceID("e\u{301}"))]
    for id in ids {
      let lease = try table.begin(SessionTable.Key(model: "m", id: id), starting: served) { _ in false }
      table.finish(lease, steps: 1, isEnd: false)
    }
    #expect(table.counts == ["m": 2])
  }

  @Test func aStartThatFailsLeavesWhatWasThere() throws {
    table.abandon(try begin(1, start: true))
    #expect(code { _ = try begin(1) } == 400)
    table.finish(try begin(1, start: true), steps: 4, isEnd: false)
    table.abandon(try begin(1, start: true))
    #expect(try begin(1).steps == 4)
  }

  @Test func anEndRemovesTheSession() throws {
    table.finish(try begin(1, start: true), steps: 1, isEnd: true)
    #expect(table.counts.isEmpty && code { _ = try begin(1) } == 400)
  }

  @Test func sessionsAreLimited() throws {
    for id in 1...3 as ClosedRange<UInt64> { table.finish(try begin(id, start: true), steps: 1, isEnd: false) }
    #expect(code { _ = try begin(4, start: true) } == 503)
    #expect(code { try table.put(try served.prepared.session(), key(4), of: served) } == 503)
    table.finish(try begin(2, start: true), steps: 1, isEnd: false)
    try table.remove(key(1))
    #expect(code { _ = try begin(4, start: true) } == 200)
    #expect(table.counts == ["m": 3])
  }

  @Test func idleSessionsEndAndThoseInUseDoNot() throws {
    let table = SessionTable(maxSessions: 3, idleTimeout: .zero)
    let lease = try table.begin(key(1), starting: served) { _ in false }
    let other = try table.begin(key(2), starting: served) { _ in false }
    table.finish(other, steps: 1, isEnd: false)
    #expect(table.removeIdle() == 1)
    table.finish(lease, steps: 1, isEnd: false)
    #expect(table.removeIdle() == 1)
  }

  @Test func aSnapshotHasWhatChangedAndWaitsForWhatIsInUse() throws {
    table.finish(try begin(1, start: true), steps: 1, isEnd: false)
    let lease = try begin(2, start: true)
    let first = table.changedSessions()
    #expect(first.map(\.key) == [key(1)])
    for snapshot in first { table.markSaved(snapshot) }
    table.finish(lease, steps: 1, isEnd: false)
    let second = table.takeCopies()
    #expect(second.map(\.key) == [key(2)])
    for snapshot in second { table.markSaved(snapshot) }
    #expect(table.changedSessions().isEmpty)
    table.finish(try begin(1), steps: 2, isEnd: false)
    #expect(table.changedSessions().map(\.key) == [key(1)])
  }

  @Test func severalStepsAreTakenOrNone() async throws {
    let lease = try begin(1, start: true)
    _ = try await lease.stream.step([1, 2, 3])
    table.finish(lease, steps: 1, isEnd: false)
    let before = try table.session(key(1))
    let second = try begin(1, isAtomic: true)
    _ = try await second.stream.step([4, 5, 6])
    table.abandon(second)
    #expect(try table.session(key(1)) == before)
  }
}
