#if Tools
import ArgumentParser
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite struct BenchmarksTests {
  @Test func everyOptionIsRead() throws {
    let command = try Benchmarks.parse([
      "--only", "speed", "--cells", "lstm,gru", "--paths", "blas", "--shape", "7,2,3,5", "--shape", "tiny", "--threads",
      "1,2", "--type", "double", "--seconds", "12.5", "--ragged", "--json", "f.json", "--compare", "b.json",
      "--trajectories",
      "folder",
    ])
    #expect(command.only == .speed && command.cells == [.lstm, .gru] && command.paths == [.blas])
    #expect(command.shape == [Shape(7, 2, 3, 5), Shape(50, 4, 2, 32)] && command.threads == [1, 2])
    #expect(command.type == .double && command.seconds == 12.5 && command.ragged)
    #expect(command.json == "f.json" && command.compare == "b.json" && command.trajectories == "folder")
  }

  @Test func theWorkersFlagIsReadAndNotShown() throws {
    #expect(try Benchmarks.parse(["--worker"]).worker)
    #expect(!Benchmarks.helpMessage().contains("worker"))
  }

  @Test func theVersionIsTheChangelogsFirst() throws {
    let answer = #expect(throws: (any Error).self) { try Benchmarks.parse(["--version"]) }
    #expect(try Benchmarks.message(for: #require(answer)) == Changelog.firstVersion())
  }

  @Test(arguments: [
    ["--only", "both"], ["--cells", "lstm,"], ["--cells", "LSTM"], ["--paths", "cuda"], ["--shape", "1,2,3"],
    ["--threads", "0"], ["--threads", "1,x"], ["--type", "half"], ["--seconds", "0"], ["--seconds", "nan"], ["extra"],
    ["--only", "learning", "--compare", "b.json"],
  ])
  func badArgumentsEndWithTheCodeForUsage(_ arguments: [String]) {
    do {
      _ = try Benchmarks.parse(arguments)
      Issue.record("\(arguments) was taken")
    } catch {
      #expect(Benchmarks.exitCode(for: error) == .validationFailure)
    }
  }

  @Test(arguments: [
    ["--json", "/no/such/folder/r.json"], ["--only", "learning", "--trajectories", "/no/such"],
    ["--compare", "/no/such"],
  ])
  func badFilesEndWithCode2(_ arguments: [String]) throws {
    let command = try Benchmarks.parse(arguments)
    let code = #expect(throws: ExitCode.self) { try command.run() }
    #expect(code?.rawValue == 2)
  }

  /// A run that is over in a moment, of one small batch.
  static let shortRun = [
    "--only", "speed", "--cells", "rnn", "--paths", "naive", "--shape", "3,2,5,7", "--seconds", "0.1",
  ]

  @Test func aBaselineThatWasFasterEndsWithCode1AndOneThatWasNotWith0() throws {
    try withTemporaryFolder { folder in
      let (before, faster) = (folder + "/before.json", folder + "/faster.json")
      try Benchmarks.parse(Self.shortRun + ["--json", before]).run()
      var report = try Report.read(from: before)
      func scale(_ factor: Double) {
        for index in report.measurements.indices {
          report.measurements[index].bestSeconds *= factor
          report.measurements[index].medianSeconds *= factor
        }
      }
      scale(1e-4)
      try report.write(to: faster)
      let code = #expect(throws: ExitCode.self) { try Benchmarks.parse(Self.shortRun + ["--compare", faster]).run() }
      #expect(code?.rawValue == 1)
      scale(1e8)
      try report.write(to: before)
      try Benchmarks.parse(Self.shortRun + ["--compare", before]).run()
    }
  }

  @Test func aBaselineOfAnotherBuildOrOfOtherMeasurementsEndsWithCode2() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/b.json"
      for isOfAnotherBuild in [true, false] {
        var report = ReportTests.report
        report.machine.isDebugBuild = Machine.isDebugBuild != isOfAnotherBuild
        try report.write(to: path)
        let code = #expect(throws: ExitCode.self) { try Benchmarks.parse(Self.shortRun + ["--compare", path]).run() }
        #expect(code?.rawValue == 2)
      }
    }
  }
}
#endif
