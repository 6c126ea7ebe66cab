import Kernels
import Models
import TestSupport
import Testing

@testable import Serving

@Suite struct InferenceServiceTests {
  private let folder = TemporaryFolder()

  private func infer(_ service: InferenceService, _ model: String, _ body: [UInt8]) async -> InferenceService.Reply {
    await service.respond(to: .infer(model, version: nil), body: body, headerLength: nil)
  }

  private func numbers(_ reply: InferenceService.Reply) throws -> [Float] {
    let text = String(decoding: reply.body, as: UTF8.self)
    let data = try #require(text.split(separator: "\"data\":[").last?.split(separator: "]").first, "\(text)")
    return data.split(separator: ",").map { Float($0) ?? .nan }
  }

  private let rows: [[Float]] = [[0.5, -1, 2], [0.25, 3, -0.125], [1, 0.75, -2], [-1, 0, 0.5]]

  @Test func anAnswerHasTheBitsOfTheModel() async throws {
    let service = try ServedModels.service(in: folder)
    let model = try ServedModels.features()
    let wanted = model(PackedSequence([rows])).predictions.sequence(0)
    let whole = await infer(service, "features", requestBody([4, 3], rows.flatMap { $0 }))
    #expect(try numbers(whole) == wanted.elements)
    for (t, row) in rows.enumerated() {
      let parameters = "\"sequence_id\":1,\"sequence_start\":\(t == 0)"
      let step = await infer(service, "features", requestBody([1, 3], row, parameters: parameters))
      #expect(try numbers(step) == wanted.row(t))
    }
    let rest = await infer(
      service, "features",
      requestBody([1, 2, 3], Array(rows[0] + rows[1]), parameters: "\"sequence_id\":2,\"sequence_start\":true"))
    #expect(try numbers(rest) == Array(wanted.elements.prefix(8)))
  }

  @Test func aBatchIsAnsweredInItsOrder() async throws {
    let service = try ServedModels.service(in: folder)
    let tokens: [[Int32]] = [[1, 2, 3], [6, 0, 5]]
    let model = try ServedModels.tokens()
    let wanted = model(.tokens(PackedSequence(tokens))).predictions
    let reply = await infer(service, "tokens", requestBody([2, 3], tokens.flatMap { $0 }, datatype: "INT32"))
    #expect(try numbers(reply) == wanted.elements)
    let data = rows.flatMap { $0 }
    let both = await infer(service, "features", requestBody([2, 2, 3], data))
    for b in 0..<2 {
      let one = await infer(service, "features", requestBody([2, 3], Array(data[6 * b..<6 * b + 6])))
      #expect(try numbers(one) == Array(try numbers(both)[8 * b..<8 * b + 8]))
    }
  }

  @Test func aModelOfBothDirectionsHasNoSessions() async throws {
    let service = try ServedModels.service(in: folder)
    #expect(await infer(service, "both", requestBody([1, 3], rows[0])).status == 200)
    let parameters = "\"sequence_id\":1,\"sequence_start\":true"
    #expect(await infer(service, "both", requestBody([1, 3], rows[0], parameters: parameters)).status == 400)
    #expect(service.sessions.counts.isEmpty)
  }

  @Test func whatARequestMayTakeIsLimited() async throws {
    var limits = ServingLimits()
    limits.maxTensor = 12
    limits.maxWork = 1000
    let service = try ServedModels.service(in: folder, limits: limits)
    #expect(await infer(service, "features", requestBody([3, 3], Array(repeating: 0, count: 9))).status == 200)
    // 16 numbers put out.
    #expect(await infer(service, "features", requestBody([4, 3], Array(repeating: 0, count: 12))).status == 413)
    #expect(
      await infer(service, "tokens", requestBody([9], Array(repeating: 0, count: 9), datatype: "INT32")).status == 413)
  }

  @Test func aTokenGuardsAllButHealth() throws {
    let service = try ServedModels.service(in: folder, token: BearerToken("secret"))
    func status(_ path: String, _ header: String?) -> Int {
      statusOf { () throws(ServingError) in _ = try service.route(method: "GET", path: path, authorization: header) }
    }
    #expect(status("/v2/health/live", nil) == 200)
    #expect(status("/v2", nil) == 401 && status("/metrics", "Bearer x") == 401)
    #expect(status("/v2", "Bearer secret") == 200)
  }

  @Test func aTimeoutOfYearsIsNoFailure() async throws {
    let service = try ServedModels.service(in: folder)
    let reply = await infer(
      service, "features", requestBody([1, 3], rows[0], parameters: "\"timeout\":86400000000000"))
    #expect(reply.status == 200)
  }

  @Test func aDeadlineThatPassedIsRefused() async throws {
    let served = try ServedModels.service(in: folder).repository.current("features")
    let body = requestBody([1, 3], rows[0])
    let request = try InferRequest(body, headerLength: nil, maxTensor: ServingLimits().maxTensor)
    let inputs = try ModelInputs(request, body, for: served.prepared.input)
    let refusal = ServingError(SchedulerError.deadlineExceeded)
    #expect(refusal.status == 503)
    let past = ContinuousClock.now - .seconds(1)
    await #expect(throws: refusal) { try await served.run(inputs, before: past) }
  }

  @Test func anAnswerThatHasNoRoomLeavesItsSession() async throws {
    var limits = ServingLimits()
    limits.maxBodies = 50_000
    let service = try ServedModels.service(in: folder, limits: limits)
    let id = SequenceID(5)
    func session() async -> [UInt8] {
      await service.respond(to: .session(.export, model: "features", id: id), body: [], headerLength: nil).body
    }
    let start = requestBody([1, 3], rows[0], parameters: "\"sequence_id\":5,\"sequence_start\":true")
    #expect(await infer(service, "features", start).status == 200)
    let before = await session()
    let zeros = Array(repeating: Float(0), count: 3 * 700)
    // 44,800 bytes at most, and the room is there when an answer is gone.
    for _ in 0..<2 { #expect(await infer(service, "features", requestBody([700, 3], zeros)).status == 200) }
    #expect(service.budget.take(10_000))
    #expect(
      await infer(service, "features", requestBody([700, 3], zeros, parameters: "\"sequence_id\":5")).status == 503)
    #expect(await session() == before)
    service.budget.give(10_000)
    let reply = await infer(service, "features", requestBody([700, 3], zeros, parameters: "\"sequence_id\":5"))
    #expect(reply.status == 200 && reply.share != nil)
    // What an answer takes is its own size, for as long as it is there.
    #expect(service.budget.take(50_000 - reply.body.count))
    #expect(!service.budget.take(1))
    withExtendedLifetime(reply) {}
  }

  @Test func aSessionMovesToAnotherService() async throws {
    let (first, second) = (try ServedModels.service(in: folder), try ServedModels.service(in: folder))
    let id = SequenceID(5)
    let start = requestBody([1, 3], rows[0], parameters: "\"sequence_id\":5,\"sequence_start\":true")
    #expect(await infer(first, "features", start).status == 200)
    let exported = await first.respond(to: .session(.export, model: "features", id: id), body: [], headerLength: nil)
    let put = Route.session(.put, model: "features", id: id)
    #expect(await second.respond(to: put, body: exported.body, headerLength: nil).status == 200)
    let next = requestBody([1, 3], rows[1], parameters: "\"sequence_id\":5")
    #expect(await infer(first, "features", next).body == (await infer(second, "features", next).body))
    let other = Route.session(.put, model: "tokens", id: id)
    #expect(await second.respond(to: other, body: exported.body, headerLength: nil).status == 400)
    #expect(await second.respond(to: put, body: Array("nonsense".utf8), headerLength: nil).status == 400)
    let remove = Route.session(.remove, model: "features", id: id)
    #expect(await second.respond(to: remove, body: [], headerLength: nil).status == 200)
    #expect(await second.respond(to: remove, body: [], headerLength: nil).status == 404)
  }
}
