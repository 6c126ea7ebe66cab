import Foundation
import Kernels
import Models
import Testing

@Suite struct SafetensorsContentsTests {
  private var example: SafetensorsContents {
    var contents = SafetensorsContents(metadata: ["creator": "a \"test\"\n\\ \u{1}", "ü": "😀"])
    contents.setTensor("floats", shape: [3], elements: [1.5, -0.0, .nan] as [Float])
    contents.setMatrix("doubles", Matrix<Double>([[1, .infinity], [-2, .leastNonzeroMagnitude]]))
    contents.setTensor("narrow \"integers\"", shape: [1, 2, 1], elements: [.min, .max] as [Int32])
    contents.setTensor("integers", shape: [], elements: [Int64.min])
    contents.setTensor("nothing", shape: [0, 4], elements: [Float]())
    return contents
  }

  @Test func whatIsWrittenIsReadToTheBit() throws {
    let file = try SafetensorsFile(bytes: example.serialized())
    #expect(file.metadata == example.metadata)
    #expect(file.tensorNames == ["doubles", "floats", "integers", "narrow \"integers\"", "nothing"])
    let floats = try file.tensor("floats", as: Float.self)
    #expect(floats.shape == [3])
    #expect(floats.elements.map(\.bitPattern) == [1.5, -0.0, Float.nan].map(\.bitPattern))
    #expect(try file.matrix("doubles") == Matrix<Double>([[1, .infinity], [-2, .leastNonzeroMagnitude]]))
    let narrow = try file.tensor("narrow \"integers\"", as: Int32.self)
    #expect(narrow.shape == [1, 2, 1] && narrow.elements == [.min, .max])
    let single = try file.tensor("integers", as: Int64.self)
    #expect(single.shape == [] && single.elements == [.min])
    #expect(try file.tensor("nothing", as: Float.self).shape == [0, 4])
  }

  @Test func theOrderOfAdditionDoesNotChangeTheBytes() {
    var forwards = SafetensorsContents()
    var backwards = SafetensorsContents()
    for i in 0..<9 { forwards.setTensor("t\(i)", shape: [1], elements: [Float(i)]) }
    for i in (0..<9).reversed() { backwards.setTensor("t\(i)", shape: [1], elements: [Float(i)]) }
    #expect(forwards.serialized() == backwards.serialized())
    #expect(forwards.serialized() == forwards.serialized())
  }

  @Test func numbersStartAtMultiplesOfTheirSize() throws {
    let bytes = example.serialized()
    let headerLength = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(headerLength.isMultiple(of: 8))
    #expect(bytes[8] == UInt8(ascii: "{"))
    let header = try #require(
      JSONSerialization.jsonObject(with: Data(bytes[8..<8 + headerLength])) as? [String: [String: Any]])
    for (name, entry) in header where name != "__metadata__" {
      let offsets = try #require(entry["data_offsets"] as? [Int])
      let type = try #require((entry["dtype"] as? String).flatMap(SafetensorsType.init))
      #expect(offsets[0].isMultiple(of: type.size), "\(name)")
    }
  }

  @Test func aFileOnTheDiskHoldsTheBytes() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      try example.write(to: path)
      #expect(try Data(contentsOf: URL(filePath: path)) == Data(example.serialized()))
      #expect(
        try SafetensorsFile(path: path).matrix("doubles")
          == Matrix<Double>([[1, .infinity], [-2, .leastNonzeroMagnitude]]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["model.safetensors"])
    }
  }

  @Test func aFileThatIsReplacedWhileOpenGivesWhatItHeld() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      try example.write(to: path)
      let old = try SafetensorsFile(path: path)
      var contents = SafetensorsContents()
      contents.setTensor("new", shape: [1], elements: [1] as [Float])
      try contents.write(to: path)
      #expect(try old.tensor("integers", as: Int64.self).elements == [.min])
      #expect(try SafetensorsFile(path: path).tensorNames == ["new"])
    }
  }

  @Test func aFileThatShrinksWhileOpenIsAnError() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      try example.write(to: path)
      let file = try SafetensorsFile(path: path)
      #expect(truncate(path, 9) == 0)
      let error = try #require(throws: SafetensorsError.self) { try file.tensor("doubles", as: Double.self) }
      #expect(error.problem == .cannotRead && error.tensor == "doubles")
    }
  }

  @Test func whereTheSystemRefusesTheErrorSaysWhy() throws {
    try withTemporaryDirectory { directory in
      let absent = directory + "/absent/model.safetensors"
      let error = try #require(throws: SafetensorsError.self) { try example.write(to: absent) }
      #expect(error.problem == .cannotWrite && error.file == absent)
      #expect(error.found.contains("No such file or directory"))

      // A directory cannot be replaced by a file: the rename fails after all was written.
      let occupied = directory + "/occupied"
      try FileManager.default.createDirectory(atPath: occupied, withIntermediateDirectories: false)
      #expect(throws: SafetensorsError.self) { try example.write(to: occupied) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["occupied"])
    }
  }
}

/// Calls `body` with the path of an empty directory that is gone afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
  let directory = FileManager.default.temporaryDirectory.appending(path: "recurrent-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: directory) }
  try body(directory.path(percentEncoded: false))
}
