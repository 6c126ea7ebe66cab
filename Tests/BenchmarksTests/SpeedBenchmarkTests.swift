#if Tools
import Kernels
import Testing

@testable import Benchmarks

@Suite struct SpeedBenchmarkTests {
  let machine = Machine(
    processor: "P", instructionSet: "avx2", openBLASVersion: "1", openBLASCore: "C", threads: 2,
    ceilingPerCore: ["float": 100, "double": 50], isDebugBuild: false)

  @Test func everyCellPassPathAndShapeIsMeasuredOrNamedAsLeftOut() throws {
    var benchmark = SpeedBenchmark(
      cells: [.rnn, .gru], paths: ComputePath.allCases, shapes: [Shape(3, 2, 5, 7), Shape(4, 3, 2, 6)],
      threads: [1, 2],
      type: .double, isRagged: true, budget: 0.5)
    // Two cells, two passes, two shapes; naive on one thread and every other path on two numbers of them.
    let expected = 2 * 2 * 2 * (1 + 2 * (ComputePath.allCases.count - 1))
    var result = try benchmark.run(on: machine, progress: ProgressLine())
    #expect(result.measurements.count + result.omissions.count == expected)

    benchmark.budget = 0
    result = try benchmark.run(on: machine, progress: ProgressLine())
    #expect(result.measurements.count + result.omissions.count == expected)
    #expect(!result.omissions.isEmpty)
  }

  @Test func remeasuringKeepsTheBetter() throws {
    let workload = Workload(
      cell: .gru, pass: .training, type: .double, shape: Shape(3, 2, 5, 7),
      lengths: Workload.lengths(of: Shape(3, 2, 5, 7), isRagged: true))
    func measurement(_ seconds: Double) -> Measurement {
      Measurement(
        of: workload, path: "naive", threads: 1, isRagged: true, timing: Timing(of: [seconds]), ceilingPerCore: 50)
    }
    #expect(try SpeedBenchmark.remeasured(measurement(1e-12), within: 0, on: machine) == measurement(1e-12))
    let again = try SpeedBenchmark.remeasured(measurement(1e6), within: 0, on: machine)
    #expect(again.bestSeconds < 1e6)
    #expect(MeasurementIdentity.speed(again) == .speed(measurement(1e6)))
  }
}
#endif
