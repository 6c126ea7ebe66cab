#if Tools
import Testing

@testable import Benchmarks

@Suite struct StreamingMeasurementTests {
  let workload = Workload(cell: .gru, pass: .inference, type: .float, shape: Shape(1, 1, 3, 5), lengths: [1])

  func measurement(ofSteps nanoseconds: UInt32) -> StreamingMeasurement {
    let timing = [nanoseconds].withUnsafeBufferPointer {
      StreamingTiming(samples: $0, roundLength: 1, blockMeans: [90], clockNanoseconds: 20)
    }
    return StreamingMeasurement(of: workload, path: "naive", timing: timing, ceilingPerCore: 100)
  }

  @Test func speedIsOfTheMedianAndItsShareOfOneCoresCeiling() {
    // 240 operations in 80 ns.
    let row = measurement(ofSteps: 100)
    #expect(row.medianNanoseconds == 80 && row.meanNanoseconds == 90 && (row.I, row.H) == (3, 5))
    #expect(abs(row.gflops - 3) < 1e-12)
    #expect(abs(row.ceilingShare - 0.03) < 1e-12)
  }

  @Test func aStepBelowTheClocksResolutionHasAFiniteSpeed() {
    #expect(measurement(ofSteps: 3).gflops == 240)
    #expect(measurement(ofSteps: 3).bestRoundNanoseconds == 1)
  }
}
#endif
