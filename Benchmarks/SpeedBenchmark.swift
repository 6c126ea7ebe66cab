#if Tools
import Kernels

/// The speed part: every cell, pass and path on every shape that fits the time.
struct SpeedBenchmark {
  var cells: [CellKind]
  var paths: [ComputePath]
  var shapes: [Shape]
  var threads: [Int]
  var type: NumberType
  var isRagged: Bool
  /// Time for all of it, in seconds.
  var budget: Double

  /// The limit on the time of one workload, in seconds: more does not improve the best repetition.
  static let maxWorkloadSeconds = 6.0

  /// Measurements, and workloads left out because they would have taken too long.
  struct Result {
    var measurements: [Measurement] = []
    var omissions: [String] = []
  }

  func run(on machine: Machine, progress: ProgressLine) throws -> Result {
    var result = Result()
    let stopwatch = Stopwatch()
    let end = stopwatch.now() + budget
    // Seconds for an operation, from the largest workload so far, to predict the time of larger ones.
    var secondsPerOperation: [Execution: Double] = [:]

    let workloads = workloads
    for (index, workload) in workloads.enumerated() {
      progress.show("\(index + 1)/\(workloads.count) \(workload.cell) \(workload.pass) \(workload.shape)")
      let share = min(Self.maxWorkloadSeconds, max(0, end - stopwatch.now()) / Double(workloads.count - index))
      // A warm-up and the minimum number of repetitions.
      let operations = Double(1 + stopwatch.repetitions.lowerBound) * workload.floatingPointOperations
      let contenders = executions.filter { operations * (secondsPerOperation[$0] ?? 0) <= share }
      let timings = stopwatch.interleaved(try contenders.map { try workload.body($0) }, within: share)
      for (execution, timing) in zip(contenders, timings) {
        secondsPerOperation[execution] = timing.median / workload.floatingPointOperations
        result.measurements.append(
          Measurement(
            of: workload, path: execution.path.rawValue, threads: execution.threads, isRagged: isRagged, timing: timing,
            ceilingPerCore: machine.ceilingPerCore[type.rawValue] ?? 0))
      }
      for execution in executions where !contenders.contains(execution) {
        result.omissions.append(
          "\(workload.cell) \(workload.pass) \(workload.shape) \(execution.path), threads \(execution.threads)")
      }
    }
    progress.clear()
    return result
  }

  /// Times once more what `measurement` is of, and gives the faster of the two.
  static func remeasured(
    _ measurement: Measurement, within seconds: Double, on machine: Machine
  ) throws -> Measurement {
    guard let path = ComputePath(rawValue: measurement.path) else { return measurement }
    let shape = Shape(measurement.T, measurement.B, measurement.I, measurement.H)
    let workload = Workload(
      cell: measurement.cell, pass: measurement.pass, type: measurement.type, shape: shape,
      lengths: Workload.lengths(of: shape, isRagged: measurement.ragged))
    let execution = Execution(path: path, threads: measurement.threads)
    let timing = Stopwatch().interleaved([try workload.body(execution)], within: seconds)[0]
    guard timing.best < measurement.bestSeconds else { return measurement }
    return Measurement(
      of: workload, path: measurement.path, threads: measurement.threads, isRagged: measurement.ragged, timing: timing,
      ceilingPerCore: machine.ceilingPerCore[measurement.type.rawValue] ?? 0)
  }

  /// Paths and threads that every workload is timed with. The naive path knows one thread.
  private var executions: [Execution] {
    paths.flatMap { path in (path == .naive ? [1] : threads).map { Execution(path: path, threads: $0) } }
  }

  /// Ordered by work, so that small workloads leave their time to large ones.
  private var workloads: [Workload] {
    let all = shapes.flatMap { shape in
      let lengths = Workload.lengths(of: shape, isRagged: isRagged)
      return cells.flatMap { cell in
        Pass.allCases.map { Workload(cell: cell, pass: $0, type: type, shape: shape, lengths: lengths) }
      }
    }
    return all.sorted { $0.floatingPointOperations < $1.floatingPointOperations }
  }
}
#endif
