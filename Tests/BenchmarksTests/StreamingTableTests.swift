#if Tools
import Testing

@testable import Benchmarks

@Suite struct StreamingTableTests {
  func measurement(_ cell: CellKind, _ type: NumberType, inputs: Int, hidden: Int) -> StreamingMeasurement {
    let workload = Workload(
      cell: cell, pass: .inference, type: type, shape: Shape(1, 1, inputs, hidden), lengths: [1])
    let timing = [UInt32](1...1000).withUnsafeBufferPointer {
      StreamingTiming(samples: $0, roundLength: 1000, blockMeans: [612.4], clockNanoseconds: 0)
    }
    return StreamingMeasurement(of: workload, path: "blas", timing: timing, ceilingPerCore: 58)
  }

  func lines(_ rows: [StreamingMeasurement]) -> [String] {
    "\(StreamingTable(measurements: rows, clockNanoseconds: 21))".split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
  }

  @Test func everyRowHasItsPercentilesInTheOrderOfCellsAndWork() {
    let lines = lines([
      measurement(.lstm, .float, inputs: 1, hidden: 16), measurement(.gru, .float, inputs: 1, hidden: 32),
    ])
    #expect(lines[2] == "gru 1,32 blas 500 990 999 1 612 1000 12.7 22 %")
    #expect(lines[3] == "lstm 1,16 blas 500 990 999 1 612 1000 4.4 8 %")
    #expect(lines.contains { $0.contains("less the 21 ns") })
  }
}
#endif
