import Foundation
import Kernels
import Models
import TestSupport
import Testing

/// The bytes of a file with this header and `dataBytes` zeros after it.
private func fileBytes(_ header: String, dataBytes: Int = 0, headerLength: UInt64? = nil) -> [UInt8] {
  let length = headerLength ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
    + [UInt8](repeating: 0, count: dataBytes)
}

/// The entry of a tensor in a header.
private func entry(
  _ name: String, _ begin: String, _ end: String, shape: String = "[2]", type: String = "F32"
) -> String {
  #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
}

/// A file that must be refused.
struct MalformedFile: CustomTestStringConvertible, Sendable {
  let what: String
  let bytes: [UInt8]
  let problem: SafetensorsError.Problem
  let tensor: String?

  init(_ what: String, _ bytes: [UInt8], _ problem: SafetensorsError.Problem, tensor: String? = nil) {
    self.what = what
    self.bytes = bytes
    self.problem = problem
    self.tensor = tensor
  }

  var testDescription: String { what }

  static let all: [MalformedFile] =
    [
      // Lengths
      MalformedFile("an empty file", [], .headerLength),
      MalformedFile("seven bytes", [UInt8](repeating: 0, count: 7), .headerLength),
      MalformedFile("a header longer than the file", fileBytes("{}", headerLength: 3), .headerLength),
      MalformedFile("a header of 100 000 001 bytes", fileBytes("{}", headerLength: 100_000_001), .headerLength),
      MalformedFile("a header of 2⁶⁴ − 1 bytes", fileBytes("{}", headerLength: .max), .headerLength),
      MalformedFile("a header of 2⁶³ bytes", fileBytes("{}", headerLength: 1 << 63), .headerLength),
      MalformedFile("a header of no bytes", fileBytes(""), .headerText),
      // Text
      MalformedFile("a header that begins with a space", fileBytes(" {}"), .headerText),
      MalformedFile("an array for a header", fileBytes("[]"), .headerText),
      MalformedFile("a header that is not UTF-8", [2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0xFF], .headerText),
      MalformedFile("a header that ends early", fileBytes(#"{"a":"#), .headerText),
      MalformedFile("a string that does not end", fileBytes(#"{"a\"#), .headerText),
      MalformedFile("text after the header's object", fileBytes("{}{}"), .headerText),
      MalformedFile("a NUL after the header's object", fileBytes("{}\0"), .headerText),
      MalformedFile("a trailing comma", fileBytes("{\(entry("a", "0", "8")),}", dataBytes: 8), .headerText),
      MalformedFile("a leading comma", fileBytes("{,\(entry("a", "0", "8"))}", dataBytes: 8), .headerText),
      MalformedFile(
        "two commas", fileBytes("{\(entry("a", "0", "8")),,\(entry("b", "8", "16"))}", dataBytes: 16), .headerText),
      MalformedFile(
        "a comma too many in an array", fileBytes("{\(entry("a", "0", "8", shape: "[2,]"))}", dataBytes: 8), .headerText
      ),
      MalformedFile("a leading zero", fileBytes("{\(entry("a", "00", "8"))}", dataBytes: 8), .field, tensor: "a"),
      MalformedFile(
        "two numbers without a comma", fileBytes("{\(entry("a", "0", "8", shape: "[1 2]"))}", dataBytes: 8), .headerText
      ),
      MalformedFile(
        "no comma between tensors", fileBytes("{\(entry("a", "0", "8"))\(entry("b", "8", "16"))}", dataBytes: 16),
        .headerText),
      MalformedFile("a line break in a string", fileBytes("{\(entry("a\n", "0", "8"))}", dataBytes: 8), .headerText),
      MalformedFile("half a surrogate pair", fileBytes("{\(entry(#"\ud800"#, "0", "8"))}", dataBytes: 8), .headerText),
      MalformedFile("an unknown escape", fileBytes("{\(entry(#"\x"#, "0", "8"))}", dataBytes: 8), .headerText),
      MalformedFile("a comment", fileBytes("{}/* */"), .headerText),
      MalformedFile("a byte order mark", fileBytes("\u{FEFF}{}"), .headerText),
      MalformedFile("a thousand nested objects", fileBytes(String(repeating: #"{"a":"#, count: 1000)), .headerText),
      MalformedFile(
        "a thousand nested arrays", fileBytes(#"{"a":"# + String(repeating: "[", count: 1000)), .headerText),
      MalformedFile("an unmatched bracket", fileBytes("{}}"), .headerText),
      // Names
      MalformedFile(
        "a tensor's name twice", fileBytes("{\(entry("a", "0", "8")),\(entry("a", "0", "8"))}", dataBytes: 8),
        .duplicateName),
      MalformedFile(
        "the metadata twice", fileBytes(#"{"__metadata__":{},"__metadata__":{}}"#), .duplicateName),
      MalformedFile(
        "a metadata name twice", fileBytes(#"{"__metadata__":{"a":"b","a":"c"}}"#), .duplicateName),
      MalformedFile(
        "a field twice",
        fileBytes(#"{"a":{"dtype":"F32","dtype":"F64","shape":[],"data_offsets":[0,4]}}"#, dataBytes: 4),
        .duplicateName),
      MalformedFile(
        "a name twice in two spellings",
        fileBytes("{\(entry("a", "0", "8")),\(entry(#"\u0061"#, "8", "16"))}", dataBytes: 16), .duplicateName),
      MalformedFile(
        "a name twice in two spellings and nothing in it",
        fileBytes("{\(entry("a", "0", "0", shape: "[0]")),\(entry(#"\u0061"#, "0", "0", shape: "[0]"))}"),
        .duplicateName),
      MalformedFile(
        "a metadata name twice in two spellings", fileBytes(#"{"__metadata__":{"/":"b","\/":"c"}}"#), .duplicateName),
      MalformedFile(
        "the metadata twice in two spellings", fileBytes(#"{"__metadata__":{},"__metadat\u0061__":{}}"#), .duplicateName
      ),
      MalformedFile(
        "half a surrogate pair and a letter", fileBytes("{\(entry(#"\ud83d\u0061"#, "0", "8"))}", dataBytes: 8),
        .headerText),
      MalformedFile(
        "an escape of three digits", fileBytes("{\(entry(#"\u061"#, "0", "8"))}", dataBytes: 8), .headerText),
    ] + fields + places

  private static let fields: [MalformedFile] = [
    MalformedFile("a tensor that is a string", fileBytes(#"{"a":"b"}"#), .field, tensor: "a"),
    MalformedFile("a tensor that is a number", fileBytes(#"{"a":7}"#), .field, tensor: "a"),
    MalformedFile("metadata that are a string", fileBytes(#"{"__metadata__":"b"}"#), .field, tensor: "__metadata__"),
    MalformedFile(
      "metadata with a number", fileBytes(#"{"__metadata__":{"a":7}}"#), .field, tensor: "__metadata__"),
    MalformedFile(
      "no type", fileBytes(#"{"a":{"shape":[],"data_offsets":[0,4]}}"#, dataBytes: 4), .field, tensor: "a"),
    MalformedFile(
      "no shape", fileBytes(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, dataBytes: 4), .field, tensor: "a"),
    MalformedFile(
      "no offsets", fileBytes(#"{"a":{"dtype":"F32","shape":[]}}"#, dataBytes: 4), .field, tensor: "a"),
    MalformedFile(
      "one offset", fileBytes(#"{"a":{"dtype":"F32","shape":[],"data_offsets":[4]}}"#, dataBytes: 4), .field,
      tensor: "a"),
    MalformedFile(
      "three offsets", fileBytes(#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}"#, dataBytes: 8), .field,
      tensor: "a"),
    MalformedFile(
      "an unknown field",
      fileBytes(#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"layout":"x"}}"#, dataBytes: 4), .field,
      tensor: "a"),
    MalformedFile(
      "a shape of strings", fileBytes("{\(entry("a", "0", "8", shape: #"["2"]"#))}", dataBytes: 8), .field, tensor: "a"),
    MalformedFile(
      "an unsupported type", fileBytes("{\(entry("a", "0", "2", type: "U8"))}", dataBytes: 2), .elementType, tensor: "a"
    ),
    MalformedFile(
      "a type in small letters", fileBytes("{\(entry("a", "0", "8", type: "f32"))}", dataBytes: 8), .elementType,
      tensor: "a"),
    MalformedFile(
      "a negative dimension", fileBytes("{\(entry("a", "0", "8", shape: "[-2]"))}", dataBytes: 8), .headerText),
    MalformedFile(
      "a fractional dimension", fileBytes("{\(entry("a", "0", "8", shape: "[2.0]"))}", dataBytes: 8), .headerText),
    MalformedFile(
      "a dimension with an exponent", fileBytes("{\(entry("a", "0", "8", shape: "[2e0]"))}", dataBytes: 8), .headerText),
    MalformedFile(
      "a dimension of 2⁶⁴", fileBytes("{\(entry("a", "0", "8", shape: "[18446744073709551616]"))}", dataBytes: 8),
      .field, tensor: "a"),
    MalformedFile(
      "a null dimension", fileBytes("{\(entry("a", "0", "8", shape: "[null]"))}", dataBytes: 8), .headerText),
  ]

  private static let places: [MalformedFile] = [
    MalformedFile(
      "65 dimensions",
      fileBytes("{\(entry("a", "0", "4", shape: "[1\(String(repeating: ",1", count: 64))]"))}", dataBytes: 4),
      .shape, tensor: "a"),
    MalformedFile(
      "a shape whose product overflows",
      fileBytes("{\(entry("a", "0", "8", shape: "[4294967296,4294967296]"))}", dataBytes: 8), .shape, tensor: "a"),
    MalformedFile(
      "a shape whose product overflows to the right length",
      fileBytes("{\(entry("a", "0", "0", shape: "[9223372036854775807,8]"))}"), .shape, tensor: "a"),
    MalformedFile(
      "fewer bytes than the shape needs", fileBytes("{\(entry("a", "0", "4"))}", dataBytes: 4), .dataOffsets,
      tensor: "a"),
    MalformedFile(
      "more bytes than the shape needs", fileBytes("{\(entry("a", "0", "12"))}", dataBytes: 12), .dataOffsets,
      tensor: "a"),
    MalformedFile(
      "an end before the begin", fileBytes("{\(entry("a", "8", "0"))}", dataBytes: 8), .dataOffsets, tensor: "a"),
    MalformedFile(
      "numbers beyond the file", fileBytes("{\(entry("a", "0", "8"))}", dataBytes: 7), .dataOffsets, tensor: "a"),
    MalformedFile(
      "a huge tensor in a small file",
      fileBytes("{\(entry("a", "0", "4000000000000", shape: "[1000000000000]"))}", dataBytes: 8), .dataOffsets,
      tensor: "a"),
    MalformedFile(
      "two tensors in one place", fileBytes("{\(entry("a", "0", "8")),\(entry("b", "0", "8"))}", dataBytes: 8),
      .overlap, tensor: "b"),
    MalformedFile(
      "two tensors that overlap", fileBytes("{\(entry("a", "0", "8")),\(entry("b", "4", "12"))}", dataBytes: 12),
      .overlap, tensor: "b"),
    MalformedFile(
      "a gap between tensors", fileBytes("{\(entry("a", "0", "8")),\(entry("b", "12", "20"))}", dataBytes: 20), .gap,
      tensor: "b"),
    MalformedFile("a gap before the first", fileBytes("{\(entry("a", "4", "12"))}", dataBytes: 12), .gap, tensor: "a"),
    MalformedFile("bytes after the last", fileBytes("{\(entry("a", "0", "8"))}", dataBytes: 9), .gap),
    MalformedFile("bytes of no tensor", fileBytes("{}", dataBytes: 1), .gap),
  ]
}

@Suite struct SafetensorsFileTests {
  @Test(arguments: MalformedFile.all)
  func aMalformedFileIsRefusedWithItsError(_ malformed: MalformedFile) throws {
    let error = try #require(throws: SafetensorsError.self) {
      try SafetensorsFile(bytes: malformed.bytes, name: "model.safetensors")
    }
    #expect(error.problem == malformed.problem)
    #expect(error.tensor == malformed.tensor)
    #expect(error.file == "model.safetensors")
    #expect(error.description.hasPrefix("model.safetensors"))
    #expect(!error.found.isEmpty && !error.wanted.isEmpty)
  }

  @Test func escapesInNamesAreResolved() throws {
    let name = #"\u00e9\ud83d\ude42\"\\\/\b\f\n\r\tz"#
    let file = try SafetensorsFile(bytes: fileBytes("{\(entry(name, "0", "8"))}", dataBytes: 8))
    #expect(file.tensorNames == ["é🙂\"\\/\u{8}\u{c}\n\r\tz"])
  }

  @Test func anErrorIsOneLineOfPrintableText() throws {
    let name = #"\u001b[31m\u000ared\u202e"#
    let error = try #require(throws: SafetensorsError.self) {
      try SafetensorsFile(bytes: fileBytes("{\(entry(name, "0", "4"))}", dataBytes: 4), name: "a\u{1b}.safetensors")
    }
    #expect(error.description.hasPrefix(#"a\u{1b}.safetensors, tensor \u{1b}[31m\u{a}red\u{202e}: "#))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aWeightThatIsNotFiniteIsNamedWithItsPlace(_ value: Float) throws {
    var contents = SafetensorsContents()
    contents.setTensor("p.weight", shape: [2, 3], elements: [1, 2, 3, 4, value, 6])
    contents.setTensor("p.bias", shape: [2], elements: [1, 2] as [Float])
    let weights = try SafetensorsFile(bytes: contents.serialized(), name: "m")
    let layout = try LinearMap(inputSize: 3, outputSize: 2).parameterLayout
    let error = try #require(throws: SafetensorsError.self) {
      try weights.parameters(layout, prefix: "p.", as: Float.self)
    }
    #expect(error.problem == .notFinite && error.tensor == "p.weight")
    #expect(error.description.hasPrefix("m, tensor p.weight: \(value) at [1, 1], wanted finite numbers"))
    #expect(try weights.parameters(layout, prefix: "p.", as: Float.self, allowsNonFinite: true)["weight"].count == 6)
  }

  @Test func aNumberThatOverflowsTheTypeAskedForIsNotFinite() throws {
    var contents = SafetensorsContents()
    contents.setTensor("weight", shape: [1, 2], elements: [1, 1e300] as [Double])
    contents.setTensor("bias", shape: [1], elements: [1] as [Double])
    let file = try SafetensorsFile(bytes: contents.serialized())
    let layout = try LinearMap(inputSize: 2, outputSize: 1).parameterLayout
    #expect { try file.parameters(layout, as: Float.self) } throws: { "\($0)".contains("inf at [0, 1]") }
    #expect(throws: Never.self) { try file.parameters(layout, as: Double.self) }
  }

  @Test func everyPrefixOfAFileIsRefused() throws {
    var contents = SafetensorsContents(metadata: ["note": "x"])
    contents.setTensor("a", shape: [3], elements: [1, 2, 3] as [Float])
    let bytes = contents.serialized()
    for count in 0..<bytes.count {
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: Array(bytes.prefix(count))) }
    }
  }

  @Test func noFlippedBitIsMoreThanAnErrorOrAnotherFile() throws {
    var contents = SafetensorsContents(metadata: ["note": "x"])
    contents.setTensor("a", shape: [3], elements: [1, 2, 3] as [Float])
    let bytes = contents.serialized()
    for position in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[position] ^= 1 << bit
        guard let file = try? SafetensorsFile(bytes: flipped) else { continue }
        for name in file.tensorNames { _ = try? file.tensor(name, as: Float.self) }
      }
    }
  }

  @Test(arguments: Fixture.paths)
  func filesOfTheReferenceImplementationAreRead(_ path: String) throws {
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata["script"] == "Scripts/make-fixtures.py")
    for name in file.tensorNames {
      let entry = try #require(file.tensors[name])
      let count = entry.shape.reduce(1, *)
      if entry.type.isFloatingPoint {
        let elements = try file.tensor(name, as: Double.self).elements
        #expect(elements.count == count)
        #expect(elements.allSatisfy { $0.isFinite })
      } else {
        #expect(try file.tensor(name, as: Int64.self).elements.count == count)
      }
    }
  }

  @Test func thereAreFixtures() { #expect(Fixture.paths.count > 30) }

  @Test func spacesAfterTheHeaderAndTensorsWithoutNumbersAreLegal() throws {
    let header = "{\(entry("a", "0", "0", shape: "[0,9]")),\(entry("b", "0", "4", shape: "[]"))}   "
    let file = try SafetensorsFile(bytes: fileBytes(header, dataBytes: 4))
    #expect(try file.tensor("a", as: Float.self).shape == [0, 9])
    #expect(try file.tensor("b", as: Float.self).elements == [0])
    #expect(try SafetensorsFile(bytes: fileBytes("{}")).tensors.isEmpty)
  }

  @Test func namesMayHoldAnyCharacter() throws {
    let file = try SafetensorsFile(bytes: fileBytes("{\(entry(#"a\"{é\u00e9😀\\"#, "0", "8"))}", dataBytes: 8))
    #expect(file.tensorNames == ["a\"{éé😀\\"])
  }

  @Test func halfPrecisionNumbersAreRead() throws {
    let header =
      "{\(entry("bfloat", "0", "4", type: "BF16")),\(entry("half", "4", "8", type: "F16"))}"
    var bytes = fileBytes(header)
    for pattern in [0x3FC0, 0xC000, 0x3E00, 0x0001] as [UInt16] {
      bytes += [UInt8(truncatingIfNeeded: pattern), UInt8(pattern >> 8)]
    }
    let file = try SafetensorsFile(bytes: bytes)
    #expect(try file.tensor("bfloat", as: Float.self).elements == [1.5, -2])
    #expect(try file.tensor("half", as: Double.self).elements == [1.5, 0x1p-24])
  }

  @Test func numbersAreConvertedWithinTheirKindOnly() throws {
    var contents = SafetensorsContents()
    contents.setTensor("doubles", shape: [2], elements: [1.0 / 3, -2])
    contents.setTensor("wide", shape: [2], elements: [7, -1] as [Int64])
    contents.setTensor("too wide", shape: [1], elements: [1 << 40] as [Int64])
    contents.setTensor("narrow", shape: [1], elements: [-5] as [Int32])
    let file = try SafetensorsFile(bytes: contents.serialized())
    #expect(try file.tensor("doubles", as: Float.self).elements == [1 / 3, -2])
    #expect(try file.tensor("wide", as: Int32.self).elements == [7, -1])
    #expect(try file.tensor("narrow", as: Int64.self).elements == [-5])

    func problem(_ name: String, _ read: (String) throws -> Void) throws -> SafetensorsError.Problem {
      let error = try #require(throws: SafetensorsError.self) { try read(name) }
      #expect(error.tensor == name)
      return error.problem
    }
    #expect(try problem("too wide") { _ = try file.tensor($0, as: Int32.self) } == .elementType)
    #expect(try problem("narrow") { _ = try file.tensor($0, as: Float.self) } == .elementType)
    #expect(try problem("doubles") { _ = try file.tensor($0, as: Int32.self) } == .elementType)
    #expect(try problem("absent") { _ = try file.tensor($0, as: Float.self) } == .missingTensor)
  }

  @Test func aMatrixHasOneOrTwoDimensions() throws {
    var contents = SafetensorsContents()
    contents.setTensor("vector", shape: [3], elements: [1, 2, 3] as [Float])
    contents.setTensor("matrix", shape: [2, 3], elements: [1, 2, 3, 4, 5, 6] as [Float])
    contents.setTensor("cube", shape: [1, 1, 1], elements: [1] as [Float])
    let file = try SafetensorsFile(bytes: contents.serialized())
    #expect(try file.matrix("vector", as: Float.self) == Matrix([[1], [2], [3]]))
    #expect(try file.matrix("matrix", as: Double.self) == Matrix([[1, 2, 3], [4, 5, 6]]))
    let error = try #require(throws: SafetensorsError.self) { try file.matrix("cube", as: Float.self) }
    #expect(error.problem == .shape)
  }

  @Test func parametersOfAnotherShapeOrNameAreRefused() throws {
    var contents = SafetensorsContents()
    var parameters = ParameterVector<Float>.zeros(exampleLayout)
    parameters.initialize(.pyTorch(hiddenSize: 3), seed: 4)
    contents.setParameters(parameters, prefix: "model.")
    contents.setTensor("other.rnn.weight_ih", shape: [2, 6], elements: [Float](repeating: 0, count: 12))
    let file = try SafetensorsFile(bytes: contents.serialized())
    #expect(file.tensors["model.rnn.bias_ih"]?.shape == [6])
    #expect(try file.parameters(exampleLayout, prefix: "model.", as: Float.self) == parameters)

    let shape = try #require(throws: SafetensorsError.self) {
      try file.parameters(exampleLayout, prefix: "other.", as: Float.self)
    }
    #expect(shape.problem == .shape && shape.tensor == "other.rnn.weight_ih")
    #expect(shape.found.contains("[2, 6]") && shape.wanted.contains("[6, 2]"))
    let missing = try #require(throws: SafetensorsError.self) { try file.parameters(exampleLayout, as: Float.self) }
    #expect(missing.problem == .missingTensor)
  }

  @Test(arguments: ["/no-such-directory/model.safetensors", "/tmp", "/dev/zero"])
  func whatIsNoReadableFileIsAnError(_ path: String) throws {
    let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    #expect(error.problem == .cannotRead)
    #expect(error.file == path)
    #expect(error.found.contains("errno"))
  }
}
