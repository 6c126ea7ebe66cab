#if Tools
import Kernels
import Testing

@testable import Benchmarks

@Suite struct MeasurementTests {
  func measurement(path: ComputePath, threads: Int, best: Double) -> Measurement {
    Measurement(
      of: Workload(cell: .lstm, pass: .training, type: .float, shape: Shape(7, 2, 3, 5), lengths: [7, 4]),
      path: path.rawValue, threads: threads, isRagged: true, timing: Timing(of: [best, 3 * best, 2 * best]),
      ceilingPerCore: 100)
  }

  @Test func speedIsOfTheBestTimeAndItsShareOfAllThreadsCeilings() {
    // 10,560 operations in 1 µs.
    let measurement = measurement(path: .blas, threads: 2, best: 1e-6)
    #expect(abs(measurement.gflops - 10.56) < 1e-9)
    #expect(abs(measurement.ceilingShare - 0.0528) < 1e-12)
    #expect(measurement.medianSeconds == 2e-6)
    #expect(measurement.noise == 1)
  }

  @Test func theTableHasARowAMeasurementAndTheRatioToNaive() {
    let table = SpeedTable(measurements: [
      measurement(path: .naive, threads: 1, best: 1e-3), measurement(path: .blas, threads: 2, best: 2.5e-4),
    ])
    let lines = "\(table)".split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(lines.count == 4)
    #expect(lines.last == "training lstm 7,2,3,5 naive 1 1000 2000 0.0 0 % 1.0")
    #expect(lines.dropLast().last == "training lstm 7,2,3,5 blas 2 250 500 0.0 0 % 4.0")
  }
}
#endif
