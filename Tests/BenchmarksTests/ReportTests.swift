#if Tools
import DataIO
import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONSerialization
import struct Foundation.URL
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct ReportTests {
  static let machine = Machine(
    processor: "P", instructionSet: "avx2", openBLASVersion: "1.2.3", openBLASCore: "C", threads: 2,
    ceilingPerCore: ["float": 100, "double": 50], isDebugBuild: false)

  static let report: Report = {
    let batch = Workload(cell: .lstm, pass: .training, type: .float, shape: Shape(7, 2, 3, 5), lengths: [7, 4])
    let step = Workload(cell: .gru, pass: .inference, type: .double, shape: Shape(1, 1, 3, 5), lengths: [1])
    let timing = [UInt32](1...10).withUnsafeBufferPointer {
      StreamingTiming(samples: $0, roundLength: 5, blockMeans: [6], clockNanoseconds: 0)
    }
    return Report(
      machine: machine,
      measurements: [
        Measurement(
          of: batch, path: "naive", threads: 1, isRagged: true, timing: Timing(of: [1e-3, 3e-3, 2e-3]),
          ceilingPerCore: 100)
      ], streaming: [StreamingMeasurement(of: step, path: "blas", timing: timing, ceilingPerCore: 50)],
      ceilingNoise: ["float": 0.25, "double": 0.125], waitingShare: 0.5)
  }()

  @Test func aWrittenReportIsReadBack() throws {
    try withTemporaryFolder { folder in
      try Self.report.write(to: folder + "/r.json")
      #expect(try Report.read(from: folder + "/r.json") == Self.report)
      #expect(fileNames(in: folder) == ["r.json"])
    }
  }

  @Test func theFileIsAnObjectWhoseRecordsHaveThePromisedNames() throws {
    try withTemporaryFolder { folder in
      try Self.report.write(to: folder + "/r.json")
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/r.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(Set(object.keys) == ["machine", "measurements", "streaming", "streams", "ceilingNoise", "waitingShare"])
      let batch = try #require(object["measurements"] as? [[String: Any]])[0]
      #expect(
        Set(batch.keys) == [
          "cell", "pass", "path", "type", "T", "B", "I", "H", "threads", "ragged", "bestSeconds", "medianSeconds",
          "gflops", "ceilingShare", "noise",
        ])
      #expect(batch["cell"] as? String == "lstm" && batch["pass"] as? String == "training")
      let step = try #require(object["streaming"] as? [[String: Any]])[0]
      #expect(
        Set(step.keys) == [
          "cell", "path", "type", "I", "H", "steps", "fastestNanoseconds", "medianNanoseconds",
          "percentile99Nanoseconds", "percentile999Nanoseconds", "meanNanoseconds", "bestRoundNanoseconds", "gflops",
          "ceilingShare", "noise",
        ])
    }
  }

  /// A report in the form of the first version, which knew neither streaming nor noise.
  static func oldReport(
    best: String = "0.001", ceiling: String = #""float": 100"#, cell: String = "lstm", more: String = ""
  ) -> String {
    """
    {"machine": {"processor": "P", "instructionSet": "avx2", "openBLASVersion": "1", "openBLASCore": "C", "threads": 2,
    "ceilingPerCore": {\(ceiling)}, "isDebugBuild": false}, "measurements": [{"cell": "\(cell)", "pass": "training",
    "path": "naive", "type": "float", "T": 7, "B": 2, "I": 3, "H": 5, "threads": 1, "ragged": true, "bestSeconds":
    \(best), "medianSeconds": 0.002, "gflops": 1, "ceilingShare": 0.01}]\(more)}
    """
  }

  @Test func reportsOfEarlierAndLaterVersionsAreRead() throws {
    for text in [Self.oldReport(), Self.oldReport(more: #", "weather": {"rain": [1]}"#)] {
      try withTemporaryFile(text.utf8) { path in
        let report = try Report.read(from: path)
        #expect(report.measurements.count == 1 && report.measurements[0].noise == nil)
        #expect(report.streaming.isEmpty && report.ceilingNoise == nil)
      }
    }
  }

  @Test(arguments: [
    ("", "is no report"), ("weights", "is no report"), ("[1, 2]", "is no report"), ("{}", "“machine” is missing"),
    (oldReport(cell: "transformer"), "measurements[0].cell"), (oldReport(best: "0"), "measurements[0]"),
    (oldReport(best: "-1"), "measurements[0]"), (oldReport(best: "\"fast\""), "measurements[0].bestSeconds"),
    (oldReport(best: "0.003"), "measurements[0]"), (oldReport(ceiling: ""), "ceilingPerCore has nothing for float"),
    (oldReport(ceiling: #""float": 0"#), "ceilingPerCore has 0.0 for float"),
    (oldReport(more: #", "ceilingNoise": {"float": -1}"#), "ceilingNoise"),
    (oldReport(more: #", "streaming": [{"cell": "rnn"}]"#), "streaming[0]"),
    (oldReport(more: #", "streaming": 7"#), "streaming"),
  ])
  func invalidReportsAreRefusedWithNameAndReason(text: String, reason: String) throws {
    try withTemporaryFile(text.utf8) { path in
      let error = #expect(throws: DataError.self) { try Report.read(from: path) }
      #expect(error?.file == path && error?.reason.contains(reason) == true, "\(String(describing: error))")
    }
  }

  @Test func aFileThatIsNotThereOrIsAFolderIsNamed() throws {
    try withTemporaryFolder { folder in
      for path in [folder, folder + "/none.json"] {
        let error = #expect(throws: DataError.self) { try Report.read(from: path) }
        #expect(error?.file == path && error?.reason.contains("cannot be read") == true)
      }
    }
  }
}
#endif
