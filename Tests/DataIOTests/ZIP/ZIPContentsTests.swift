import DataIO
import TestSupport
import Testing

@Suite struct ZIPContentsTests {
  /// Bytes that compress well and bytes that do not.
  private static let members: [(name: String, bytes: [UInt8])] = [
    ("zeros.bin", [UInt8](repeating: 0, count: 300_001)),
    ("noise.bin", (0..<70_003).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }),
    ("empty", []),
    ("Größe/和.npy", [7]),
  ]

  @Test(arguments: ZIPContents.Compression.allCases)
  func whatIsWrittenIsReadAgain(_ compression: ZIPContents.Compression) throws {
    var contents = ZIPContents()
    for (name, bytes) in Self.members { contents.append(name, bytes, compression: compression) }
    try withTemporaryFolder { folder in
      try contents.write(to: folder + "/file.zip")
      for archive in [
        try ZIPArchive(path: folder + "/file.zip"), try ZIPArchive(bytes: contents.serialized()),
      ] {
        #expect(archive.names == Self.members.map(\.name))
        for (name, bytes) in Self.members { #expect(try archive.bytes(of: name) == bytes) }
      }
    }
  }

  @Test func compressionSavesSpace() {
    var stored = ZIPContents()
    var deflated = ZIPContents()
    stored.append("zeros", Self.members[0].bytes)
    deflated.append("zeros", Self.members[0].bytes, compression: .deflate)
    #expect(stored.serialized().count > 300_000)
    #expect(deflated.serialized().count < 1_000)
  }

  @Test(.enabled(if: isOptimized)) func anArchiveOfManyMembersNeedsTheLargerRecord() throws {
    var contents = ZIPContents()
    for index in 0..<65_536 { contents.append(String(index, radix: 36), []) }
    let archive = try ZIPArchive(bytes: contents.serialized())
    #expect(archive.names.count == 65_536)
    #expect(try archive.bytes(of: "1ekf") == [])
  }

  @Test func anArchiveOfNothingIsReadAgain() throws {
    #expect(try ZIPArchive(bytes: ZIPContents().serialized()).names == [])
  }

  @Test func aNameThatOccursTwiceIsAMistake() async {
    await #expect(processExitsWith: .failure) {
      var contents = ZIPContents()
      contents.append("a", [1])
      contents.append("a", [2])
    }
  }
}
