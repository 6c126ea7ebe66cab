import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Kernels

/// On pools of their own, so that no other test's regions are in the way. A deadlock ends at the limit; a pool on cores
/// that others keep busy takes seconds.
@Suite(.timeLimit(.minutes(10))) struct ThreadPoolTests {
  /// More than there are cores, on most machines that run this.
  private static let many = 9

  @Test(arguments: [1, 2, 3, many])
  func eachMemberRunsOnce(_ threads: Int) {
    let members = Guarded<[[Int]]>([])
    ThreadPool().run(threads: threads) { team in members.withLock { $0.append([team.index, team.count]) } }
    #expect(members.withLock { $0.sorted { $0[0] < $1[0] } } == (0..<threads).map { [$0, threads] })
  }

  /// Every member writes its own number, and after the barrier reads everybody's.
  @Test(arguments: [2, many])
  func whatIsWrittenBeforeABarrierIsReadAfterIt(_ threads: Int) {
    let rounds = 300
    let board = Board(threads)
    let mistakes = Atomic<Int>(0)
    ThreadPool().run(threads: threads) { team in
      for round in 1...rounds {
        board[team.index] = round * (team.index + 1)
        team.barrier()
        for other in 0..<team.count where board[other] != round * (other + 1) {
          mistakes.add(1, ordering: .relaxed)
        }
        team.barrier()
      }
    }
    #expect(mistakes.load(ordering: .relaxed) == 0)
  }

  /// Plain memory: what orders its reads and writes is the barrier alone.
  private final class Board: @unchecked Sendable {
    private let numbers: UnsafeMutablePointer<Int>
    init(_ count: Int) {
      numbers = .allocate(capacity: count)
      numbers.initialize(repeating: 0, count: count)
    }
    deinit { numbers.deallocate() }
    subscript(index: Int) -> Int {
      get { numbers[index] }
      set { numbers[index] = newValue }
    }
  }

  @Test func regionsOfAllSizesFollowEachOther() {
    let pool = ThreadPool()
    let sum = Atomic<Int>(0)
    var wanted = 0
    for round in 0..<400 {
      let threads = 1 + round % 4
      wanted += threads * round
      pool.run(threads: threads) { team in
        team.barrier()
        sum.add(round, ordering: .relaxed)
      }
    }
    #expect(sum.load(ordering: .relaxed) == wanted)
  }

  @Test func threadsThatFellAsleepWakeUp() {
    let pool = ThreadPool()
    let runs = Atomic<Int>(0)
    for _ in 0..<3 {
      pool.run(threads: 3) { _ in runs.add(1, ordering: .relaxed) }
      // Far longer than they poll.
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(runs.load(ordering: .relaxed) == 9)
  }

  // MARK: - A busy pool

  @Test func aRegionInsideARegionRunsOnItsCallersThreadAlone() {
    let pool = ThreadPool()
    let inner = Guarded<[[Int]]>([])
    pool.run(threads: 3) { team in
      pool.run(threads: 3) { nested in
        nested.barrier()
        inner.withLock { $0.append([team.index, nested.index, nested.count]) }
      }
      team.barrier()
    }
    #expect(inner.withLock { $0.sorted { $0[0] < $1[0] } } == [[0, 0, 1], [1, 0, 1], [2, 0, 1]])
  }

  @Test func concurrentCallersEachGetTheirWholeResult() {
    let pool = ThreadPool()
    DispatchQueue.concurrentPerform(iterations: 8) { caller in
      for round in 0..<40 {
        let items = 50 + caller
        let sum = Atomic<Int>(0)
        pool.run(threads: 3) { team in
          for item in team.share(of: items) { sum.add(item + round, ordering: .relaxed) }
          team.barrier()
        }
        #expect(sum.load(ordering: .relaxed) == items * (items - 1) / 2 + items * round)
      }
    }
    // And the pool is whole again.
    let members = Atomic<Int>(0)
    pool.run(threads: 3) { _ in members.add(1, ordering: .relaxed) }
    #expect(members.load(ordering: .relaxed) == 3)
  }

  // MARK: - Shares

  @Test(arguments: [1, 2, 5])
  func sharesAreThePiecesOfTheWhole(_ threads: Int) {
    let pool = ThreadPool()
    for unit in [1, 16] {
      for items in [0, 1, 4, 15, 16, 17, 80, 83, 512] {
        let shares = Guarded([Range<Int>](repeating: 0..<0, count: threads))
        pool.run(threads: threads) { team in
          let share = team.share(of: items, unit: unit)
          shares.withLock { $0[team.index] = share }
        }
        let found = shares.withLock { $0 }
        #expect(found.flatMap { Array($0) } == Array(0..<items), "\(items) items in units of \(unit)")
        let units = found.map { ($0.count + unit - 1) / unit }
        #expect((units.max() ?? 0) - (units.min() ?? 0) <= 1, "\(items) items in units of \(unit)")
        #expect(found.allSatisfy { $0.isEmpty || $0.lowerBound.isMultiple(of: unit) })
      }
    }
  }

  @Test func aTeamOfOneHasEverythingAndWaitsForNobody() {
    Team.alone.barrier()
    #expect(Team.alone.share(of: 7) == 0..<7)
    #expect(Team.alone.share(of: 7, unit: 16) == 0..<7)
  }
}
