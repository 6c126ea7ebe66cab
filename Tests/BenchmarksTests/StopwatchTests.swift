#if Tools
import Testing

@testable import Benchmarks

@Suite struct StopwatchTests {
  /// A clock that the contenders move.
  final class Clock {
    var seconds = 0.0
  }

  @Test func bestIsTheLeastAndMedianTheMiddle() {
    let odd = Timing(of: [5, 1, 3])
    #expect((odd.best, odd.median, odd.repetitions) == (1, 3, 3))
    #expect(Timing(of: [4, 1, 2, 9]).median == 3)
  }

  @Test func noiseIsHowFarTheMedianIsAboveTheBest() {
    #expect(Timing(of: [5, 2, 3]).noise == 0.5)
    #expect(Timing(of: [4]).noise == 0)
  }

  @Test func contendersShareTheTimeAndTakeTurns() {
    let clock = Clock()
    var turns: [String] = []
    func contender(_ name: String, _ seconds: Double) -> () -> Void {
      {
        turns.append(name)
        clock.seconds += seconds
      }
    }
    let stopwatch = Stopwatch(now: { clock.seconds }, repetitions: 3...1000)
    let timings = stopwatch.interleaved([contender("slow", 4), contender("fast", 1)], within: 85)
    #expect(timings.map(\.repetitions) == [10, 40])
    #expect(timings.map(\.best) == [4, 1])
    #expect(turns.prefix(8) == ["slow", "fast", "slow", "fast", "fast", "fast", "fast", "slow"])
  }

  @Test func theLeastNumberOfRepetitionsIsRunHoweverShortTheTime() {
    let clock = Clock()
    let stopwatch = Stopwatch(now: { clock.seconds }, repetitions: 3...5)
    let timings = stopwatch.interleaved([{ clock.seconds += 10 }, { clock.seconds += 1 }], within: 0)
    #expect(timings.map(\.repetitions) == [3, 3])
    #expect(stopwatch.interleaved([{}], within: 1e9).map(\.repetitions) == [5])
    #expect(stopwatch.interleaved([], within: 1).isEmpty)
  }
}
#endif
