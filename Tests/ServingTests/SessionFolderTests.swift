import Kernels
import Models
import SystemFiles
import TestSupport
import Testing

@testable import Serving

@Suite struct SessionFolderTests {
  private let models = TemporaryFolder()
  private let folder = TemporaryFolder()

  private func step(_ service: InferenceService, _ id: String, _ parameters: String = "") async -> [UInt8] {
    let body = requestBody([1, 3], [1, 2, 3], parameters: "\"sequence_id\":\"\(id)\"\(parameters)")
    return await service.respond(to: .infer("features", version: nil), body: body, headerLength: nil).body
  }

  @Test func sessionsGoOnWhereTheyWereWritten() async throws {
    let service = try ServedModels.service(in: models)
    let files = try SessionFolder(path: folder.path("sessions"))
    for id in ["a", "b", "ü/"] { _ = await step(service, id, ",\"sequence_start\":true") }
    #expect(files.write(service.sessions) == (3, []))
    #expect(files.write(service.sessions) == (0, []))
    _ = await step(service, "a")
    _ = await step(service, "b", ",\"sequence_end\":true")
    #expect(files.write(service.sessions) == (1, []))
    #expect(fileNames(in: folder.path("sessions/features")).sorted() == ["b64-w7wv.safetensors", "id-a.safetensors"])

    let wanted = await step(service, "a")
    let other = try ServedModels.service(in: models)
    #expect(throws: ServingError.self) { try SessionFolder(path: folder.path("sessions")) }
    withExtendedLifetime(files) {}
    let restored = try withFolder { $0.restore(to: other.sessions, from: other.repository) }
    #expect(restored.count == 2 && restored.notes.isEmpty)
    #expect(await step(other, "a") == wanted)
  }

  /// A copy of the folder, which is in use.
  private func withFolder<Result>(_ body: (SessionFolder) throws -> Result) throws -> Result {
    let copy = TemporaryFolder()
    makeFolder(copy.path("features"))
    for name in fileNames(in: folder.path("sessions/features")) {
      let file = try ReadOnlyFile(path: folder.path("sessions/features/\(name)"))
      writeFile(try file.bytes(0..<file.count), to: copy.path("features/\(name)"))
    }
    return try body(SessionFolder(path: copy.path))
  }

  @Test func whatIsNoSessionOfTheModelStaysAndIsNamed() async throws {
    let service = try ServedModels.service(in: models)
    makeFolder(folder.path("features"))
    writeFile(Array("nonsense".utf8), to: folder.path("features/id-x.safetensors"))
    writeFile([], to: folder.path("features/unrelated"))
    let files = try SessionFolder(path: folder.path)
    let restored = files.restore(to: service.sessions, from: service.repository)
    #expect(restored.count == 0 && restored.notes.count == 1)
    #expect(files.write(service.sessions) == (0, []))
    #expect(fileNames(in: folder.path("features")).count == 2)
  }
}
