import DataIO
import Foundation
import TestSupport
import Testing

/// What the script says about an array that NumPy wrote.
private struct ExpectedArray: Decodable {
  let type: String
  let shape: [Int]
  let bytes: String

  static func all(_ file: String) throws -> [String: ExpectedArray] {
    try JSONDecoder().decode([String: ExpectedArray].self, from: contents(file))
  }
}

private func place(_ file: String) -> String { InterchangeFolder.part("numpy_files") + "/" + file }

private func contents(_ file: String) throws -> Data { Data(try FileReading.bytes(of: place(file))) }

private let isPresent = InterchangeFolder.isPresent
private let comment: Comment = "needs Scripts/check-interchange.sh"

@Suite struct NumPyInterchangeTests {
  @Test(.enabled(if: isPresent, comment)) func everyArrayThatNumPyWroteIsRead() throws {
    let expected = try ExpectedArray.all("expected.json")
    #expect(!expected.isEmpty)
    for (file, array) in expected { expectSame(try NumPyFile.read(place(file)), array, file) }
  }

  @Test(.enabled(if: isPresent, comment), arguments: ["stored.npz", "deflated.npz", "streamed.npz"])
  func everyArchiveThatNumPyWroteIsRead(_ file: String) throws {
    let expected = try ExpectedArray.all("arrays.json")
    let tensors = try NumPyArchive.read(place(file))
    #expect(Set(tensors.keys) == Set(expected.keys))
    for (name, tensor) in tensors { expectSame(tensor, try #require(expected[name]), name) }
  }

  @Test(.enabled(if: isPresent, comment)) func otherTypesAreRefusedByName() throws {
    let refused = try JSONDecoder().decode([String: String].self, from: contents("refused.json"))
    #expect(!refused.isEmpty)
    for (file, type) in refused {
      let error = try #require(throws: DataError.self) { try NumPyFile.read(place(file)) }
      #expect(error.reason.contains(type), "\(error)")
    }
  }

  /// What the script reads afterwards, and compares with what NumPy writes.
  @Test(.enabled(if: isPresent, comment)) func everyArrayIsWrittenForNumPy() throws {
    let archive = try NumPyArchive(path: place("stored.npz"))
    let tensors = try archive.names.map { (name: $0, tensor: try archive.tensor($0)) }
    for (name, tensor) in tensors {
      for order in NumPyFile.Order.allCases {
        for byteOrder in NumPyFile.ByteOrder.allCases {
          let path = place("ours/\(name)-\(order == .c ? "C" : "F")-\(byteOrder).npy")
          try NumPyFile.write(tensor, to: path, order: order, byteOrder: byteOrder)
        }
      }
    }
    try NumPyArchive.write(tensors, to: place("ours/stored.npz"))
    try NumPyArchive.write(tensors, to: place("ours/deflated.npz"), compression: .deflate)
  }

  private func expectSame(_ tensor: Tensor, _ array: ExpectedArray, _ name: String) {
    #expect(tensor.typeName == array.type, "\(name)")
    #expect(tensor.shape == array.shape, "\(name)")
    #expect(hexadecimal(bytes(of: tensor)) == array.bytes, "\(name)")
  }

  /// The bytes of the numbers as this machine holds them.
  private func bytes(of tensor: Tensor) -> [UInt8] {
    func bytes<Element>(_ elements: [Element]) -> [UInt8] { elements.withUnsafeBytes(Array.init) }
    return switch tensor.elements {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .uint8(let elements): bytes(elements)
    case .int8(let elements): bytes(elements)
    case .uint16(let elements): bytes(elements)
    case .int16(let elements): bytes(elements)
    case .uint32(let elements): bytes(elements)
    case .int32(let elements): bytes(elements)
    case .uint64(let elements): bytes(elements)
    case .int64(let elements): bytes(elements)
    case .float16(let elements): bytes(elements)
    case .float(let elements): bytes(elements)
    case .double(let elements): bytes(elements)
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
