import DataIO
import Glibc
import TestSupport
import Testing

@testable import Tasks

@Suite struct NameCollectionTests {
  private static let lists: [(language: String, names: [String])] = [
    ("A", (0..<40).map { "A\($0)" } + ["A1", "A2", "shared"]), ("B", (0..<20).map { "B\($0)" } + ["shared", "A7"]),
  ]

  private func names(_ collection: NameCollection, _ entries: [NameCollection.Entry]) -> Set<String> {
    Set(entries.map { collection.name(of: $0.characters) })
  }

  @Test func aNameIsInOnePartOnly() {
    let collection = NameCollection(Self.lists, seed: 3)
    let parts = [collection.training, collection.validation, collection.test]
    let distinct = parts.map { names(collection, $0) }
    #expect(distinct.reduce(0) { $0 + $1.count } == 61 && distinct.reduce(Set()) { $0.union($1) }.count == 61)
    // Once in each language, and no more.
    #expect(parts.joined().count == 63)
    #expect(parts.joined().count { collection.name(of: $0.characters) == "shared" } == 2)
  }

  @Test func eachLanguageHasATenthInEachOfTheSmallParts() {
    let collection = NameCollection(Self.lists, seed: 3)
    for part in [collection.validation, collection.test] {
      #expect(3...6 ~= part.count { $0.language == 0 } && 1...3 ~= part.count { $0.language == 1 })
    }
  }

  @Test func theSeedDecidesTheParts() {
    #expect(NameCollection(Self.lists, seed: 3) == NameCollection(Self.lists, seed: 3))
    #expect(NameCollection(Self.lists, seed: 3).test != NameCollection(Self.lists, seed: 4).test)
  }

  @Test func aNameTooLongIsNamedByItsLine() throws {
    let folder = TemporaryFolder()
    makeFolder(folder.path("names"))
    let text = "Ab\n" + String(repeating: "x", count: 1001) + "\n"
    for file in DataSet.names.files { writeFile(Array(text.utf8), to: folder.path(file)) }
    let error = #expect(throws: DataError.self) { try NameCollection(DataDirectory(folder.path), seed: 1) }
    #expect(error?.line == 2 && error?.reason == "is a name of 1001 bytes; one has at most 1000")
  }

  @Test func spacesAroundANameDoNotCount() throws {
    try withTemporaryFolder { folder in
      #expect(mkdir(folder + "/names", 0o755) == 0)
      for file in DataSet.names.files { writeFile(Array(" Ab \nAb\n\nD'é e\n".utf8), to: "\(folder)/\(file)") }
      let collection = try NameCollection(DataDirectory(folder), seed: 1)
      #expect(collection.languages.count == 18 && collection.languages[0] == "Arabic")
      #expect(names(collection, collection.training + collection.validation + collection.test) == ["Ab", "D'é e"])
      #expect(collection.characters.words == ["start", "end", " ", "'", "A", "D", "b", "e", "é"])
      for file in DataSet.names.files { unlink("\(folder)/\(file)") }
      rmdir(folder + "/names")
    }
  }
}
