#if Tools
import Dispatch
import Glibc
import Kernels
import Models
import TextTable

/// One figure of the streams part.
struct StreamsRecord: Codable, Hashable {
  var name: String
  var value: Double
  var unit: String
}

/// The streams part: what many sessions of one prepared LSTM with 64 inputs and 128 units cost, on one thread where nothing else
/// is said, and what a trained model around it costs a step.
///
/// Times that are compared with each other are taken in turn, round by round; each figure is the median of the rounds.
struct StreamsBenchmark {
  static let (inputs, units) = (64, 128)
  /// Sessions that hold memory, that are visited at random, and that step together.
  static let (held, visited, together) = (10_000, 1_000, 32)
  /// Time for all of it, in seconds.
  var budget: Double

  func run(progress: ProgressLine?) throws -> [StreamsRecord] {
    var layer = try LSTM<Float>(inputSize: Self.inputs, hiddenSize: Self.units, seed: 1)
    layer.execution = Execution(path: .fused, threads: 1)
    let model = layer.prepared()
    progress?.show("streams: memory")
    let memory = try memory(of: model)
    progress?.show("streams: steps")
    var records = memory
    layer.execution.threads = ThreadBudget.available
    records += try steps(model, onAllThreads: layer.prepared(), within: budget * 0.6)
    records += try trainedModel(within: budget * 0.1)
    progress?.show("streams: continuous batching")
    records += try batching(model, within: budget * 0.3)
    progress?.clear()
    return records
  }

  /// Numbers that are never zero, of either sign.
  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let size: Float = generator.uniform(in: 0.1..<1)
      return generator.uniform(below: 2) == 0 ? size : -size
    }
  }

  // MARK: - Memory

  /// Resident memory that sessions add once each has stepped.
  private func memory(of model: PreparedModel<Float>) throws -> [StreamsRecord] {
    let (workspace, features) = (model.workspace(), numbers(Self.inputs, seed: 2))
    var outputs = [Float](repeating: 0, count: Self.units)
    var sessions: [Session<Float>] = []
    sessions.reserveCapacity(Self.held)
    let before = residentBytes()
    for _ in 0..<Self.held {
      var session = try model.session()
      var span = outputs.mutableSpan
      try model.step(features.span, &session, in: workspace, into: &span)
      sessions.append(session)
    }
    let bytes = Double(residentBytes() - before)
    withExtendedLifetime(sessions) {}
    return [StreamsRecord(name: "memory of \(Self.held) sessions", value: bytes / 1e6, unit: "MB")]
  }

  private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
  }

  // MARK: - Steps

  private func steps(
    _ model: PreparedModel<Float>, onAllThreads parallel: PreparedModel<Float>, within seconds: Double
  ) throws -> [StreamsRecord] {
    let (workspace, parallelWorkspace) = (model.workspace(), parallel.workspace())
    let inputSteps = 1024
    let features = numbers(inputSteps * Self.inputs, seed: 3)
    var outputs = [Float](repeating: 0, count: Self.together * Self.units)
    var output = [Float](repeating: 0, count: Self.units)
    var one = try model.session()
    var sessions = try (0..<Self.visited).map { _ in try model.session() }
    var generator = SeededGenerator(seed: 4)
    let order = (0..<4096).map { _ in generator.uniform(below: Self.visited) }
    let groups = (0..<128).map { _ in
      var all = Array(0..<Self.visited)
      return (0..<Self.together).map { place in
        all.swapAt(place, place + generator.uniform(below: all.count - place))
        return all[place]
      }
    }
    let batch = numbers(Self.together * Self.inputs, seed: 5)
    var (alone, random, single, grouped, shared, opening, forking) = (
      [Double](), [Double](), [Double](), [Double](), [Double](), [Double](), [Double]()
    )
    let stopwatch = Stopwatch()
    let end = stopwatch.now() + seconds
    var samples = [UInt32](repeating: 0, count: 4096)
    func step(_ session: inout Session<Float>, _ t: Int) throws(SessionError) {
      let row = t % inputSteps * Self.inputs
      var span = output.mutableSpan
      try model.step(features.span.extracting(row..<row + Self.inputs), &session, in: workspace, into: &span)
    }
    /// The median of steps that are timed one by one.
    func median(_ body: (Int) throws(SessionError) -> Void) throws(SessionError) -> Double {
      var before = clockNanoseconds()
      for t in samples.indices {
        try body(t)
        let after = clockNanoseconds()
        samples[t] = UInt32(clamping: after &- before)
        before = after
      }
      return Double(samples.sorted()[samples.count / 2])
    }
    repeat {
      alone.append(try median { (t) throws(SessionError) in try step(&one, t) })
      random.append(try median { (t) throws(SessionError) in try step(&sessions[order[t]], t) })
      var began = stopwatch.now()
      for group in groups { for (t, index) in group.enumerated() { try step(&sessions[index], t) } }
      single.append((stopwatch.now() - began) / Double(groups.count) * 1e9)
      began = stopwatch.now()
      for group in groups {
        var span = outputs.mutableSpan
        try model.step(batch.span, &sessions, at: group.span, in: workspace, into: &span)
      }
      grouped.append((stopwatch.now() - began) / Double(groups.count) * 1e9)
      began = stopwatch.now()
      for group in groups {
        var span = outputs.mutableSpan
        try parallel.step(batch.span, &sessions, at: group.span, in: parallelWorkspace, into: &span)
      }
      shared.append((stopwatch.now() - began) / Double(groups.count) * 1e9)
      var opened: [Session<Float>] = []
      opened.reserveCapacity(Self.visited)
      began = stopwatch.now()
      for _ in 0..<Self.visited { opened.append(try model.session()) }
      opening.append((stopwatch.now() - began) / Double(Self.visited) * 1e9)
      sessions = opened
      opened = []
      for index in 0..<Self.visited { try step(&sessions[index], index) }
      let copies = sessions
      began = stopwatch.now()
      for index in 0..<Self.visited { try step(&sessions[index], index) }
      let forked = (stopwatch.now() - began) / Double(Self.visited) * 1e9
      withExtendedLifetime(copies) {}
      forking.append(forked)
    } while stopwatch.now() < end || alone.count < 3
    let clock = StreamingRecording.clockNanoseconds()
    let (oneStep, randomStep) = (middle(alone) - clock, middle(random) - clock)
    return [
      StreamsRecord(name: "step of one session, median", value: oneStep, unit: "ns"),
      StreamsRecord(name: "step of \(Self.visited) sessions at random, median", value: randomStep, unit: "ns"),
      StreamsRecord(name: "at random over one", value: randomStep / oneStep, unit: "times"),
      StreamsRecord(name: "\(Self.together) random sessions one by one", value: middle(single), unit: "ns"),
      StreamsRecord(name: "\(Self.together) random sessions in one call", value: middle(grouped), unit: "ns"),
      StreamsRecord(name: "one by one over one call", value: middle(zip(single, grouped).map(/)), unit: "times"),
      StreamsRecord(name: "the same on \(parallel.execution.threads) threads", value: middle(shared), unit: "ns"),
      StreamsRecord(name: "one by one over that", value: middle(zip(single, shared).map(/)), unit: "times"),
      StreamsRecord(name: "creating a session", value: middle(opening), unit: "ns"),
      StreamsRecord(name: "the first step after a fork", value: middle(forking), unit: "ns"),
    ]
  }

  /// A step of a model that was trained: an embedding of 1,000 tokens, the layer, and a head of as many logits.
  private func trainedModel(within seconds: Double) throws -> [StreamsRecord] {
    var model = SequenceModel<Float>(
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 1000, dimension: Self.inputs),
        recurrent: RecurrentStack(.lstm(inputSize: Self.inputs, hiddenSize: Self.units)), outputSize: 1000,
        loss: .softmaxCrossEntropy), seed: 1)
    model.execution = Execution(path: .fused, threads: 1)
    let prepared = model.prepared()
    let workspace = prepared.workspace()
    var (session, outputs, times) = (try prepared.session(), [Float](repeating: 0, count: 1000), [Double]())
    let stopwatch = Stopwatch()
    let end = stopwatch.now() + seconds
    repeat {
      let began = stopwatch.now()
      for t in 0..<512 {
        var span = outputs.mutableSpan
        try prepared.step(token: Int32(t * 7919 % 1000), &session, in: workspace, into: &span)
      }
      times.append((stopwatch.now() - began) / 512 * 1e9)
    } while stopwatch.now() < end || times.count < 3
    return [StreamsRecord(name: "step of a model of 1000 words", value: middle(times), unit: "ns")]
  }

  // MARK: - Continuous batching

  /// Steps a second of as many tasks as sessions, each with one step at a time.
  private func batching(_ model: PreparedModel<Float>, within seconds: Double) throws -> [StreamsRecord] {
    let batches = Guarded((count: 0, steps: 0))
    let scheduler = try StepScheduler(
      model,
      StepScheduler.Options { report in
        batches.withLock { $0 = ($0.count + 1, $0.steps + report.steps) }
      })
    let features = numbers(Self.visited * Self.inputs, seed: 6)
    let result = Guarded(Result<(steps: Int, seconds: Double), any Error>.success((0, 1)))
    let finished = DispatchSemaphore(value: 0)
    Task {
      do {
        let streams = try (0..<Self.visited).map { _ in try scheduler.open() }
        let began = ContinuousClock.now
        let end = began + .seconds(seconds)
        let steps = try await withThrowingTaskGroup(of: Int.self) { group in
          for (index, stream) in streams.enumerated() {
            group.addTask {
              let row = Array(features[index * Self.inputs..<(index + 1) * Self.inputs])
              var steps = 0
              while ContinuousClock.now < end {
                _ = try await stream.step(row)
                steps += 1
              }
              return steps
            }
          }
          return try await group.reduce(0, +)
        }
        let time = (ContinuousClock.now - began) / .seconds(1)
        result.withLock { $0 = .success((steps, time)) }
      } catch { result.withLock { $0 = .failure(error) } }
      finished.signal()
    }
    finished.wait()
    let (steps, time) = try result.withLock { $0 }.get()
    let (count, batched) = batches.withLock { $0 }
    return [
      StreamsRecord(name: "steps of a batch, mean", value: Double(batched) / Double(max(count, 1)), unit: "steps"),
      StreamsRecord(
        name: "steps of \(Self.visited) tasks through a scheduler", value: Double(steps) / time, unit: "a second"),
    ]
  }

  private func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private func clockNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// The figures of the streams part as a table.
struct StreamsTable: CustomStringConvertible {
  var records: [StreamsRecord]

  /// A row a figure, and what was measured.
  var description: String {
    let table = TextTable<StreamsRecord> { record in
      [
        Column(title: "Streams", value: record.name),
        Column(title: "Value", value: fixed(record.value, decimals: record.value < 100 ? 1 : 0), align: .right),
        Column(title: "Unit", value: record.unit),
      ]
    }
    var text = table.string(for: records) ?? ""
    if !text.hasSuffix("\n") { text += "\n" }
    return text + """
      Sessions of an LSTM with \(StreamsBenchmark.inputs) inputs and \(StreamsBenchmark.units) units that was prepared once; one thread computes. \
      Each figure is the median of the rounds.
      """
  }
}
#endif
