import ArgumentParser
import DataIO
import Foundation
import Kernels
import Tasks

/// The main job: what this package does on this machine.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "Benchmarks",
    abstract: "Measures what recurrent networks cost on this machine and what they learn.",
    discussion: """
      Without options: every cell on the standard shapes, then the motion of simulated balls, in at most three minutes.
      Operations are counted as 2·N·G·H·(I+H) forward, with N rows in the batch and G = 1, 4, 3 gates for RNN, LSTM and
      GRU, and as three times that forward and backward. The ceiling is what the cores could do with data in registers.
      """)

  /// A part of the job.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case speed, learning
  }

  @Option(help: "Run one part only.")
  var only: Part?

  @Option(
    help: "Cells to time, separated by commas: rnn, lstm, gru.", transform: { try list($0, CellKind.init(rawValue:)) })
  var cells: [CellKind] = CellKind.allCases

  @Option(
    help: "Paths to time, separated by commas: \(ComputePath.allCases.map(\.rawValue).joined(separator: ", ")).",
    transform: { try list($0, ComputePath.init(rawValue:)) })
  var paths: [ComputePath] = ComputePath.allCases

  @Option(
    help: ArgumentHelp(
      "A shape to time instead of the standard ones, which may also be named: "
        + "\(Shape.named.map(\.name).joined(separator: ", ")). May be repeated.", valueName: "T,B,I,H"))
  var shape: [Shape] = []

  @Option(help: "Numbers of threads to time, separated by commas.", transform: { try list($0) { Int($0) } })
  var threads: [Int] = ThreadBudget.available == 1 ? [1] : [1, ThreadBudget.available]

  @Option(help: "Number type to time.")
  var type = NumberType.float

  @Option(help: "Time for the speed part, in seconds.")
  var seconds = 125.0

  @Flag(help: "Sequences of unequal length, uniform in 5 % to 100 % of T.")
  var ragged = false

  @Option(help: ArgumentHelp("Also write the speed measurements to this file.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Learn from the recorded tracks in the .txt files of this folder (frame, id, x, y), leaving one scene out.",
      valueName: "folder"))
  var trajectories: String?

  /// For `Scripts/compare-peers.sh` alone.
  @Flag(help: .hidden) var worker = false

  func validate() throws {
    guard (0.1...86_400).contains(seconds) else {
      throw ValidationError("--seconds takes a number from 0.1 to 86400, not \(seconds)")
    }
    if let wrong = threads.first(where: { !(1...1024).contains($0) }) {
      throw ValidationError("--threads takes numbers from 1 to 1024, not \(wrong)")
    }
  }

  func run() throws {
    guard !worker else {
      OpenBLASInformation.adoptFasterCore()
      var worker = PeerWorker()
      return worker.serve()
    }
    do {
      if Machine.isDebugBuild {
        say("This is a debug build: its figures mean nothing. For real ones: swift run -c release Benchmarks\n")
      }
      // Before anything is timed: who mistyped a path should not wait.
      try checkThatReportCanBeWritten()
      var folds: [TrajectoryFold]?
      if let trajectories { folds = try TrajectoryFolds.read(folder: trajectories) }

      let hasChosenCore = OpenBLASInformation.adoptFasterCore()
      let progress = ProgressLine()
      if only != .learning { try measureSpeed(progress, hasChosenCore: hasChosenCore) }
      if only != .speed { try learn(from: folds, progress) }
    } catch let error as DataError {
      FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
      throw ExitCode(2)
    }
  }

  private func measureSpeed(_ progress: ProgressLine, hasChosenCore: Bool) throws {
    progress.show("measuring the ceiling")
    let machine = Machine.measured()
    progress.clear()
    say(machine)
    if hasChosenCore {
      say("                which were chosen here: this OpenBLAS does not know the processor")
    } else if let core = OpenBLASInformation.fasterCore {
      say("                which are not the fastest here: try OPENBLAS_CORETYPE=\(core)")
    }

    let result = try SpeedBenchmark(
      cells: cells, paths: paths, shapes: shape.isEmpty ? Shape.named.map(\.shape) : shape, threads: threads,
      type: type,
      isRagged: ragged, budget: seconds
    ).run(on: machine, progress: progress)
    say("\n\(SpeedTable(measurements: result.measurements))")
    if !result.omissions.isEmpty {
      say("Left out, because --seconds \(fixed(seconds, decimals: 0)) is too short for them:")
      for omission in result.omissions { say("  \(omission)") }
    }
    guard let json else { return }
    do {
      try Report(machine: machine, measurements: result.measurements).write(to: json)
    } catch {
      throw DataError(file: json, reason: "cannot be written: \(error.localizedDescription)")
    }
  }

  private func learn(from folds: [TrajectoryFold]?, _ progress: ProgressLine) throws {
    let benchmark = folds.map { LearningBenchmark(folds: $0) } ?? .simulated()
    say("\n\(benchmark.table(of: try benchmark.run(progress: progress)))")
  }

  private func checkThatReportCanBeWritten() throws(DataError) {
    guard let json else { return }
    let folder = URL(fileURLWithPath: json).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else { throw DataError(file: json, reason: "its folder cannot be written to") }
  }
}

/// Prints `something` at once, also into a pipe or a file: the next part may take a minute.
private func say(_ something: Any) {
  print(something)
  fflush(nil)
}

/// Reads values separated by commas, each with `read`.
private func list<Value>(_ text: String, _ read: (String) -> Value?) throws -> [Value] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
    guard let value = read(String(name)) else { throw ValidationError("‘\(name)’ is not one of the values") }
    return value
  }
}
