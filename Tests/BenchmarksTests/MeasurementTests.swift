import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONSerialization
import struct Foundation.URL
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct MeasurementTests {
  let machine = Machine(
    processor: "P", instructionSet: "avx2", openBLASVersion: "1.2.3", openBLASCore: "C", threads: 2,
    ceilingPerCore: ["float": 100, "double": 50], isDebugBuild: false)

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
  }

  @Test func theReportIsAnObjectWhoseMeasurementsHaveThePromisedNames() throws {
    try withTemporaryFolder { folder in
      let report = Report(machine: machine, measurements: [measurement(path: .naive, threads: 1, best: 1e-3)])
      try report.write(to: folder + "/r.json")
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/r.json"))
      let decoded = try JSONDecoder().decode(Report.self, from: data)
      #expect(decoded == report)
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let records = try #require(object["measurements"] as? [[String: Any]])
      #expect(
        Set(records[0].keys) == [
          "cell", "pass", "path", "type", "T", "B", "I", "H", "threads", "ragged", "bestSeconds", "medianSeconds",
          "gflops", "ceilingShare",
        ])
      #expect(records[0]["cell"] as? String == "lstm" && records[0]["pass"] as? String == "training")
      #expect(fileNames(in: folder) == ["r.json"])
    }
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
