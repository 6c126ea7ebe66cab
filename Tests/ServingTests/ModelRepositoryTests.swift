import Kernels
import Models
import TestSupport
import Testing

@testable import Serving

@Suite struct ModelRepositoryTests {
  private let folder = TemporaryFolder()
  private var path: String { folder.path("m.safetensors") }

  private func repository() throws -> ModelRepository {
    try ModelRepository([ModelSource(name: "m", path: path)], limits: ServingLimits(), metrics: NoMetrics())
  }

  @Test func aNewFileTakesThePlaceOfTheOldOne() throws {
    try ServedModels.features(seed: 1).write(to: path)
    let repository = try repository()
    let old = try repository.current("m")
    #expect(repository.reload().isEmpty)
    // The same model.
    try ServedModels.features(seed: 1).write(to: path)
    #expect(repository.reload().isEmpty)
    #expect(try repository.current("m") === old)
    try ServedModels.features(seed: 5).write(to: path)
    #expect(repository.reload().count == 1)
    #expect(try repository.current("m").version == 2)
  }

  @Test func aDamagedFileChangesNothing() throws {
    try ServedModels.features().write(to: path)
    let repository = try repository()
    writeFile(Array("nonsense".utf8), to: path)
    #expect(repository.reload().count == 1)
    #expect(repository.reload().isEmpty)
    #expect(try repository.current("m").version == 1)
  }

  @Test func namesAreThoseThatAPathCanHave() {
    for name in ["", ".", "..", ".m", "a/b", "a b", "ü", String(repeating: "m", count: 101)] {
      #expect(throws: ServingError.self) { try ModelSource(name: name, path: "x") }
    }
    #expect(statusOf { () throws(ServingError) in _ = try ModelSource(name: "m-1_b.2", path: "x") } == 200)
  }

  @Test func aNameIsFoundByItsBytes() throws {
    try ServedModels.features().write(to: path)
    let repository = try ModelRepository(
      [ModelSource(name: "K", path: path)], limits: ServingLimits(), metrics: NoMetrics())
    #expect(statusOf { () throws(ServingError) in _ = try repository.current("K") } == 200)
    let kelvin = "\u{212A}"
    #expect(statusOf { () throws(ServingError) in _ = try repository.current(kelvin) } == 404)
  }

  @Test func twoModelsOfOneNameAreRefused() throws {
    try ServedModels.features().write(to: path)
    let source = try ModelSource(name: "m", path: path)
    #expect(throws: ServingError.self) {
      try ModelRepository([source, source], limits: ServingLimits(), metrics: NoMetrics())
    }
  }
}
