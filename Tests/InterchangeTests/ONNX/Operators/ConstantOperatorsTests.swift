#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ConstantOperatorsTests {
  @Test(
    arguments: [
      ("value", .tensor(floats(1, 2)), floats(1, 2)), ("value_float", .float(3), scalar(3)),
      ("value_floats", .floats([1, 2]), floats(1, 2)), ("value_int", .integer(4), Tensor(shape: [], .int64([4]))),
      ("value_ints", .integers([1, 2]), integers(1, 2)),
    ] as [(String, ONNXAttribute, Tensor)])
  func constantInEachForm(_ name: String, _ attribute: ONNXAttribute, _ wanted: Tensor) throws {
    #expect(try compute("Constant", [name: attribute], [])[0] == wanted)
  }

  @Test func constantHasOneValueAndNoText() {
    #expect(refusal(of: "Constant") == "0 attributes hold its value, wanted one")
    #expect(
      refusal(of: "Constant", ["value_string": .string("a")]) == "attribute value_string holds text, wanted numbers")
  }

  @Test func constantOfShape() throws {
    #expect(try compute("ConstantOfShape", [:], [integers(2, 1)])[0] == Tensor(shape: [2, 1], [0, 0]))
    let value: [String: ONNXAttribute] = ["value": .tensor(integers(7))]
    #expect(try compute("ConstantOfShape", value, [integers(2)])[0] == integers(7, 7))
    #expect(try compute("ConstantOfShape", value, [integers()])[0].shape == [])
    #expect(refusal(of: "ConstantOfShape", ["value": .tensor(integers(1, 2))], [integers(2)]).contains("wanted one"))
    #expect(refusal(of: "ConstantOfShape", [:], [integers(-1)]).contains("negative"))
    #expect(refusal(of: "ConstantOfShape", [:], [integers(1 << 60, 8)]).contains("takes more than"))
  }

  @Test func range() throws {
    func number(_ value: Int64) -> Tensor { Tensor(shape: [], .int64([value])) }
    #expect(try compute("Range", [:], [number(5), number(-1), number(-2)])[0] == integers(5, 3, 1))
    #expect(try compute("Range", [:], [scalar(0), scalar(1), scalar(0.25)])[0] == floats(0, 0.25, 0.5, 0.75))
    #expect(try compute("Range", [:], [number(1), number(0), number(1)])[0] == integers())
    #expect(refusal(of: "Range", [:], [number(0), number(1), number(0)]).contains("no range goes"))
    #expect(refusal(of: "Range", [:], [number(0), number(.max), number(1)]).contains("no range goes"))
    #expect(refusal(of: "Range", [:], [number(0), number(1 << 40), number(1)]).contains("takes 8796093022208 bytes"))
    #expect(refusal(of: "Range", [:], [scalar(.nan), scalar(1), scalar(1)]).contains("no range goes"))
    #expect(refusal(of: "Range", [:], [scalar(0), number(1), number(1)]).contains("one type"))
  }

  @Test func cast() throws {
    func cast(_ tensor: Tensor, _ type: ONNXElementType) throws -> Tensor.Elements {
      try compute("Cast", ["to": .integer(type.rawValue)], [tensor])[0].elements
    }
    let numbers = floats(1.9, -1.9, .nan, 1e30, -.infinity)
    #expect(try cast(numbers, .int32) == .int32([1, -1, 0, .max, .min]))
    #expect(try cast(numbers, .uint8) == .uint8([1, 0, 0, 255, 0]))
    #expect(try cast(floats(0, 0.5, .nan), .bool) == .bool([false, true, true]))
    #expect(try cast(integers(-1, 300), .uint8) == .uint8([255, 44]))
    #expect(try cast(integers(-1), .uint64) == .uint64([.max]))
    #expect(try cast(Tensor(shape: [1], .uint64([.max])), .float) == .float([Float(UInt64.max)]))
    #expect(try cast(Tensor(shape: [2], .bool([true, false])), .float) == .float([1, 0]))
    #expect(try cast(floats(0.1), .double) == .double([Double(Float(0.1))]))
    #expect(try cast(floats(1.5), .float16) == .float16([1.5]))
    #expect(refusal(of: "Cast", ["to": .integer(8)], [numbers]).hasPrefix("attribute to: the element type is string"))
    #expect(refusal(of: "Cast", [:], [numbers]) == "attribute to is left out, but needed")
    for type in ONNXElementType.allCases {
      let found = try cast(integers(0, 1), type)
      #expect(found.doubles == [0, 1], "\(type)")
    }
  }
}
#endif
