#if ONNX
import DataIO
import Foundation
import SwiftProtobuf
import Testing

@testable import Interchange

@Suite struct TensorONNXTests {
  private func message(
    _ type: ONNX_TensorProto.DataType, _ shape: [Int64], _ fill: (inout ONNX_TensorProto) -> Void = { _ in }
  ) -> ONNX_TensorProto {
    .with {
      $0.dataType = Int32(type.rawValue)
      $0.dims = shape
      fill(&$0)
    }
  }

  private func refusal(_ message: ONNX_TensorProto) -> String {
    do {
      _ = try Tensor(message)
      return ""
    } catch { return error.reason }
  }

  @Test func numbersComeAsBytesOrInTheFieldOfTheirType() throws {
    let cases: [(ONNX_TensorProto.DataType, Data, Tensor.Elements)] = [
      (.float, Data([0, 0, 0xc0, 0x3f]), .float([1.5])),
      (.double, Data([0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), .double([1.5])),
      (.float16, Data([0, 0x3e]), .float16([1.5])),
      (.int64, Data([0xfe] + [UInt8](repeating: 0xff, count: 7)), .int64([-2])),
      (.int32, Data([0xfe, 0xff, 0xff, 0xff]), .int32([-2])),
      (.int16, Data([0xfe, 0xff]), .int16([-2])), (.int8, Data([0xfe]), .int8([-2])),
      (.uint8, Data([0xfe]), .uint8([254])), (.uint16, Data([1, 2]), .uint16([513])),
      (.uint32, Data([1, 2, 0, 0]), .uint32([513])), (.uint64, Data([1, 2, 0, 0, 0, 0, 0, 0]), .uint64([513])),
      (.bool, Data([1]), .bool([true])),
    ]
    for (type, bytes, wanted) in cases {
      #expect(try Tensor(message(type, [1]) { $0.rawData = bytes }).elements == wanted)
      let typed = message(type, []) {
        switch wanted {
        case .float(let numbers): $0.floatData = numbers
        case .double(let numbers): $0.doubleData = numbers
        case .int64(let numbers): $0.int64Data = numbers
        case .uint64(let numbers): $0.uint64Data = numbers
        case .uint32(let numbers): $0.uint64Data = numbers.map(UInt64.init)
        case .float16(let numbers): $0.int32Data = numbers.map { Int32($0.bitPattern) }
        default: $0.int32Data = wanted.integers!.map(Int32.init)
        }
      }
      #expect(try Tensor(typed) == Tensor(shape: [], wanted))
    }
  }

  @Test func asManyNumbersAsTheShapeSays() {
    #expect(refusal(message(.float, [3]) { $0.floatData = [1, 2] }) == "2 numbers, wanted 3 for the shape [3]")
    #expect(
      refusal(message(.float, [3]) { $0.rawData = Data(count: 11) }) == "11 bytes of numbers, wanted 3 numbers of 4")
    #expect(refusal(message(.float, [1 << 40, 1 << 40]) { $0.rawData = Data(count: 4) }).contains("has more than"))
    #expect(refusal(message(.float, [0, 1 << 40, 1 << 40])).contains("has more than"))
    #expect(refusal(message(.float, [1 << 60]) { $0.rawData = Data(count: 4) }).contains("4 bytes of numbers"))
    #expect(refusal(message(.float, [-1])) == "a dimension is -1, wanted at least 0")
    #expect(refusal(message(.int8, [1]) { $0.int32Data = [300] }) == "a number does not fit its type, int8")
  }

  @Test func numbersAreInOneFieldOfTheFile() {
    #expect(
      refusal(
        message(.float, [1]) {
          $0.rawData = Data(count: 4); $0.floatData = [1]
        })
        == "its numbers stand in two fields, wanted one")
    let outside = message(.float, [1]) {
      $0.dataLocation = .external
      $0.externalData = [
        .with {
          $0.key = "location"; $0.value = "w.bin"
        }
      ]
    }
    #expect(refusal(outside) == "its numbers are in another file, “w.bin”, wanted them in the model itself")
    #expect(refusal(message(.float, [1]) { $0.segment.begin = 0 }) == "it is stored in pieces, wanted it whole")
  }

  @Test func typesThatNoTensorHoldsAreRefusedByName() {
    #expect(refusal(message(.bfloat16, [])).hasPrefix("the element type is bfloat16, wanted one of float32, uint8"))
    #expect(refusal(message(.undefined, [])) == "the element type is 0, which does not exist")
  }
}
#endif
