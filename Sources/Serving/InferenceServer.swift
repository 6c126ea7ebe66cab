#if Serve
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import Metrics
internal import Models
internal import NIOCore
internal import ServiceLifecycle
internal import UnixSignals

/// Serves models over HTTP by the Open Inference Protocol.
package struct InferenceServer: Sendable {
  /// How it serves.
  package struct Options: Sendable {
    package var host = "127.0.0.1"
    /// Zero for one that is free.
    package var port = 8000
    package var token: BearerToken?
    package var limits = ServingLimits()
    /// Connections at a time; more wait.
    package var maxConnections = 4096
    /// In which a request must have come, and an answer be read; and how long a connection may be idle.
    package var connectionTimeout = Duration.seconds(60)
    /// Where sessions are written.
    package var snapshots: String?
    package var snapshotInterval = Duration.seconds(30)
    /// How long requests may take that are under way when the server is to end.
    package var shutdownTimeout = Duration.seconds(30)

    package init() {}
  }

  private let options: Options
  private let service: InferenceService
  private let metrics: ServerMetrics
  private let folder: SessionFolder?
  /// Files are read and written here.
  private let files = WorkQueue("files")
  private let logger: Logger

  /// Reads the models, and the sessions of an earlier server.
  ///
  /// - Throws: `SafetensorsError` where a model cannot be read, ``ServingError``, `SchedulerError`.
  package init(_ models: [ModelSource], _ options: Options, logger: Logger) throws {
    self.options = options
    self.logger = logger
    let registry = MetricsRegistry(help: ServerMetrics.help)
    metrics = ServerMetrics(RegistryFactory(registry: registry))
    let repository = try ModelRepository(models, limits: options.limits, metrics: metrics)
    service = InferenceService(repository, limits: options.limits, token: options.token, metrics: metrics) { service in
      let counts = service.sessions.counts
      for name in service.repository.names {
        registry.series(ServerMetrics.Name.sessions, ["model": name], .gauge).set(Double(counts[name] ?? 0))
        let queued = (try? service.repository.current(name).scheduler.queuedSteps) ?? 0
        registry.series(ServerMetrics.Name.queuedSteps, ["model": name], .gauge).set(Double(queued))
      }
      return registry.text
    }
    folder = try options.snapshots.map { path throws(ServingError) in try SessionFolder(path: path) }
    if let folder {
      let (count, notes) = folder.restore(to: service.sessions, from: repository)
      for note in notes { logger.warning("\(note)") }
      logger.info("restored \(count) sessions from \(folder.path)")
    }
    for name in repository.names {
      let served = try repository.current(name)
      logger.info("model \(name): version \(served.version), identity \(served.prepared.identity)")
    }
  }

  /// Serves until the process is asked to end (SIGTERM, SIGINT), answers what is under way and writes all sessions.
  ///
  /// - Parameter onListening: Called with the port when it listens.
  package func run(onListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    let responder = Responder(service: service)
    let timeout = options.connectionTimeout
    let application = Application(
      responder: CallbackResponder<ConnectionContext> { request, context in
        try await responder.respond(to: request, context, before: .now + timeout)
      },
      server: .http1(configuration: .init(idleTimeout: TimeAmount(timeout))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port), backlog: 4096,
        availableConnectionsDelegate: MaximumAvailableConnections(options.maxConnections)),
      onServerRunning: { channel in
        // Connections take this over: one whose peer reads nothing, or is gone, ends after this time.
        let milliseconds = SocketOptionValue(min(timeout.components.seconds, 86_400) * 1000)
        try? await channel.setOption(
          ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: Self.tcpUserTimeout)),
          value: milliseconds
        )
        .get()
        // With NIO's default of four, a busy loop let hundreds of 1,000 connections wait for ten seconds and more.
        try? await channel.setOption(ChannelOptions.maxMessagesPerRead, value: 256).get()
        onListening(channel.localAddress?.port ?? 0)
      },
      logger: logger.quiet)
    var configuration = ServiceGroupConfiguration(
      services: [Upkeep(server: self), application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quiet)
    configuration.maximumGracefulShutdownDuration = options.shutdownTimeout
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch {
      await writeSessions()
      throw error
    }
    await writeSessions()
  }

  /// `TCP_USER_TIMEOUT` of Linux, in milliseconds.
  private static let tcpUserTimeout: Int32 = 18

  /// What is done from time to time.
  private struct Upkeep: Service {
    let server: InferenceServer

    func run() async throws {
      let interval = min(.seconds(1), server.options.snapshotInterval)
      await cancelWhenGracefulShutdown {
        var nextSnapshot = ContinuousClock.now + server.options.snapshotInterval
        while (try? await Task.sleep(for: interval)) != nil {
          await server.reloadModels()
          let count = server.service.sessions.removeIdle()
          if count > 0 { server.logger.info("\(count) sessions ended that nobody used") }
          if nextSnapshot <= .now {
            await server.writeSessions()
            nextSnapshot = .now + server.options.snapshotInterval
          }
        }
      }
    }
  }

  private func reloadModels() async {
    let notes = try? await files.run { [repository = service.repository] in repository.reload() }
    for note in notes ?? [] { logger.notice("\(note)") }
  }

  private func writeSessions() async {
    guard let folder else { return }
    let written = try? await files.run { [sessions = service.sessions] in folder.write(sessions) }
    guard let (count, failures) = written else { return }
    metrics.wroteSessions(count, failures: failures.count)
    if count > 0 { logger.info("wrote \(count) sessions to \(folder.path)") }
    if let failure = failures.first {
      logger.error("\(failures.count) sessions are not written; the first: \(failure)")
    }
  }
}

extension Logger {
  /// Says only what is wrong: for packages that log every request's ups and downs.
  fileprivate var quiet: Logger {
    var logger = self
    logger.logLevel = .warning
    return logger
  }
}

/// What a request comes with.
private struct ConnectionContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Carries the requests of HTTP to the service and its answers back.
private struct Responder: Sendable {
  let service: InferenceService

  func respond(
    to request: Request, _ context: ConnectionContext, before deadline: ContinuousClock.Instant
  ) async throws -> Response {
    let begin = ContinuousClock.now
    var route: Route?
    let reply: InferenceService.Reply
    // What is left of a body is not waited for.
    var closes = false
    do throws(ServingError) {
      let found = try service.route(
        method: request.method.rawValue, path: request.uri.string, authorization: request.headers[.authorization])
      route = found
      closes = request.hasBody && !found.hasBody
      reply = try await self.reply(to: found, request, before: deadline)
    } catch {
      reply = InferenceService.Reply(error)
      closes = request.hasBody
    }
    service.answered(route, status: reply.status, after: .now - begin)
    var headers = HTTPFields()
    if closes {
      headers[.connection] = "close"
      context.channel.closeSoon()
    }
    if let type = reply.contentType { headers[.contentType] = type }
    for (name, value) in reply.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    let response = Response(
      status: .init(code: reply.status), headers: headers, body: Self.body(of: reply, context.channel))
    return request.method == .head ? response.createHeadResponse() : response
  }

  /// The body of `reply`, whose share of the budget lasts until all but what the channel holds has gone to the peer.
  private static func body(of reply: InferenceService.Reply, _ channel: any Channel) -> ResponseBody {
    let (bytes, maxPart) = (reply.body, ByteBudget.maxSmallAnswer)
    guard bytes.count > maxPart else { return ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)) }
    return ResponseBody(contentLength: bytes.count) { [share = reply.share] writer in
      defer { withExtendedLifetime(share) {} }
      for begin in stride(from: 0, to: bytes.count, by: maxPart) {
        // Each part is a copy of its own: a slice that the channel holds would keep all of the bytes.
        try await writer.write(ByteBuffer(bytes: bytes[begin..<min(begin + maxPart, bytes.count)]))
        // A write waits while the channel is full, which it knows when its event loop has taken the part.
        try await channel.eventLoop.submit {}.get()
      }
      try await writer.finish(nil)
    }
  }

  private func reply(
    to route: Route, _ request: Request, before deadline: ContinuousClock.Instant
  ) async throws(ServingError) -> InferenceService.Reply {
    guard route.hasBody else { return await service.respond(to: route, body: [], headerLength: nil) }
    if let encoding = request.headers[.contentEncoding], encoding != "identity" {
      throw ServingError(status: 415, message: "the content encoding \(quoted(encoding)) is not supported")
    }
    let maxBody = service.limits.maxBody
    let tooLarge = ServingError.tooLarge("the body is larger than the \(maxBody) bytes that are allowed")
    if let text = request.headers[.contentLength] {
      guard let length = Int(text), length <= maxBody else { throw tooLarge }
    }
    var taken = 0
    defer { service.budget.give(taken) }
    var body: [UInt8] = []
    do {
      for try await part in request.body {
        guard part.readableBytes <= maxBody - body.count else { throw tooLarge }
        guard ContinuousClock.now < deadline else {
          throw ServingError(status: 408, message: "the request took too long to come")
        }
        guard service.budget.take(part.readableBytes) else {
          throw ServingError.unavailable("too many requests and answers at a time")
        }
        taken += part.readableBytes
        body += part.readableBytesView
      }
    } catch let error as ServingError {
      throw error
    } catch {
      throw .badRequest("the request's body could not be read")
    }
    return await service.respond(
      to: route, body: body, headerLength: request.headers[HTTPField.Name(InferenceService.Reply.headerLength)!])
  }
}

extension Request {
  /// Whether a body may follow that nobody has read.
  fileprivate var hasBody: Bool {
    headers[.transferEncoding] != nil || (headers[.contentLength].flatMap { Int($0) } ?? 0) > 0
  }
}

extension Channel {
  /// Closes the connection when its peer has had time to read the answer.
  fileprivate func closeSoon() {
    eventLoop.scheduleTask(in: .seconds(2)) { self.close(promise: nil) }
  }
}
#endif
