internal import Kernels
internal import Models

/// One version of a model, with the threads that compute its steps and its sequences. It lives as long as sessions of it do.
final class ServedModel: Sendable {
  let name: String
  /// Counts from 1 up with every file that took the model's place.
  let version: Int
  let prepared: PreparedModel<Float>
  let scheduler: StepScheduler<Float>
  /// Whether there is an output for every step, or one for a sequence as far as it has come.
  let predictsEveryStep: Bool
  /// Numbers that a pass over whole sequences holds for each step, at most.
  private let workPerStep: Int
  private let sequences: WorkQueue
  private let limits: ServingLimits

  init(
    _ model: SequenceModel<Float>, name: String, version: Int, limits: ServingLimits, metrics: any ServingMetrics
  ) throws(SchedulerError) {
    self.name = name
    self.version = version
    self.limits = limits
    prepared = model.prepared()
    scheduler = try StepScheduler(
      prepared,
      StepScheduler.Options(maxBatch: limits.maxBatch, maxWait: limits.maxWait, maxQueued: limits.maxQueued) {
        metrics.stepped(model: name, $0)
      })
    let architecture = model.architecture
    predictsEveryStep = architecture.readout == .everyStep
    let recurrent = architecture.recurrent
    // Gates, states and outputs of each layer: four gates are the most that a cell has.
    workPerStep =
      recurrent.inputSize + 8 * recurrent.layers * recurrent.outputSize + architecture.outputSize
      + architecture.head.hiddenLayers.reduce(0) { $0 + $1.outputSize }
    sequences = WorkQueue("sequences of \(name)", maxWaiting: limits.maxQueued)
  }

  /// Outputs of whole sequences, `[B × T × O]` or `[B × O]`.
  func run(
    _ inputs: ModelInputs, before deadline: ContinuousClock.Instant?
  ) async throws(ServingError) -> [Float] {
    let steps = inputs.batch * inputs.steps
    _ = try outputCount(of: inputs)
    let (work, isTooLarge) = steps.multipliedReportingOverflow(by: 4 * workPerStep)
    guard !isTooLarge, work <= limits.maxWork else {
      throw .tooLarge("\(steps) steps need more than the \(limits.maxWork) bytes that a request may work in")
    }
    let outputs: [Float]? = try await sequences.run { [prepared, predictsEveryStep] in
      if let deadline, deadline < .now { return nil }
      let sequences = inputs.sequences
      let outputs = prepared(sequences).outputs
      guard predictsEveryStep else { return outputs.elements }
      return PackedSequence(layout: sequences.layout, rows: outputs).padded(.batchMajor, with: 0)
    }
    guard let outputs else { throw ServingError(SchedulerError.deadlineExceeded) }
    return outputs
  }

  /// Outputs of the next steps of a session, one after another, `[T × O]` or `[1 × O]`.
  func step(
    _ stream: ScheduledStream<Float>, _ inputs: ModelInputs, before deadline: ContinuousClock.Instant?
  ) async throws -> [Float] {
    guard inputs.batch == 1 else {
      throw ServingError.badRequest("a session steps alone, not in a batch of \(inputs.batch)")
    }
    _ = try outputCount(of: inputs)
    var outputs: [Float] = []
    for step in 0..<inputs.steps {
      let output =
        switch inputs.numbers {
        case .features(let numbers) where inputs.steps == 1: try await stream.step(numbers, before: deadline)
        case .features(let numbers):
          try await stream.step(
            Array(numbers[numbers.count / inputs.steps * step..<numbers.count / inputs.steps * (step + 1)]),
            before: deadline)
        case .tokens(let tokens): try await stream.step(token: tokens[step], before: deadline)
        }
      if predictsEveryStep { outputs += output } else { outputs = output }
    }
    return outputs
  }

  /// Numbers that `inputs` put out.
  ///
  /// - Throws: ``ServingError`` where they are more than may be.
  func outputCount(of inputs: ModelInputs) throws(ServingError) -> Int {
    let rows = predictsEveryStep ? inputs.batch * inputs.steps : inputs.batch
    let (count, isTooLarge) = rows.multipliedReportingOverflow(by: prepared.outputSize)
    guard !isTooLarge, count <= limits.maxTensor else {
      throw .tooLarge("an output of \(rows) × \(prepared.outputSize) numbers, and \(limits.maxTensor) are allowed")
    }
    return count
  }
}

/// Who counts what a server does.
protocol ServingMetrics: Sendable {
  /// Steps were taken together.
  func stepped(model: String, _ report: StepScheduler<Float>.BatchReport)
  /// A request was answered; `model` is `nil` where it named none that there is.
  func answered(_ kind: String, model: String?, status: Int, after duration: Duration)
  /// A model's file was read, or could not be.
  func reloaded(model: String, succeeded: Bool)
  /// Sessions were written, or could not be.
  func wroteSessions(_ count: Int, failures: Int)
}
