#if Tools
/// The time of several repetitions, in seconds.
struct Timing: Hashable {
  var best: Double
  var median: Double
  var repetitions: Int

  /// The relative noise of the best from run to run: how far the median is above it.
  ///
  /// Chosen among six statistics with three runs of one program on a server that others used at the same time (LSTM,
  /// GRU and RNN on five shapes, 60 rows, 22 s a run). Where a row counts as slower if its best exceeds another run's
  /// by more than the noise of both, this one called 1.2 rows in 60 slower, the gap to the lower quartile 3.0, the
  /// disagreement of the bests of four quarters of the repetitions 6.3, that of two halves 14.5.
  var noise: Double { median / best - 1 }

  /// The timing of `seconds`, which must not be empty.
  init(of seconds: [Double]) {
    let sorted = seconds.sorted()
    best = sorted[0]
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    repetitions = sorted.count
  }
}

/// Times several ways to do the same thing in turn, so that changes in the speed of a shared machine affect all alike.
struct Stopwatch {
  /// The time, in seconds.
  var now: () -> Double = {
    let time = (ContinuousClock.now - epoch).components
    return Double(time.seconds) + Double(time.attoseconds) * 1e-18
  }
  private static let epoch = ContinuousClock.now

  /// Repetitions of each contender, at least and at most.
  var repetitions = 3...2000

  /// Runs `contenders` in turn for about `budget` seconds in all and gives the timing of each.
  ///
  /// Each runs once to warm up. Then the one with the least total time is next, so that all get the same time: between
  /// two runs of a slow one, a fast one runs many times.
  func interleaved(_ contenders: [() -> Void], within budget: Double) -> [Timing] {
    let start = now()
    for contender in contenders { contender() }
    var seconds = [[Double]](repeating: [], count: contenders.count)
    var used = [Double](repeating: 0, count: contenders.count)
    while true {
      let isOver = now() - start >= budget
      let waiting = contenders.indices.filter {
        seconds[$0].count < (isOver ? repetitions.lowerBound : repetitions.upperBound)
      }
      guard let next = waiting.min(by: { used[$0] < used[$1] }) else { break }
      let before = now()
      contenders[next]()
      let took = now() - before
      seconds[next].append(took)
      used[next] += took
    }
    return seconds.map(Timing.init(of:))
  }
}
#endif
