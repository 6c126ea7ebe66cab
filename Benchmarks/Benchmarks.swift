#if Tools
import ArgumentParser
import DataIO
import Foundation
import Kernels
import Tasks
import ToolSupport

/// The speed of this package on this machine.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "Benchmarks",
    abstract: "Measures what recurrent networks cost on this machine and what they learn.",
    discussion: """
      Without options: every cell on the standard shapes, then step by step, then the motion of simulated balls, in at
      most three minutes.
      Operations are counted as 2·N·G·H·(I+H) forward, with N rows in the batch and G = 1, 4, 3 gates for RNN, LSTM and
      GRU, and as three times that forward and backward. The ceiling is what the cores could do with data in registers.
      Exit codes: 0; 1 if --compare found something slower; 2 if a file cannot be read or written; 64 for wrong options.
      """,
    version: PackageVersion.current)

  /// Runs what the command line asks for, and ends with its exit code.
  static func main() {
    ToolProcess.prepare()
    do {
      var command = try parseAsRoot()
      if let problem = EngineEnvironment.invalidValues.first {
        StandardStream.error.log("Error: \(problem)\n")
        throw ExitCode(2)
      }
      EngineEnvironment.reportProblems
      try command.run()
    } catch {
      end(because: error)
    }
  }

  private static func end(because error: any Error) -> Never {
    if let error = error as? OutputError {
      if !error.isClosedPipe { StandardStream.error.log("Error: \(error)\n") }
      Foundation.exit(EXIT_FAILURE)
    }
    let code = exitCode(for: error)
    let message = error is ExitCode ? "" : fullMessage(for: error) + "\n"
    do { try (code.isSuccess ? StandardStream.output : .error).write(message) } catch  where code.isSuccess {
      end(because: error)
    } catch {}
    Foundation.exit(code.rawValue)
  }

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case speed, streaming, streams, learning
  }

  @Option(
    help: """
      Run one part only. The part streams, many sessions of one prepared model, runs where it is asked for.
      """)
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

  @Option(
    help: """
      Time for the speed and the streaming part, in seconds. Streaming takes a tenth of it where both run, and \
      \(fixed(Self.maxStreamingSeconds, decimals: 0)) at most.
      """)
  var seconds = 125.0

  @Flag(help: "Sequences of unequal length, uniform in 5 % to 100 % of T.")
  var ragged = false

  @Option(help: ArgumentHelp("Also write the measurements to this file.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      """
      Compare with an earlier run's --json, under the ceilings of both, and list what got slower by more than the noise \
      that was measured. Exit code 1 if anything did.
      """, valueName: "file"))
  var compare: String?

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
    if compare != nil, only == .learning || only == .streams {
      throw ValidationError("--compare compares the speed and the streaming part, and --only \(only!) measures neither")
    }
  }

  func run() throws {
    guard !worker else {
      OpenBLASInformation.adoptFasterCore()
      var worker = PeerWorker()
      return try worker.serve()
    }
    do {
      if Machine.isDebugBuild {
        try say("This is a debug build: its figures mean nothing. For real ones: swift run -c release Benchmarks\n")
      }
      // Before anything is timed, so that a mistyped path fails at once.
      try checkThatReportCanBeWritten()
      let baseline = try readBaseline()
      var folds: [TrajectoryFold]?
      if let trajectories { folds = try TrajectoryFolds.read(folder: trajectories) }

      let hasChosenCore = OpenBLASInformation.adoptFasterCore()
      let progress = ProgressLine()
      var comparison: BaselineComparison?
      if only != .learning {
        comparison = try measure(progress, hasChosenCore: hasChosenCore, comparingWith: baseline)
      }
      if only == nil || only == .learning { try learn(from: folds, progress) }
      if let comparison {
        try say("\n\(comparison)")
        if !comparison.slower.isEmpty { throw ExitCode(1) }
      }
    } catch let error as DataError {
      StandardStream.error.log("Error: \(error)\n")
      throw ExitCode(2)
    }
  }

  /// The limit on the time of streaming, in seconds: more does not change its tables.
  private static let maxStreamingSeconds = 10.0

  /// Time for measuring slower rows again, in seconds, unless the minimum number of repetitions takes longer.
  private static let remeasuringSeconds = 15.0

  /// The seconds of each part that times something.
  private var budget: (speed: Double, streaming: Double) {
    switch only {
    case nil:
      let streaming = min(Self.maxStreamingSeconds, seconds / 10)
      return (seconds - streaming, streaming)
    case .streaming: return (0, min(Self.maxStreamingSeconds, seconds))
    case .speed, .streams, .learning: return (seconds, 0)
    }
  }

  /// Measures and writes the report; compares it with `baseline` if there is one.
  private func measure(
    _ progress: ProgressLine, hasChosenCore: Bool, comparingWith baseline: Report?
  ) throws -> BaselineComparison? {
    progress.show("measuring the ceiling")
    let machine = Machine.measured()
    progress.clear()
    try say(machine)
    if hasChosenCore {
      try say("                which were chosen here: this OpenBLAS does not know the processor")
    } else if let core = OpenBLASInformation.fasterCore {
      try say("                which are not the fastest here: try OPENBLAS_CORETYPE=\(core)")
    }

    let (start, waitedBefore) = (ContinuousClock.now, Machine.secondsWaitedForACore())
    var report = Report(machine: machine, measurements: [])
    if only == nil || only == .speed { report.measurements = try measureSpeed(on: machine, progress) }
    if only == nil || only == .streaming { report.streaming = try measureStreaming(on: machine, progress) }
    if only == .streams { report.streams = try measureStreams(progress) }
    report.ceilingNoise = machine.ceilingNoise()
    if let baseline { try remeasureSlower(at: &report, comparingWith: baseline, progress) }
    if let waitedBefore, let waited = Machine.secondsWaitedForACore() {
      report.waitingShare = max(0, waited - waitedBefore) / ((ContinuousClock.now - start) / .seconds(1))
    }
    if let json {
      do {
        try report.write(to: json)
      } catch {
        throw DataError(file: json, reason: "cannot be written: \(error.localizedDescription)")
      }
    }
    return try baseline.map { baseline in
      let comparison = BaselineComparison(of: report, with: baseline)
      guard !comparison.rows.isEmpty else {
        // A comparison of no rows must not pass.
        throw DataError(file: compare ?? "", reason: "has no measurement in common with this run")
      }
      return comparison
    }
  }

  /// Measures the rows that seem slower than `baseline` once more and keeps the better: a disturbance of the machine
  /// has usually ended by then.
  private func remeasureSlower(at report: inout Report, comparingWith baseline: Report, _ progress: ProgressLine) throws
  {
    let suspects = Set(BaselineComparison(of: report, with: baseline).slower.map(\.measurement))
    guard !suspects.isEmpty else { return }
    progress.show("timing \(suspects.count) once more that seem slower")
    let share = min(2, Self.remeasuringSeconds / Double(suspects.count))
    for (index, row) in report.measurements.enumerated() where suspects.contains(.speed(row)) {
      report.measurements[index] = try SpeedBenchmark.remeasured(row, within: share, on: report.machine)
    }
    for (index, row) in report.streaming.enumerated() where suspects.contains(.streaming(row)) {
      report.streaming[index] = try StreamingBenchmark.remeasured(row, within: share, on: report.machine)
    }
    progress.clear()
  }

  private func measureSpeed(on machine: Machine, _ progress: ProgressLine) throws -> [Measurement] {
    let result = try SpeedBenchmark(
      cells: cells, paths: paths, shapes: shape.isEmpty ? Shape.named.map(\.shape) : shape, threads: threads,
      type: type,
      isRagged: ragged, budget: budget.speed
    ).run(on: machine, progress: progress)
    try say("\n\(SpeedTable(measurements: result.measurements))")
    if !result.omissions.isEmpty {
      try say("Left out, because --seconds \(fixed(seconds, decimals: 0)) is too short for them:")
      for omission in result.omissions { try say("  \(omission)") }
    }
    return result.measurements
  }

  private func measureStreaming(on machine: Machine, _ progress: ProgressLine) throws -> [StreamingMeasurement] {
    let result = try StreamingBenchmark(cells: cells, paths: paths, type: type, budget: budget.streaming)
      .run(on: machine, progress: progress)
    let table = StreamingTable(measurements: result.measurements, clockNanoseconds: result.clockNanoseconds)
    try say("\n\(table)")
    return result.measurements
  }

  private func measureStreams(_ progress: ProgressLine) throws -> [StreamsRecord] {
    let records = try StreamsBenchmark(budget: min(Self.maxStreamingSeconds, seconds)).run(progress: progress)
    try say("\n\(StreamsTable(records: records))")
    return records
  }

  private func learn(from folds: [TrajectoryFold]?, _ progress: ProgressLine) throws {
    let benchmark = folds.map { LearningBenchmark(folds: $0) } ?? .simulated()
    try say("\n\(benchmark.table(of: try benchmark.run(progress: progress)))")
  }

  /// The report to compare with, if one is asked for.
  private func readBaseline() throws(DataError) -> Report? {
    guard let compare else { return nil }
    let baseline = try Report.read(from: compare)
    guard baseline.machine.isDebugBuild == Machine.isDebugBuild else {
      let (there, here) = Machine.isDebugBuild ? ("release", "debug") : ("debug", "release")
      throw DataError(file: compare, reason: "was written by a \(there) build, and this is a \(here) build")
    }
    return baseline
  }

  private func checkThatReportCanBeWritten() throws(DataError) {
    guard let json else { return }
    let folder = URL(fileURLWithPath: json).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else { throw DataError(file: json, reason: "its folder cannot be written to") }
  }
}

/// Prints `something` at once, also into a pipe or a file: the next part may take a minute.
func say(_ something: Any) throws { try StandardStream.output.write("\(something)\n") }

/// Reads values separated by commas, each with `read`.
private func list<Value>(_ text: String, _ read: (String) -> Value?) throws -> [Value] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
    guard let value = read(String(name)) else { throw ValidationError("‘\(name)’ is not one of the values") }
    return value
  }
}
#else
import Foundation
import ToolSupport

/// Stands in for the tool where the package is built without its trait.
@main
enum Benchmarks {
  /// Says how to get it.
  static func main() {
    StandardStream.error.log(
      "Error: built without the package trait Tools, which --traits default,HDF5 keeps beside HDF5\n")
    exit(1)
  }
}
#endif
