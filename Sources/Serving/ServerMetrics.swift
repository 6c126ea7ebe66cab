#if Serve
internal import Kernels
internal import Metrics
internal import Models

/// What a server counts, by way of swift-metrics.
final class ServerMetrics: ServingMetrics {
  static let help = [
    Name.requests: "Requests that were answered, by kind, model and status.",
    Name.requestSeconds: "Time from the end of a request's head to its answer.",
    Name.batchSteps: "Steps of sessions that were taken together.",
    Name.queueSeconds: "Time that the longest waiting step of a batch had waited.",
    Name.stepSeconds: "Time of one batch of steps.",
    Name.reloads: "Model files that took the place of others, or could not.",
    Name.snapshots: "Sessions that were written to the snapshot folder, or could not be.",
    Name.sessions: "Sessions that are open.",
    Name.queuedSteps: "Steps that wait.",
  ]

  enum Name {
    static let requests = "rnn_requests_total"
    static let requestSeconds = "rnn_request_seconds"
    static let batchSteps = "rnn_batch_steps"
    static let queueSeconds = "rnn_queue_seconds"
    static let stepSeconds = "rnn_step_seconds"
    static let reloads = "rnn_model_reloads_total"
    static let snapshots = "rnn_session_snapshots_total"
    static let sessions = "rnn_sessions"
    static let queuedSteps = "rnn_queued_steps"
  }

  private struct Batches {
    let steps: Recorder
    let queue: Metrics.Timer
    let step: Metrics.Timer
  }

  private struct RequestKey: Hashable {
    let kind: String
    let model: String?
    let status: Int
  }

  private struct Requests {
    let counter: Counter
    let timer: Metrics.Timer
  }

  private let factory: any MetricsFactory
  // Handlers are looked up once for each model and status, of which there are few.
  private let batches = Guarded<[String: Batches]>([:])
  private let requests = Guarded<[RequestKey: Requests]>([:])

  init(_ factory: any MetricsFactory) { self.factory = factory }

  func stepped(model: String, _ report: StepScheduler<Float>.BatchReport) {
    let handlers = batches.withLock { batches in
      if let handlers = batches[model] { return handlers }
      let dimensions = [("model", model)]
      let handlers = Batches(
        steps: Recorder(label: Name.batchSteps, dimensions: dimensions, aggregate: true, factory: factory),
        queue: Metrics.Timer(label: Name.queueSeconds, dimensions: dimensions, factory: factory),
        step: Metrics.Timer(label: Name.stepSeconds, dimensions: dimensions, factory: factory))
      batches[model] = handlers
      return handlers
    }
    handlers.steps.record(report.steps)
    handlers.queue.recordNanoseconds(report.longestWait.nanoseconds)
    handlers.step.recordNanoseconds(report.duration.nanoseconds)
  }

  func answered(_ kind: String, model: String?, status: Int, after duration: Duration) {
    let key = RequestKey(kind: kind, model: model, status: status)
    let handlers = requests.withLock { requests in
      if let handlers = requests[key] { return handlers }
      let dimensions = [("kind", kind), ("model", model ?? ""), ("status", "\(status)")]
      let handlers = Requests(
        counter: Counter(label: Name.requests, dimensions: dimensions, factory: factory),
        timer: Metrics.Timer(label: Name.requestSeconds, dimensions: dimensions.dropLast(), factory: factory))
      requests[key] = handlers
      return handlers
    }
    handlers.counter.increment()
    handlers.timer.recordNanoseconds(duration.nanoseconds)
  }

  func reloaded(model: String, succeeded: Bool) {
    let dimensions = [("model", model), ("result", Self.result(succeeded))]
    Counter(label: Name.reloads, dimensions: dimensions, factory: factory).increment()
  }

  func wroteSessions(_ count: Int, failures: Int) {
    for (number, succeeded) in [(count, true), (failures, false)] {
      Counter(label: Name.snapshots, dimensions: [("result", Self.result(succeeded))], factory: factory)
        .increment(by: number)
    }
  }

  private static func result(_ succeeded: Bool) -> String { succeeded ? "success" : "failure" }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ attoseconds / 1_000_000_000
  }
}

/// Puts the metrics of swift-metrics into a ``MetricsRegistry``.
struct RegistryFactory: MetricsFactory {
  let registry: MetricsRegistry

  /// From 10 µs to 10 s.
  private static let secondBounds: [Double] = [
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  private static let countBounds: [Double] = (0...12).map { Double(1 << $0) }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    Handler(series(label, dimensions, .counter))
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    Handler(series(label, dimensions, aggregate ? .histogram(Self.countBounds) : .gauge))
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    Handler(series(label, dimensions, .histogram(Self.secondBounds)))
  }

  // What was counted stays.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private func series(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricsRegistry.Kind
  ) -> MetricsRegistry.Series {
    registry.series(label, Dictionary(dimensions) { $1 }, kind)
  }

  private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
    private let series: MetricsRegistry.Series

    init(_ series: MetricsRegistry.Series) { self.series = series }

    func increment(by amount: Int64) { series.add(Double(amount)) }
    func reset() { series.set(0) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { series.kind == .gauge ? series.set(value) : series.observe(value) }
    func recordNanoseconds(_ duration: Int64) { series.observe(Double(duration) / 1e9) }
  }
}
#endif
