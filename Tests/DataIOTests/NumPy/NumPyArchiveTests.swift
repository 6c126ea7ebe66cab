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
}
