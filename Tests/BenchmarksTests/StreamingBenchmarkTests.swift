#if Tools
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct StreamingBenchmarkTests {
  let machine = Machine(
    processor: "P", instructionSet: "avx2", openBLASVersion: "1", openBLASCore: "C", threads: 2,
    ceilingPerCore: ["float": 100, "double": 50], isDebugBuild: false)

  func timing(_ samples: [UInt32], roundLength: Int, clock: Double = 0) -> StreamingTiming {
    samples.withUnsafeBufferPointer {
      StreamingTiming(samples: $0, roundLength: roundLength, blockMeans: [30, 50], clockNanoseconds: clock)
    }
  }

  @Test func percentilesAreStepsThatOccurredLessTheClock() {
    // 2000 steps of 101 ... 2100 ns, the slow ones first.
    let timing = timing((101...2100).reversed().map(UInt32.init), roundLength: 500, clock: 20)
    #expect(timing.steps == 2000 && timing.fastest == 81 && timing.median == 1080)
    #expect(timing.percentile99 == 2060 && timing.percentile999 == 2078)
    #expect(timing.mean == 40)
    #expect(
      StreamingTiming.percentile(perMille: 500, of: [7]) == 7
        && StreamingTiming.percentile(perMille: 999, of: [1, 2, 3]) == 3)
  }

  @Test func aStepIsNeverNegative() {
    #expect(timing([5, 6, 30], roundLength: 3, clock: 20).median == 0)
    #expect(timing([5, 6, 30], roundLength: 3, clock: 20).noise == 0)
  }

  @Test func noiseIsHowFarTheMiddleRoundIsAboveTheBest() {
    // Medians of the rounds: 100, 110, 400.
    let timing = timing([100, 100, 900, 110, 110, 1, 400, 400, 400], roundLength: 3)
    #expect(timing.bestRound == 100)
    #expect(abs(timing.noise - 0.1) < 1e-12)
  }

  @Test(arguments: CellKind.allCases, NumberType.allCases)
  func stepsAllocateNothingAfterTheFirst(cell: CellKind, type: NumberType) throws {
    guard Allocations.areCounted else { return }
    let workload = Workload(cell: cell, pass: .inference, type: type, shape: Shape(1, 1, 3, 5), lengths: [1])
    let path = try #require(ComputePath.allCases.last)
    let steps = try StreamingSteps(workload, path: path)
    let samples = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: 64)
    defer { samples.deallocate() }
    samples.initialize(repeating: 0)
    steps.run(2)
    #expect(Allocations.count { steps.time(samples) } == 0)
    // More than the inputs, so that they come again.
    #expect(Allocations.count { steps.run(StreamingSteps.inputSteps + 7) } == 0)
    #expect(samples.allSatisfy { $0 > 0 })
  }

  @Test func everyCellPathAndSizeIsMeasuredHoweverShortTheTime() throws {
    let benchmark = StreamingBenchmark(
      cells: [.rnn, .gru], paths: ComputePath.allCases, type: .double, budget: 0, sizes: [(3, 5), (2, 7)])
    let result = try benchmark.run(on: machine, progress: nil)
    #expect(result.measurements.count == 2 * 2 * (ComputePath.allCases.count - 1))
    #expect(result.clockNanoseconds > 0)
    for row in result.measurements {
      #expect(row.type == .double && row.path != "naive" && row.steps == StreamingRecording.roundLength)
      #expect(row.fastestNanoseconds <= row.medianNanoseconds && row.bestRoundNanoseconds <= row.medianNanoseconds)
      #expect(row.medianNanoseconds <= row.percentile99Nanoseconds)
      #expect(row.percentile99Nanoseconds <= row.percentile999Nanoseconds)
      #expect(row.meanNanoseconds > 0 && row.noise >= 0)
    }
  }

  @Test func theNaivePathIsTimedWhereItIsAskedForAlone() throws {
    let benchmark = StreamingBenchmark(cells: [.rnn], paths: [.naive], type: .float, budget: 0, sizes: [(3, 5)])
    #expect(try benchmark.run(on: machine, progress: nil).measurements.map(\.path) == ["naive"])
  }

  @Test func remeasuringKeepsTheBetter() throws {
    let benchmark = StreamingBenchmark(cells: [.rnn], paths: [.naive], type: .float, budget: 0, sizes: [(3, 5)])
    var row = try benchmark.run(on: machine, progress: nil).measurements[0]
    row.bestRoundNanoseconds = 0.5
    #expect(try StreamingBenchmark.remeasured(row, within: 0, on: machine) == row)
    row.bestRoundNanoseconds = 1e12
    let again = try StreamingBenchmark.remeasured(row, within: 0, on: machine)
    #expect(again.bestRoundNanoseconds < 1e12 && again.path == row.path && (again.I, again.H) == (3, 5))
  }
}
#endif
