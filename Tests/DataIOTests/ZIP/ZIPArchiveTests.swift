import TestSupport
import Testing

@testable import DataIO

/// An archive that must be refused, and the reason that must be given.
struct MalformedArchive: CustomTestStringConvertible, Sendable {
  let what: String
  let bytes: [UInt8]
  let reason: String

  init(_ what: String, _ bytes: [UInt8], _ reason: String) {
    self.what = what
    self.bytes = bytes
    self.reason = reason
  }

  var testDescription: String { what }

  static let all: [MalformedArchive] = [
    MalformedArchive("an empty file", [], "is not a ZIP archive: no end of a central directory"),
    MalformedArchive("text", Array("PK is no archive".utf8), "is not a ZIP archive: no end of a central directory"),
    MalformedArchive(
      "an archive that lacks its last byte", Array(sample.serialized.dropLast()),
      "is not a ZIP archive: no end of a central directory"),
    MalformedArchive(
      "something before the archive", [0] + sample.serialized,
      "the central directory is said to have 94 bytes from 106, but ends at 201"),
    MalformedArchive(
      "a directory in another part", sample.with(end: [4: 1]), "is part of a split archive"),
    MalformedArchive(
      "more entries than there are", sample.with(end: [8: 3, 10: 3]), "the central directory ends within an entry"),
    MalformedArchive(
      "fewer entries than there are", sample.with(end: [8: 1, 10: 1]),
      "the central directory holds more than the 1 entries counted"),
    MalformedArchive(
      "an entry that is none", sample.with(entry: [0: 0x51]),
      "the central directory holds something other than an entry"),
    MalformedArchive(
      "a name longer than the directory", sample.with(entry: [29: 0xff]), "the central directory ends within an entry"),
    MalformedArchive("an encrypted member", sample.with(entry: [8: 1]), "the member “a” is encrypted"),
    MalformedArchive("a patch", sample.with(entry: [8: 1 << 5]), "the member “a” is a patch of other data"),
    MalformedArchive(
      "another method", sample.with(entry: [10: 14]),
      "the member “a” is compressed by method 14, wanted 0 (stored) or 8 (deflated)"),
    MalformedArchive(
      "a member of another part", sample.with(entry: [34: 1]), "the member “a” lies in another part of a split archive"),
    MalformedArchive(
      "a member outside the file", sample.with(entry: [45: 0x7f]),
      "the member “a” has 3 bytes from 2130706432, beyond the 106 before the directory"),
    MalformedArchive(
      "a member longer than the file", sample.with(entry: [22: 1, 26: 1]),
      "the member “a” has 65539 bytes from 0, beyond the 106 before the directory"),
    MalformedArchive(
      "a stored member of two sizes", sample.with(entry: [24: 4]),
      "the member “a” claims 4 bytes, which 3 stored ones cannot hold"),
    MalformedArchive(
      "a deflated member beyond all compression", sample.with(entry: [10: 8, 26: 0xff]),
      "the member “a” claims 16711683 bytes, which 3 deflated ones cannot hold"),
    MalformedArchive(
      "a member without a local header", sample.with(entry: [42: 1]),
      "the member “a” has no local header where it should be"),
    MalformedArchive(
      "a member with another name before its bytes", sample.with([30: UInt8(ascii: "x")]),
      "the member “a” is another in its local header"),
    MalformedArchive(
      "a local header that leads beyond the file", sample.with([29: 0x7f]),
      "the member “a” has 3 bytes from 32563, beyond the 106 before the directory"),
    MalformedArchive(
      "a name that is not UTF-8", sample.with([30: 0xff], entry: [46: 0xff]), "the name “\u{fffd}” is not UTF-8"),
    MalformedArchive(
      "a name with NUL", sample.with([30: 0], entry: [46: 0]), "the member “\\u{0}” has NUL in its name"),
    MalformedArchive("two members of a name", renamedTwin, "the name “a” occurs twice"),
    MalformedArchive("two members in a place", overlapping, "the members “a” and “b” overlap"),
  ]

  /// Two stored members “a” and “b” of three bytes and one, and changes to it.
  struct Sample {
    let serialized: [UInt8]
    let directory: Int

    init() {
      var contents = ZIPContents()
      contents.append("a", [1, 2, 3])
      contents.append("b", [4])
      serialized = contents.serialized()
      directory = 2 * (30 + 1 + 20) + 4
    }

    /// The archive with other bytes at some offsets, from the start, from the first entry and from the end record.
    func with(_ changes: [Int: UInt8] = [:], entry: [Int: UInt8] = [:], end: [Int: UInt8] = [:]) -> [UInt8] {
      var bytes = serialized
      for (offset, byte) in changes { bytes[offset] = byte }
      for (offset, byte) in entry { bytes[directory + offset] = byte }
      for (offset, byte) in end { bytes[bytes.count - 22 + offset] = byte }
      return bytes
    }
  }

  static let sample = Sample()
  private static let second = 54
  private static let entrySize = 47

  private static var renamedTwin: [UInt8] {
    sample.with([second + 30: UInt8(ascii: "a")], entry: [entrySize + 46: UInt8(ascii: "a")])
  }

  /// “a” grown over the local header of “b”.
  private static var overlapping: [UInt8] { sample.with(entry: [20: 4, 24: 4]) }
}

@Suite struct ZIPArchiveTests {
  private func archive(_ bytes: [UInt8]) throws -> ZIPArchive { try ZIPArchive(bytes: bytes, name: "it.zip") }

  @Test(arguments: MalformedArchive.all) func aMalformedArchiveIsRefused(_ malformed: MalformedArchive) {
    #expect(throws: DataError(file: "it.zip", reason: malformed.reason)) { try archive(malformed.bytes) }
  }

  @Test func missingDamagedAndTooLargeMembersSayWhatIsWrong() throws {
    let sample = MalformedArchive.sample
    #expect(throws: DataError(file: "it.zip", reason: "has no member “c” among 2")) {
      try archive(sample.serialized).bytes(of: "c")
    }
    let tooLarge = "the member “a” unpacks to 3 bytes, more than the 2 that an archive of 222 bytes may"
    #expect(throws: DataError(file: "it.zip", reason: tooLarge)) {
      try archive(sample.serialized).bytes(of: "a", limits: .bytes(2))
    }
    let damaged = "the member “b” is damaged: its CRC-32 is a505df1b, wanted d56f2b94"
    #expect(throws: DataError(file: "it.zip", reason: damaged)) {
      try archive(sample.with([105: 1])).bytes(of: "b")
    }
  }

  /// Zeros, deflated to a few bytes of which one is changed or that claim to be more or fewer than they are.
  @Test(arguments: [
    (offset: 20, value: UInt8(0x55)), (offset: 24, value: 99), (offset: 24, value: 101), (offset: 20, value: 1),
  ])
  func whatDoesNotDecompressToItsSizeIsRefused(offset: Int, value: UInt8) throws {
    var contents = ZIPContents()
    contents.append("a", [UInt8](repeating: 0, count: 100), compression: .deflate)
    var bytes = contents.serialized()
    let directory = bytes.count - 22 - 47
    bytes[directory + offset] = value
    #expect(throws: DataError.self) { try archive(bytes).bytes(of: "a") }
  }

  @Test func anArchiveUnpacksToNoMoreThanItsSizeJustifies() throws {
    var contents = ZIPContents()
    contents.append("a", [UInt8](repeating: 0, count: 1 << 20), compression: .deflate)
    let bytes = contents.serialized()
    func read(_ limits: UnpackingLimits) throws -> Int { try archive(bytes).bytes(of: "a", limits: limits).count }
    #expect(try read(UnpackingLimits()) == 1 << 20)
    #expect(try read(.bytes(1 << 20)) == 1 << 20)
    #expect(try read(UnpackingLimits(minAllowance: 0, maxRatio: 1032, maxTotal: 1 << 20)) == 1 << 20)
    let ratio = "the member “a” unpacks to 1048576 bytes, more than the \(8 * bytes.count) that an archive of "
    #expect {
      try read(UnpackingLimits(minAllowance: 0))
    } throws: {
      "\($0)" == "it.zip: \(ratio)\(bytes.count) bytes may"
    }
    #expect(throws: DataError.self) { try read(UnpackingLimits(maxTotal: 1 << 20 - 1)) }
    #expect(throws: Never.self) { try read(UnpackingLimits(minAllowance: 0, maxRatio: .max)) }
  }

  @Test func membersAreReadInPieces() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 5) }
    for compression in ZIPContents.Compression.allCases {
      var contents = ZIPContents()
      contents.append("a", bytes, compression: compression)
      let archive = try archive(contents.serialized())
      for size in [1, 70_001, 199_999] {
        let reader = try archive.reader(of: "a")
        #expect(try reader.read(size) == Array(bytes.prefix(size)))
        #expect(throws: DataError.self) { try reader.finish() }
        let again = try archive.reader(of: "a")
        #expect(try again.read(size) + again.read(bytes.count - size) == bytes)
        try again.finish()
      }
    }
  }

  /// As `zip` writes to a pipe: sizes follow the bytes and are zero before them.
  @Test func sizesInADataDescriptorAreLeftToTheDirectory() throws {
    let sample = MalformedArchive.sample
    let descriptor: [UInt8] = [0x50, 0x4b, 7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    var bytes = sample.with([54 + 6: 8], entry: [47 + 8: 8], end: [16: UInt8(sample.directory + 16)])
    bytes.replaceSubrange(54 + 14..<54 + 26, with: [UInt8](repeating: 0, count: 12))
    bytes.insert(contentsOf: descriptor, at: sample.directory)
    #expect(try archive(bytes).bytes(of: "b") == [4])
  }

  /// As PyTorch and `zip` from a pipe write it.
  @Test func theRecordWith64BitsMayBeThereWithoutNeed() throws {
    let sample = MalformedArchive.sample
    func bytes(entries: UInt64) -> [UInt8] {
      let numbers = [entries, entries, 94, UInt64(sample.directory)].flatMap(littleEndian)
      let record = [0x50, 0x4b, 6, 6] + littleEndian(44) + [45, 0, 45, 0] + littleEndian(0) + numbers
      let locator = [0x50, 0x4b, 6, 7, 0, 0, 0, 0] + littleEndian(UInt64(sample.directory + 94)) + [1, 0, 0, 0]
      return sample.serialized.dropLast(22) + record + locator + sample.serialized.suffix(22)
    }
    #expect(try archive(bytes(entries: 2)).bytes(of: "b") == [4])
    let reason = "the two records at the end of the archive differ"
    #expect(throws: DataError(file: "it.zip", reason: reason)) { try archive(bytes(entries: 1)) }
  }

  private func littleEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  @Test func aCommentAtTheEndIsSkipped() throws {
    var bytes = MalformedArchive.sample.serialized + Array("PK\u{5}\u{6} comment".utf8)
    bytes[bytes.count - 12 - 2] = 12
    #expect(try archive(bytes).names == ["a", "b"])
  }

  @Test func aMissingFileSaysWhatIsWrong() {
    let error = DataError(file: "/no/such.zip", reason: "open: No such file or directory (errno 2)")
    #expect(throws: error) { try ZIPArchive(path: "/no/such.zip") }
  }
}
