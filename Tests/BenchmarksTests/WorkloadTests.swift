#if Tools
import Kernels
import Testing

@testable import Benchmarks

@Suite struct WorkloadTests {
  let shape = Shape(7, 2, 3, 5)

  @Test(arguments: [(CellKind.rnn, 1.0), (.lstm, 4), (.gru, 3)])
  func operationsAreThoseOfTheProducts(cell: CellKind, gates: Double) {
    var workload = Workload(cell: cell, pass: .inference, type: .float, shape: shape, lengths: [7, 7])
    #expect(workload.floatingPointOperations == 2 * 14 * gates * 5 * (3 + 5))
    workload.pass = .training
    #expect(workload.floatingPointOperations == 3 * 2 * 14 * gates * 5 * (3 + 5))
    workload.lengths = [4, 7]
    #expect(workload.floatingPointOperations == 3 * 2 * 11 * gates * 5 * (3 + 5))
  }

  @Test func raggedLengthsReachFromATwentiethToAll() {
    let lengths = Workload.lengths(of: Shape(40, 1000, 3, 5), isRagged: true)
    #expect(Set(lengths) == Set(2...40))
    #expect(Workload.lengths(of: Shape(1, 4, 3, 5), isRagged: true) == [1, 1, 1, 1])
    #expect(Workload.lengths(of: shape, isRagged: false) == [7, 7])
  }

  @Test(arguments: CellKind.allCases, Pass.allCases)
  func everyPassRunsRepeatedlyOnEveryPathAndType(cell: CellKind, pass: Pass) throws {
    for type in NumberType.allCases {
      for path in ComputePath.allCases {
        let workload = Workload(cell: cell, pass: pass, type: type, shape: shape, lengths: [4, 7])
        let body = try workload.body(Execution(path: path, threads: 2))
        for _ in 0..<3 { body() }
      }
    }
  }
}
#endif
