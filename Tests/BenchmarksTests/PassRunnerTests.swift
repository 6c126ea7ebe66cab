#if Tools
import Kernels
import Models
import Testing

@testable import Benchmarks

@Suite struct PassRunnerTests {
  @Test(arguments: CellKind.allCases)
  func everyRunComputesTheSame(cell: CellKind) throws {
    let workload = Workload(cell: cell, pass: .training, type: .double, shape: Shape(7, 2, 3, 5), lengths: [4, 7])
    func runner(wantsInputGradients: Bool) throws -> any PassRunning<Double> {
      try workload.runner(
        parameters: nil, inputs: Matrix(repeating: 0.5, rows: 11, columns: 3),
        dOutputs: Matrix(repeating: 0.25, rows: 11, columns: 5), wantsInputGradients: wantsInputGradients,
        Execution(threads: 1))
    }
    let (first, again) = (try runner(wantsInputGradients: true), try runner(wantsInputGradients: false))
    first.run()
    for _ in 0..<3 { again.run() }
    #expect(first.outputs == again.outputs)
    #expect(first.dParameters == again.dParameters)
    #expect(first.dParameters.norm > 0)
  }
}
#endif
