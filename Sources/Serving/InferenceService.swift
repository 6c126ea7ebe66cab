internal import Kernels
internal import Models

/// Answers the requests of the Open Inference Protocol, whatever carries them.
final class InferenceService: Sendable {
  let repository: ModelRepository
  let sessions: SessionTable
  let limits: ServingLimits
  /// What bodies and answers may take; whoever reads a body takes from it.
  let budget: ByteBudget
  private let token: BearerToken?
  private let metrics: any ServingMetrics
  /// The text of `/metrics`.
  private let metricsText: @Sendable (InferenceService) -> String

  /// What is answered.
  struct Reply: Sendable {
    var status = 200
    var contentType: String? = "application/json"
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The room that the body takes until it is written.
    var share: ByteBudget.Share?

    init(json: String) { body = Array(json.utf8) }

    init(_ error: ServingError) {
      status = error.status
      body = Array("{\"error\":\(jsonText(error.message))}".utf8)
      if status == 401 { headers.append(("WWW-Authenticate", "Bearer")) }
    }

    init(status: Int = 200, contentType: String?, body: [UInt8]) {
      self.status = status
      self.contentType = contentType
      self.body = body
    }

    static let headerLength = "Inference-Header-Content-Length"
  }

  init(
    _ repository: ModelRepository, limits: ServingLimits, token: BearerToken? = nil, metrics: any ServingMetrics,
    metricsText: @escaping @Sendable (InferenceService) -> String = { _ in "" }
  ) {
    self.repository = repository
    self.limits = limits
    budget = ByteBudget(limit: limits.maxBodies)
    self.token = token
    self.metrics = metrics
    self.metricsText = metricsText
    sessions = SessionTable(maxSessions: limits.maxSessions, idleTimeout: limits.idleTimeout)
  }

  /// The route of a request, before its body is read.
  ///
  /// - Throws: ``ServingError`` where there is none, or the token is missing.
  func route(method: String, path: String, authorization: String?) throws(ServingError) -> Route {
    let route = try Route(method: method, path: path)
    if let token, !route.isOpen, !token.accepts(authorization) {
      throw ServingError(status: 401, message: "a bearer token is needed")
    }
    return route
  }

  /// The answer to a request.
  ///
  /// - Parameters:
  ///   - body: All of it.
  ///   - headerLength: The value of `Inference-Header-Content-Length`.
  func respond(to route: Route, body: [UInt8], headerLength: String?) async -> Reply {
    do {
      var reply = try await self.reply(to: route, body, headerLength)
      if reply.share == nil { reply.share = try budget.share(forAnswerOf: reply.body.count) }
      return reply
    } catch { return Reply(ServingError(error)) }
  }

  private func reply(to route: Route, _ body: [UInt8], _ headerLength: String?) async throws -> Reply {
    switch route {
    case .live, .ready: return Reply(contentType: nil, body: [])
    case .server: return Reply(json: Self.serverMetadata)
    case .metrics:
      return Reply(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metricsText(self).utf8))
    case .model(let name, let version): return Reply(json: metadata(try served(name, version)))
    case .modelReady(let name, let version):
      _ = try served(name, version)
      return Reply(contentType: nil, body: [])
    case .infer(let name, let version): return try await infer(name, version, body, headerLength)
    case .session(let method, let name, let id): return try handleSession(method, name, id, body)
    }
  }

  /// Notes that a request was answered.
  func answered(_ route: Route?, status: Int, after duration: Duration) {
    let model = route?.model.flatMap { try? repository.current($0).name }
    metrics.answered(route?.kind ?? "other", model: model, status: status, after: duration)
  }

  // MARK: - Metadata

  private static let serverMetadata = """
    {"name":"recurrent","version":\(jsonText(PackageVersion.current)),\
    "extensions":["binary_tensor_data","sequence","session_state"]}
    """

  private func metadata(_ served: ServedModel) -> String {
    let inputs: (datatype: String, shape: String) =
      switch served.prepared.input {
      case .features(let size): ("FP32", "[-1,-1,\(size)]")
      case .tokens: ("INT32", "[-1,-1]")
      }
    let size = served.prepared.outputSize
    let output = served.predictsEveryStep ? "[-1,-1,\(size)]" : "[-1,\(size)]"
    return """
      {"name":\(jsonText(served.name)),"versions":["\(served.version)"],"platform":"recurrent",\
      "inputs":[{"name":"\(ModelInputs.inputName)","datatype":"\(inputs.datatype)","shape":\(inputs.shape)}],\
      "outputs":[{"name":"\(ModelInputs.outputName)","datatype":"FP32","shape":\(output)}],\
      "parameters":{"identity":"\(served.prepared.identity)"}}
      """
  }

  private func served(_ name: String, _ version: String?) throws(ServingError) -> ServedModel {
    let served = try repository.current(name)
    try check(version, is: served)
    return served
  }

  private func check(_ version: String?, is served: ServedModel) throws(ServingError) {
    guard version == nil || version == "\(served.version)" else {
      throw .notFound("model \(quoted(served.name)) has no version \(quoted(version ?? ""))")
    }
  }

  // MARK: - Inference

  private func infer(
    _ name: String, _ version: String?, _ body: [UInt8], _ headerLength: String?
  ) async throws -> Reply {
    let current = try repository.current(name)
    let request = try InferRequest(
      body, headerLength: try Self.length(headerLength), maxTensor: limits.maxTensor)
    if let other = request.outputs.first(where: { $0.name != ModelInputs.outputName }) {
      throw ServingError.badRequest(
        "unexpected output \(quoted(other.name)), and the model has \(ModelInputs.outputName)")
    }
    let isBinary = request.outputs.last?.isBinary ?? request.hasBinaryOutputs
    let deadline = request.timeout.flatMap {
      $0 == 0 ? nil : ContinuousClock.now + .microseconds(Int64(min($0, 86_400_000_000)))
    }
    guard let sequence = request.sequence else {
      try check(version, is: current)
      let inputs = try ModelInputs(request, body, for: current.prepared.input)
      let share = try room(for: inputs, of: current, isBinary: isBinary)
      let numbers = try await current.run(inputs, before: deadline)
      return reply(request, current, inputs, numbers, nil, isBinary, share)
    }

    // A request of several steps is taken as a whole or not at all; one step is so by itself.
    let lease = try sessions.begin(
      SessionTable.Key(model: current.name, id: sequence.id), starting: sequence.isStart ? current : nil,
      isAtomic: { !Self.isSingleStep(request, $0) })
    do {
      try check(version, is: lease.served)
      let inputs = try ModelInputs(request, body, for: lease.served.prepared.input)
      let share = try room(for: inputs, of: lease.served, isBinary: isBinary)
      let numbers = try await lease.served.step(lease.stream, inputs, before: deadline)
      let steps = lease.steps + inputs.steps
      sessions.finish(lease, steps: steps, isEnd: sequence.isEnd)
      return reply(request, lease.served, inputs, numbers, (sequence.id, steps), isBinary, share)
    } catch {
      sessions.abandon(lease)
      throw error
    }
  }

  private static func isSingleStep(_ request: InferRequest, _ model: ServedModel) -> Bool {
    guard let shape = request.inputs.first?.shape else { return true }
    return switch model.prepared.input {
    case .features: shape.dropLast().allSatisfy { $0 == 1 }
    case .tokens: shape.allSatisfy { $0 == 1 }
    }
  }

  /// Room for an answer, taken before its numbers are computed: a session that has stepped must be answered.
  private func room(
    for inputs: ModelInputs, of served: ServedModel, isBinary: Bool
  ) throws(ServingError) -> ByteBudget.Share? {
    let count = try served.outputCount(of: inputs)
    return try budget.share(
      forAnswerOf: count * (isBinary ? MemoryLayout<Float>.size : InferResponse.maxTextBytesPerNumber))
  }

  private func reply(
    _ request: InferRequest, _ served: ServedModel, _ inputs: ModelInputs, _ numbers: [Float],
    _ sequence: (id: SequenceID, steps: Int)?, _ isBinary: Bool, _ share: ByteBudget.Share?
  ) -> Reply {
    let response = InferResponse(
      modelName: served.name, modelVersion: "\(served.version)", id: request.id, sequence: sequence,
      name: ModelInputs.outputName,
      shape: inputs.outputShape(served.prepared.outputSize, everyStep: served.predictsEveryStep), numbers: numbers)
    let (bytes, headerLength) = response.body(isBinary: isBinary)
    var reply = Reply(
      contentType: headerLength == nil ? "application/json" : "application/octet-stream", body: bytes)
    if let headerLength { reply.headers.append((Reply.headerLength, "\(headerLength)")) }
    share?.shrink(to: bytes.count)
    reply.share = share
    return reply
  }

  private static func length(_ header: String?) throws(ServingError) -> Int? {
    guard let header else { return nil }
    guard header.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let length = Int(header) else {
      throw .badRequest("\(Reply.headerLength) is \(quoted(header)), no number of bytes")
    }
    return length
  }

  // MARK: - Sessions of other servers

  private func handleSession(
    _ method: Route.SessionMethod, _ name: String, _ id: SequenceID, _ body: [UInt8]
  ) throws -> Reply {
    let served = try repository.current(name)
    let key = SessionTable.Key(model: served.name, id: id)
    switch method {
    case .export:
      return Reply(contentType: "application/octet-stream", body: try sessions.session(key).serialized())
    case .put:
      let session: Session<Float>
      do throws(SafetensorsError) {
        session = try served.prepared.session(
          from: SafetensorsFile(bytes: body, name: "the body"), allowsNonFinite: true)
      } catch { throw ServingError.badRequest("\(error)") }
      try sessions.put(session, key, of: served)
      return Reply(json: "{\"sequence_id\":\(jsonText(key.id.text)),\"sequence_steps\":\(session.steps)}")
    case .remove:
      try sessions.remove(key)
      return Reply(json: "{}")
    }
  }
}
