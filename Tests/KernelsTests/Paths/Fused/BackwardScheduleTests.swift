import Models
import TestSupport
import Testing

@testable import Kernels

@Suite struct BackwardScheduleTests {
  /// Ragged at random, with empty sequences, and the shapes at the edges: nothing, one row, all equal, more sequences
  /// than a window usually has rows.
  private static let batches: [[Int]] = {
    var generator = SeededGenerator(seed: 9)
    let random = (0..<30).map { _ in
      let longest = 1 + generator.uniform(below: 200)
      return (0..<1 + generator.uniform(below: 40)).map { _ in Int(generator.uniform(below: longest + 1)) }
    }
    return random + [
      [], [0, 0], [1], [7], [0, 1, 0], [Int](repeating: 100, count: 32), [Int](repeating: 3, count: 600), [900, 1],
    ]
  }()

  /// A direction and what a tape keeps.
  private static let ways = TimeDirection.allCases.flatMap { direction in
    [TapeStorage.everything, .recomputed].map { (direction: direction, storage: $0) }
  }

  private func schedule(
    _ layout: PackedLayout, _ direction: TimeDirection, _ storage: TapeStorage = .everything
  ) -> BackwardSchedule {
    var schedule = BackwardSchedule()
    schedule.cut(layout, direction, storage)
    return schedule
  }

  @Test(arguments: batches, ways)
  func windowsAreAllStepsOnceInTheOrderOfBackpropagation(
    _ lengths: [Int], _ way: (direction: TimeDirection, storage: TapeStorage)
  ) {
    let (layout, direction) = (PackedLayout(lengths: lengths), way.direction)
    let windows = schedule(layout, direction, way.storage).windows
    let visited = windows.flatMap { Array(direction.backpropagationOrder(of: $0.steps)) }
    #expect(visited == Array(direction.backpropagationOrder(of: layout.steps)))
    for window in windows {
      #expect(window.rows == layout.offsets[window.steps.lowerBound]..<layout.offsets[window.steps.upperBound])
      #expect(window.firstStep(direction) == direction.order(of: window.steps).first { _ in true })
    }
  }

  @Test(arguments: batches, ways)
  func aWindowIsWithinTheLimitAndAsLargeAsThatAllows(
    _ lengths: [Int], _ way: (direction: TimeDirection, storage: TapeStorage)
  ) {
    let (layout, direction) = (PackedLayout(lengths: lengths), way.direction)
    let schedule = schedule(layout, direction, way.storage)
    let limit = BackwardSchedule.rowLimit(of: layout, way.storage)
    #expect(schedule.windows.allSatisfy { $0.rows.count <= limit })
    #expect(schedule.maxRows == schedule.windows.map(\.rows.count).max() ?? 0)
    // As few as can be: no window has room for the step that backpropagation comes to next.
    for (window, next) in zip(schedule.windows, schedule.windows.dropFirst()) {
      let t = direction == .forward ? next.steps.upperBound - 1 : next.steps.lowerBound
      #expect(window.rows.count + layout.batchSizes[t] > limit)
    }
  }

  /// And rows come in the order of backpropagation, wherever windows are cut.
  @Test(arguments: batches, ways)
  func everyRowStandsBesideTheHiddenStateItStartedFrom(
    _ lengths: [Int], _ way: (direction: TimeDirection, storage: TapeStorage)
  ) {
    let (layout, direction) = (PackedLayout(lengths: lengths), way.direction)
    let schedule = schedule(layout, direction, way.storage)
    let increment = direction == .forward ? -1 : 1
    #expect(schedule.increment == increment)
    /// What stands beside each row; the hidden state before the first step counts from -1 down.
    var found = [Int?](repeating: nil, count: layout.rowCount)
    var visited: [Int] = []
    for window in schedule.windows {
      for run in schedule.runs[window.runs] {
        #expect(run.count > 0)
        for i in 0..<run.count {
          let row = window.rows.lowerBound + run.gradientRow + increment * i
          #expect(window.rows.contains(row))
          visited.append(row)
          let hidden = run.hiddenRow + increment * i
          found[row] = run.isInitial ? -1 - hidden : hidden
        }
      }
    }
    var wanted = [Int?](repeating: nil, count: layout.rowCount)
    for (b, length) in lengths.enumerated() {
      for t in 0..<length {
        let before = t - direction.increment
        wanted[layout.row(of: b, at: t)] =
          (0..<length).contains(before) ? layout.row(of: b, at: before) : -1 - layout.ranks[b]
      }
    }
    #expect(visited == (increment > 0 ? Array(0..<layout.rowCount) : Array(0..<layout.rowCount).reversed()))
    #expect(found == wanted)
  }

  /// A product over few rows is slow, so neighbours are joined.
  @Test(arguments: TimeDirection.allCases)
  func aWindowOfEqualLengthsIsOneRunAndOneMoreWhereSequencesStart(_ direction: TimeDirection) {
    let schedule = schedule(PackedLayout(batch: 6, steps: 90), direction)
    #expect(schedule.windows.count > 2)
    #expect(schedule.windows.dropLast().allSatisfy { $0.runs.count == 1 })
    #expect(schedule.windows.last?.runs.count == 2)
    #expect(schedule.windows.last.map { $0.runs.upperBound } == schedule.runs.count)
  }

  @Test func theLimitIsATenthOfTheRowsBetween128And512ButNeverLessThanAStep() {
    for (lengths, limit) in [
      ([7, 3], 128), ([Int](repeating: 100, count: 20), 200), ([Int](repeating: 100, count: 90), 512),
      ([Int](repeating: 3, count: 600), 600), ([], 128),
    ] {
      #expect(BackwardSchedule.rowLimit(of: PackedLayout(lengths: lengths), .everything) == limit)
    }
  }

  @Test func whereGatesAreRecomputedTheLimitIsTheRootOfTheStepsOfTheWholeBatch() {
    for (lengths, limit) in [([7, 3], 6), ([Int](repeating: 100, count: 20), 200), ([101, 0, 5], 22), ([1], 1)] {
      #expect(BackwardSchedule.rowLimit(of: PackedLayout(lengths: lengths), .recomputed) == limit)
    }
  }

  /// One schedule for one layout after another, as a tape keeps it, and again for the same.
  @Test func aUsedScheduleIsThatOfANewOne() {
    var used = BackwardSchedule()
    for lengths in Self.batches + Self.batches.reversed() {
      let layout = PackedLayout(lengths: lengths)
      for way in Self.ways + Self.ways {
        used.cut(layout, way.direction, way.storage)
        let new = schedule(layout, way.direction, way.storage)
        #expect(used.windows.map(\.steps) == new.windows.map(\.steps))
        #expect(used.windows.map(\.runs) == new.windows.map(\.runs))
        #expect(used.runs.map(\.gradientRow) == new.runs.map(\.gradientRow))
        #expect(used.runs.map(\.hiddenRow) == new.runs.map(\.hiddenRow))
        #expect(used.maxRows == new.maxRows)
      }
    }
  }

  @Test(.enabled(if: Allocations.areCounted))
  func cuttingWhatWasCutAllocatesNothing() {
    let (layout, other) = (PackedLayout(lengths: [30, 20, 9]), PackedLayout(lengths: [12, 8]))
    var schedule = schedule(layout, .forward)
    #expect(Allocations.count { schedule.cut(layout, .forward, .everything) } == 0)
    // Nor does a smaller batch.
    schedule.cut(other, .forward, .everything)
    schedule.cut(layout, .forward, .everything)
    #expect(Allocations.count { schedule.cut(other, .forward, .everything) } == 0)
  }
}
