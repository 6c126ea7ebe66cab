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
}
