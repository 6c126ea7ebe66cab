import Glibc
import Kernels
import Models

/// The streaming part: one step of one sequence at a time on one thread, each step timed by itself.
///
/// The speed part says what a batch costs. Who filters a signal asks another question: how long the next step takes, and
/// how long one in a thousand.
struct StreamingBenchmark {
  var cells: [CellKind]
  var paths: [ComputePath]
  var type: NumberType
  /// Time for all of it, in seconds.
  var budget: Double
  /// Inputs and hidden units: those of small audio and control models.
  var sizes: [(inputs: Int, hidden: Int)] = [(1, 16), (1, 32), (1, 64), (64, 128)]

  /// How often all rows are visited: what a minute does to the machine shall show in every row, and not in one of them.
  static let visits = 4

  /// What was measured, and what the figures are net of.
  struct Result {
    var measurements: [StreamingMeasurement] = []
    /// What reading the clock once takes, which is taken off every step that is timed by itself.
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
        within: remaining / Double(visits - visit), mostRounds: StreamingRecording.mostRounds / Self.visits)
    }
    progress?.clear()
    return Result(
      measurements: rows.map { workload, path, recording in
        StreamingMeasurement(
          of: workload, path: path.rawValue, timing: recording.timing(clockNanoseconds: clock), ceilingPerCore: ceiling)
      }, clockNanoseconds: clock)
  }

  /// Times once more what `measurement` is of, and gives the one with the better round.
  static func secondLook(
    at measurement: StreamingMeasurement, within seconds: Double, on machine: Machine
  ) throws -> StreamingMeasurement {
    guard let path = ComputePath(rawValue: measurement.path) else { return measurement }
    let benchmark = StreamingBenchmark(
      cells: [measurement.cell], paths: [path], type: measurement.type, budget: seconds,
      sizes: [(measurement.I, measurement.H)])
    let again = try benchmark.run(on: machine, progress: nil).measurements[0]
    return again.bestRoundNanoseconds < measurement.bestRoundNanoseconds ? again : measurement
  }

  /// The paths without the naive one, which nobody streams with and which would take the time of the others. Who asks for
  /// that one alone gets it.
  private var timedPaths: [ComputePath] {
    let fast = paths.filter { $0 != .naive }
    return fast.isEmpty ? paths : fast
  }
}

/// How long single steps took, in nanoseconds, without what the clock takes.
struct StreamingTiming: Hashable {
  /// Steps that were timed by themselves.
  var steps: Int
  var fastest: Double
  var median: Double
  /// What 99 % of the steps did not exceed.
  var percentile99: Double
  /// What 99.9 % of the steps did not exceed.
  var percentile999: Double
  /// The mean over blocks of steps between which alone the clock was read.
  var mean: Double
  /// The lowest of the medians of the rounds: the median step while the machine was at its best.
  var bestRound: Double
  /// By what part of itself the best round may move from run to run without a reason: how far the middle one of the
  /// rounds' medians is above it. The same statistic as ``Timing/noise``, for the same reason.
  var noise: Double

  /// The timing of `samples`, of which there must be one at least, in rounds of `roundLength`.
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

  /// The least of `sorted` that so many in a thousand do not exceed (nearest rank), so always one that occurred.
  static func percentile<Value>(perMille: Int, of sorted: [Value]) -> Value {
    sorted[max(0, (perMille * sorted.count + 999) / 1000 - 1)]
  }
}

/// Steps of a layer that goes on from where it stands, on inputs that are never zero and change at every step.
struct StreamingSteps {
  /// Runs so many steps.
  var run: (_ count: Int) -> Void
  /// Runs a step for each element, and puts into it the nanoseconds from one reading of the clock to the next.
  var time: (UnsafeMutableBufferPointer<UInt32>) -> Void

  /// Steps that the inputs last before they come again: more than any predictor in a processor learns, and little enough
  /// for its cache.
  static let inputSteps = 1024

  /// The steps of `workload`'s cell, sizes and type on `path`, from the zero state.
  init(_ workload: Workload, path: ComputePath) throws {
    let (inputs, hidden) = (workload.shape.inputs, workload.shape.hidden)
    // Each cell and type is spelled out, so that what is timed is the call that a program makes.
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

/// A layer with the state it has come to.
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

  /// Gives `body` a step to take as often as it likes. The state and the buffers are borrowed once for all of them, so
  /// that a step is the layer's and nothing else.
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

/// What one row has recorded so far. Its memory is there from the start: the loop that is timed allocates nothing.
final class StreamingRecording {
  /// Steps that a round times each by itself.
  static let roundLength = 3000
  /// Steps that a round times together, for the mean.
  static let blockLength = 1000
  /// The most rounds that are recorded: 300 steps beyond the 99.9th percentile.
  static let mostRounds = 100

  private let steps: StreamingSteps
  private let samples = UnsafeMutableBufferPointer<UInt32>.allocate(
    capacity: StreamingRecording.mostRounds * StreamingRecording.roundLength)
  private var rounds = 0
  private var blockMeans: [Double] = []

  init(of steps: StreamingSteps) {
    self.steps = steps
    // Touches the memory, which the system hands out at first use.
    samples.initialize(repeating: 0)
    blockMeans.reserveCapacity(Self.mostRounds)
  }

  deinit { samples.deallocate() }

  /// Records rounds for about so many seconds, one at least if there is none yet.
  func record(within seconds: Double, mostRounds: Int) {
    let end = nanoseconds() &+ UInt64(max(0, seconds) * 1e9)
    var recorded = 0
    // Others had the caches since the last time.
    steps.run(Self.blockLength / 4)
    while rounds < Self.mostRounds, recorded < mostRounds, rounds == 0 || nanoseconds() < end {
      steps.time(
        UnsafeMutableBufferPointer(rebasing: samples[rounds * Self.roundLength..<(rounds + 1) * Self.roundLength]))
      let start = nanoseconds()
      steps.run(Self.blockLength)
      blockMeans.append(Double(nanoseconds() &- start) / Double(Self.blockLength))
      rounds += 1
      recorded += 1
    }
  }

  /// What the rounds amount to, of which there must be one at least.
  func timing(clockNanoseconds: Double) -> StreamingTiming {
    StreamingTiming(
      samples: UnsafeBufferPointer(rebasing: samples[..<(rounds * Self.roundLength)]), roundLength: Self.roundLength,
      blockMeans: blockMeans, clockNanoseconds: clockNanoseconds)
  }

  /// The median of what is measured where nothing is done between two readings of the clock.
  static func clockNanoseconds() -> Double {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 10_000) { samples in
      samples.initialize(repeating: 0)
      for _ in 0..<2 { timeEach(samples) {} }
      return Double(StreamingTiming.percentile(perMille: 500, of: samples.sorted()))
    }
  }
}

/// Puts into each element the nanoseconds that `step` took, with one reading of the clock. The end of a step is the start
/// of the next, so that nothing that happens on the way goes unseen.
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
