import DataIO
import TestSupport
import Testing

@Suite struct NumPyArchiveTests {
  /// Computed, as `sixOfEach` is.
  private static var tensors: [(name: String, tensor: Tensor)] {
    [
      ("weights/layer 0", Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])), ("steps", Tensor(shape: [], .int64([7]))),
      ("Größe", Tensor(shape: [0, 4], .bool([]))),
      // A number sign of Arabic takes the full stop after it into one character.
      ("\u{600}", Tensor(shape: [1], .uint8([3]))),
    ]
  }

  @Test(arguments: ZIPContents.Compression.allCases)
  func whatIsWrittenIsReadAgain(_ compression: ZIPContents.Compression) throws {
    try withTemporaryFolder { folder in
      try NumPyArchive.write(Self.tensors, to: folder + "/file.npz", compression: compression)
      let archive = try NumPyArchive(path: folder + "/file.npz")
      #expect(archive.names == Self.tensors.map(\.name))
      for (name, tensor) in Self.tensors { #expect(try archive.tensor(name) == tensor) }
      #expect(
        try NumPyArchive.read(folder + "/file.npz")
          == Dictionary(uniqueKeysWithValues: Self.tensors.map { ($0.name, $0.tensor) }))
    }
  }

  @Test func errorsNameTheArchiveAndTheArray() throws {
    let archive = try NumPyArchive(bytes: NumPyArchive.serialized(Self.tensors), name: "it.npz")
    #expect(throws: DataError(file: "it.npz", reason: "has no array “step” among 4")) { try archive.tensor("step") }

    var contents = ZIPContents()
    contents.append("broken.npy", [])
    let broken = try NumPyArchive(bytes: contents.serialized(), name: "it.npz")
    let reason = "is not a .npy file: it does not begin with \\x93NUMPY"
    #expect(throws: DataError(file: "it.npz/broken.npy", reason: reason)) { try broken.tensor("broken") }

    contents.append("README", [])
    let noArray = DataError(file: "it.npz", reason: "the member “README” is no array: it is not a .npy file")
    #expect(throws: noArray) { try NumPyArchive(bytes: contents.serialized(), name: "it.npz") }
  }

  @Test func onlyWhatIsAskedForIsUnpackedAndCounted() throws {
    let zeros = Tensor(shape: [1 << 20], .uint8([UInt8](repeating: 0, count: 1 << 20)))
    let bytes = NumPyArchive.serialized(
      [("small", Tensor(shape: [2], [1, 2])), ("large", zeros), ("twin", zeros)], compression: .deflate)
    let archive = try NumPyArchive(bytes: bytes, name: "it.npz")
    let limits = UnpackingLimits.bytes(1 << 20 + 500)
    #expect(try archive.tensor("small", limits: .bytes(200)).count == 2)
    #expect(try archive.tensors(["small", "large"], limits: limits).count == 2)
    let size = 1 << 20 + 128
    #expect(
      throws: DataError(
        file: "it.npz",
        reason:
          "the member “twin.npy” unpacks to \(size) bytes after \(size) of others, more than the \(1 << 20 + 500) that an "
          + "archive of \(bytes.count) bytes may")
    ) { try archive.tensors(["large", "twin"], limits: limits) }
    #expect(throws: DataError.self) { try archive.tensors(["small", "none"]) }
  }

  /// The header decides before the numbers are unpacked: of those, a few kilobytes stand for a gigabyte here.
  @Test func aMemberThatIsLargerThanItsHeaderSaysIsRefused() throws {
    var file = NumPyFile.serialized(Tensor(shape: [2], [1, 2]))
    file += [UInt8](repeating: 0, count: 1 << 20)
    var contents = ZIPContents()
    contents.append("a.npy", file, compression: .deflate)
    let archive = try NumPyArchive(bytes: contents.serialized(), name: "it.npz")
    #expect(
      throws: DataError(
        file: "it.npz/a.npy", reason: "has 1048584 bytes of numbers, wanted 8 for the shape [2] of <f4")
    ) { try archive.tensor("a") }
  }
}
