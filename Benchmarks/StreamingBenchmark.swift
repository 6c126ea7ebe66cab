#if Tools
import Glibc
import Kernels
import Models

/// The streaming part: one step of one sequence at a time on one thread, each step timed by itself.
///
/// The speed part times batches. Filtering a signal needs the latency of a step, and of the slowest in a thousand.
struct StreamingBenchmark {
  var cells: [CellKind]
  var paths: [ComputePath]
  var type: NumberType
  /// Time for all of it, in seconds.
  var budget: Double
  /// Inputs and hidden units: those of small audio and control models.
  var sizes: [(inputs: Int, hidden: Int)] = [(1, 16), (1, 32), (1, 64), (64, 128)]

  /// Visits of each row, so that a slow minute of the machine affects all rows alike.
  static let visits = 4

  struct Result {
    var measurements: [StreamingMeasurement] = []
    /// The time of reading the clock, which is subtracted from every step that is timed alone.
    var clockNanoseconds = 0.0
  }

  func run(on machine: Machine, progress: ProgressLine?) throws -> Result {
    let ceiling = machine.ceilingPerCore[type.rawValue] ?? 0
    var rows: [(workload: Workload, path: ComputePath, recording: StreamingRecording)] = []
    for cell in cells {
      for (inputs, hidden) in sizes {
        let workload = Workload(
          cell: cell, pass: .inference, type: type, shape: Shape(1, 1, inputs, hidden), lengths: [1])
        for path in timedPaths {
          rows.append((workload, path, StreamingRecording(of: try StreamingSteps(workload, path: path))))
        }
      }
    }
    let clock = StreamingRecording.clockNanoseconds()
    let (stopwatch, visits) = (Stopwatch(), Self.visits * rows.count)
    let end = stopwatch.now() + budget
    for visit in 0..<visits {
      let (workload, path, recording) = rows[visit % rows.count]
      progress?.show("streaming \(visit + 1)/\(visits): \(workload.cell) \(workload.shape) \(path)")
      let remaining = max(0, end - stopwatch.now())
      recording.record(
        within: remaining / Double(visits - visit), maxRounds: StreamingRecording.maxRounds / Self.visits)
    }
    progress?.clear()
    return Result(
      measurements: rows.map { workload, path, recording in
        StreamingMeasurement(
          of: workload, path: path.rawValue, timing: recording.timing(clockNanoseconds: clock), ceilingPerCore: ceiling)
      }, clockNanoseconds: clock)
  }

  /// Times once more what `measurement` is of, and gives the one with the better round.
  static func remeasured(
    _ measurement: StreamingMeasurement, within seconds: Double, on machine: Machine
  ) throws -> StreamingMeasurement {
    guard let path = ComputePath(rawValue: measurement.path) else { return measurement }
    let benchmark = StreamingBenchmark(
      cells: [measurement.cell], paths: [path], type: measurement.type, budget: seconds,
      sizes: [(measurement.I, measurement.H)])
    let again = try benchmark.run(on: machine, progress: nil).measurements[0]
    return again.bestRoundNanoseconds < measurement.bestRoundNanoseconds ? again : measurement
  }

  /// Without the naive path, unless it is the only one: it is not meant for streaming and would take most of the time.
  private var timedPaths: [ComputePath] {
    let fast = paths.filter { $0 != .naive }
    return fast.isEmpty ? paths : fast
  }
}

/// The times of single steps, in nanoseconds, net of reading the clock.
struct StreamingTiming: Hashable {
  /// Steps that were timed alone.
  var steps: Int
  var fastest: Double
  var median: Double
  var percentile99: Double
  var percentile999: Double
  /// The mean over blocks of steps, with the clock read between blocks only.
  var mean: Double
  /// The lowest of the medians of the rounds: the median step while the machine was at its best.
  var bestRound: Double
  /// The relative noise of the best round from run to run: how far the middle one of the rounds' medians is above it.
  /// The same statistic as ``Timing/noise``, for the same reason.
  var noise: Double

  /// The timing of `samples`, which must not be empty, in rounds of `roundLength`.
  init(
    samples: UnsafeBufferPointer<UInt32>, roundLength: Int, blockMeans: [Double], clockNanoseconds: Double
  ) {
    func net(_ nanoseconds: UInt32) -> Double { max(0, Double(nanoseconds) - clockNanoseconds) }
    let sorted = samples.sorted()
    steps = sorted.count
    fastest = net(sorted[0])
    median = net(Self.percentile(perMille: 500, of: sorted))
    percentile99 = net(Self.percentile(perMille: 990, of: sorted))
    percentile999 = net(Self.percentile(perMille: 999, of: sorted))
    mean = blockMeans.reduce(0, +) / Double(blockMeans.count)
    let roundMedians = stride(from: 0, to: samples.count, by: roundLength).map { start in
      let round = samples[start..<min(start + roundLength, samples.count)].sorted()
      return net(Self.percentile(perMille: 500, of: round))
    }.sorted()
    bestRound = roundMedians[0]
    noise = bestRound > 0 ? Self.percentile(perMille: 500, of: roundMedians) / bestRound - 1 : 0
  }

  /// The smallest of `sorted` that so many in a thousand do not exceed (nearest rank).
  static func percentile<Value>(perMille: Int, of sorted: [Value]) -> Value {
    sorted[max(0, (perMille * sorted.count + 999) / 1000 - 1)]
  }
}

/// Steps of a layer from its current state, on inputs that are never zero and change at every step.
struct StreamingSteps {
  /// Runs `count` steps.
  var run: (_ count: Int) -> Void
  /// Runs a step for each element, and puts into it the nanoseconds from one reading of the clock to the next.
  var time: (UnsafeMutableBufferPointer<UInt32>) -> Void

  /// The period of the inputs: more than a processor's predictors learn, and small enough for its cache.
  static let inputSteps = 1024

  /// The steps of `workload`'s cell, sizes and type on `path`, from the zero state.
  init(_ workload: Workload, path: ComputePath) throws {
    let (inputs, hidden) = (workload.shape.inputs, workload.shape.hidden)
    // Each cell and type is spelled out, so that the timed call is that of a program.
    switch (workload.cell, workload.type) {
    case (.rnn, .float): self.init(try RecurrentLayer<Float>(.vanilla, inputSize: inputs, hiddenSize: hidden), path)
    case (.rnn, .double): self.init(try RecurrentLayer<Double>(.vanilla, inputSize: inputs, hiddenSize: hidden), path)
    case (.lstm, .float): self.init(try LSTM<Float>(inputSize: inputs, hiddenSize: hidden), path)
    case (.lstm, .double): self.init(try LSTM<Double>(inputSize: inputs, hiddenSize: hidden), path)
    case (.gru, .float): self.init(try RecurrentLayer<Float>(.gru, inputSize: inputs, hiddenSize: hidden), path)
    case (.gru, .double): self.init(try RecurrentLayer<Double>(.gru, inputSize: inputs, hiddenSize: hidden), path)
    }
  }

  private init<Scalar>(_ layer: RecurrentLayer<Scalar>, _ path: ComputePath) {
    var layer = layer
    layer.execution = Execution(path: path, threads: 1)
    let stepper = LayerStepper(layer, inputSteps: Self.inputSteps)
    run = { stepper.run($0) }
    time = { stepper.time($0) }
  }
}

/// A layer with its current state.
private final class LayerStepper<Scalar: BLASScalar> {
  private let layer: RecurrentLayer<Scalar>
  private var state: RecurrentState<Scalar>
  private var outputs: [Scalar]
  /// `[inputSteps × I]`, a power of two of rows.
  private let inputs: [Scalar]
  private let inputSteps: Int
  private var step = 0

  init(_ layer: RecurrentLayer<Scalar>, inputSteps: Int) {
    precondition(inputSteps.nonzeroBitCount == 1, "the number of inputs must be a power of two")
    self.layer = layer
    self.inputSteps = inputSteps
    state = layer.zeroState(batch: 1)
    outputs = [Scalar](repeating: 0, count: layer.architecture.outputSize)
    var generator = SeededGenerator(seed: 5)
    inputs = (0..<inputSteps * layer.architecture.inputSize).map { _ in
      // Of either sign, and never so small that a product would be denormal.
      let size: Scalar = generator.uniform(in: 0.1..<1)
      return generator.uniform(below: 2) == 0 ? size : -size
    }
  }

  func run(_ count: Int) {
    Self.advance(layer, &state, inputs, inputSteps, &outputs, from: step) { step in
      for _ in 0..<count { step() }
    }
    step = (step + count) % inputSteps
  }

  func time(_ samples: UnsafeMutableBufferPointer<UInt32>) {
    Self.advance(layer, &state, inputs, inputSteps, &outputs, from: step) { step in
      timeEach(samples, step)
    }
    step = (step + samples.count) % inputSteps
  }

  /// Calls `body` with a closure that takes a step. The state and the buffers are borrowed once for all steps, so that
  /// only the layer is timed.
  @inline(__always)
  private static func advance(
    _ layer: RecurrentLayer<Scalar>, _ state: inout RecurrentState<Scalar>, _ inputs: [Scalar],
    _ inputSteps: Int, _ outputs: inout [Scalar], from first: Int, _ body: (() -> Void) -> Void
  ) {
    let size = layer.architecture.inputSize
    var index = first
    body {
      var output = outputs.mutableSpan
      layer.step(inputs.span.extracting(index * size..<(index + 1) * size), &state, into: &output)
      index = (index + 1) & (inputSteps - 1)
    }
  }
}

/// The samples of one row so far. Its memory is allocated at the start, so that the timed loop allocates nothing.
final class StreamingRecording {
  /// Steps that a round times one by one.
  static let roundLength = 3000
  /// Steps that a round times together, for the mean.
  static let blockLength = 1000
  /// The limit on rounds: 300 steps beyond the 99.9th percentile.
  static let maxRounds = 100

  private let steps: StreamingSteps
  private let samples = UnsafeMutableBufferPointer<UInt32>.allocate(
    capacity: StreamingRecording.maxRounds * StreamingRecording.roundLength)
  private var rounds = 0
  private var blockMeans: [Double] = []

  init(of steps: StreamingSteps) {
    self.steps = steps
    // Touches the memory, which the system hands out at first use.
    samples.initialize(repeating: 0)
    blockMeans.reserveCapacity(Self.maxRounds)
  }

  deinit { samples.deallocate() }

  /// Records rounds for about `seconds`, at least one if there is none yet.
  func record(within seconds: Double, maxRounds: Int) {
    let end = nanoseconds() &+ UInt64(max(0, seconds) * 1e9)
    var recorded = 0
    // The caches hold other data by now.
    steps.run(Self.blockLength / 4)
    while rounds < Self.maxRounds, recorded < maxRounds, rounds == 0 || nanoseconds() < end {
      steps.time(
        UnsafeMutableBufferPointer(rebasing: samples[rounds * Self.roundLength..<(rounds + 1) * Self.roundLength]))
      let start = nanoseconds()
      steps.run(Self.blockLength)
      blockMeans.append(Double(nanoseconds() &- start) / Double(Self.blockLength))
      rounds += 1
      recorded += 1
    }
  }

  /// The timing of the rounds, of which there must be at least one.
  func timing(clockNanoseconds: Double) -> StreamingTiming {
    StreamingTiming(
      samples: UnsafeBufferPointer(rebasing: samples[..<(rounds * Self.roundLength)]), roundLength: Self.roundLength,
      blockMeans: blockMeans, clockNanoseconds: clockNanoseconds)
  }

  /// The median time between two readings of the clock with nothing in between.
  static func clockNanoseconds() -> Double {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 10_000) { samples in
      samples.initialize(repeating: 0)
      for _ in 0..<2 { timeEach(samples) {} }
      return Double(StreamingTiming.percentile(perMille: 500, of: samples.sorted()))
    }
  }
}

/// Puts into each element the nanoseconds that `step` took, with one reading of the clock. The end of a step is the
/// start of the next, so that no time is left out.
@inline(__always)
private func timeEach(_ samples: UnsafeMutableBufferPointer<UInt32>, _ step: () -> Void) {
  var before = nanoseconds()
  for index in samples.indices {
    step()
    let after = nanoseconds()
    samples[index] = UInt32(clamping: after &- before)
    before = after
  }
}

/// The monotonic clock.
@inline(__always)
private func nanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
#endif
