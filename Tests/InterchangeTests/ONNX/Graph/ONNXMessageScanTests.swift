#if ONNX
import SwiftProtobuf
import Testing

@testable import Interchange

@Suite struct ONNXMessageScanTests {
  /// `inner` as field `number`.
  private func field(_ number: Int, _ inner: [UInt8]) -> [UInt8] {
    var (rest, length) = (inner.count, [UInt8]())
    while rest > 0x7f {
      length.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return [UInt8(number << 3 | 2)] + length + [UInt8(rest)] + inner
  }

  /// Two bytes each in the file.
  private func many(_ field: UInt8, count: Int = 1 << 18) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 2 * count) { bytes, initialized in
      for index in 0..<count { (bytes[2 * index], bytes[2 * index + 1]) = (field << 3 | 2, 0) }
      initialized = 2 * count
    }
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    do {
      try ONNXMessageScan.check(bytes)
      return ""
    } catch { return error.reason }
  }

  @Test func manyEmptyMessagesAreRefusedBeforeTheyAreDecoded() {
    let wanted = "has 262145 messages and 0 texts in 524292 bytes, which take 134218240 bytes of memory, wanted at most"
    #expect(refusal(field(7, many(1))).hasPrefix(wanted))
    for (number, kind) in [(5, "initializers"), (11, "inputs"), (12, "outputs"), (13, "values"), (15, "sparse")] {
      #expect(refusal(field(7, many(UInt8(number)))) != "", "\(kind)")
    }
    #expect(refusal(field(7, field(1, many(5)))) != "", "attributes")
    #expect(refusal(field(7, field(1, field(5, many(10))))) != "", "tensors of an attribute")
    #expect(refusal(field(7, field(11, field(2, field(1, field(2, many(1))))))) != "", "dimensions")
    #expect(refusal(many(14)) != "", "metadata")
    #expect(refusal(field(7, field(1, many(1, count: 1 << 21)))) != "", "names of inputs")
    // What cannot be decoded behind them does not hide them.
    #expect(refusal(field(7, many(1)) + [7]) != "")
  }

  @Test func aGroupHidesNothing() throws {
    let group: [UInt8] = [0x9b, 0x06, 0x3a, 0x01, 0x07, 0x9c, 0x06]
    #expect(refusal(group + field(7, many(5))).hasPrefix("has groups of fields"))
    #expect(refusal(try ONNX_ModelProto.relu.serializedBytes() + group).hasPrefix("has groups of fields"))
  }

  @Test func aModelIsReadWhateverItsSize() throws {
    #expect(refusal(try ONNX_ModelProto.relu.serializedBytes()) == "")
    let nodes = (0..<20_000).map { ONNX_NodeProto.node("Relu", ["v\($0)"], ["v\($0 + 1)"], [.integer("axis", 1)]) }
    let message = ONNX_ModelProto.sample(nodes, inputs: [], outputs: [])
    #expect(refusal(try message.serializedBytes()) == "")
  }

  @Test func bytesThatAreNoMessagesAreLeftToTheDecoder() {
    for bytes: [UInt8] in [[], [7], [0x0a, 5], [0x80], [UInt8](repeating: 0xff, count: 100), [9, 1], [13, 1]] {
      #expect(refusal(bytes) == "")
    }
    #expect(refusal(field(7, [UInt8](repeating: 0x3a, count: 1000))) == "")
  }
}
#endif
