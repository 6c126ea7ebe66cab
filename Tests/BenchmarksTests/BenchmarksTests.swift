import ArgumentParser
import Kernels
import Testing

@testable import Benchmarks

@Suite struct BenchmarksTests {
  @Test func everyOptionIsRead() throws {
    let command = try Benchmarks.parse([
      "--only", "speed", "--cells", "lstm,gru", "--paths", "blas", "--shape", "7,2,3,5", "--shape", "tiny", "--threads",
      "1,2", "--type", "double", "--seconds", "12.5", "--ragged", "--json", "f.json", "--trajectories", "folder",
    ])
    #expect(command.only == .speed && command.cells == [.lstm, .gru] && command.paths == [.blas])
    #expect(command.shape == [Shape(7, 2, 3, 5), Shape(50, 4, 2, 32)] && command.threads == [1, 2])
    #expect(command.type == .double && command.seconds == 12.5 && command.ragged)
    #expect(command.json == "f.json" && command.trajectories == "folder")
  }

  @Test func theWorkersFlagIsReadAndNotShown() throws {
    #expect(try Benchmarks.parse(["--worker"]).worker)
    #expect(!Benchmarks.helpMessage().contains("worker"))
  }

  @Test(arguments: [
    ["--only", "both"], ["--cells", "lstm,"], ["--cells", "LSTM"], ["--paths", "cuda"], ["--shape", "1,2,3"],
    ["--threads", "0"], ["--threads", "1,x"], ["--type", "half"], ["--seconds", "0"], ["--seconds", "nan"], ["extra"],
  ])
  func badArgumentsEndWithTheCodeForUsage(_ arguments: [String]) {
    do {
      _ = try Benchmarks.parse(arguments)
      Issue.record("\(arguments) was taken")
    } catch {
      #expect(Benchmarks.exitCode(for: error) == .validationFailure)
    }
  }

  @Test(arguments: [["--json", "/no/such/folder/r.json"], ["--only", "learning", "--trajectories", "/no/such"]])
  func badFilesEndWithCode2(_ arguments: [String]) throws {
    let command = try Benchmarks.parse(arguments)
    let code = #expect(throws: ExitCode.self) { try command.run() }
    #expect(code?.rawValue == 2)
  }
}
