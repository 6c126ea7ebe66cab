/// How long something took over several repetitions, in seconds.
struct Timing: Hashable {
  var best: Double
  var median: Double
  var repetitions: Int

  /// The timing that `seconds`, of which there must be one at least, amount to.
  init(of seconds: [Double]) {
    let sorted = seconds.sorted()
    best = sorted[0]
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    repetitions = sorted.count
  }
}

/// Times several ways to do the same thing side by side, because machines are shared and drift: what one minute does to
/// one of them it does to all.
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
  /// Each runs once to warm up. Then it is always the turn of the one that has had the least time, so that all have the
  /// same share of it: between two runs of a slow one, a fast one runs many times.
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
