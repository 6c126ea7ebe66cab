#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ArithmeticOperatorsTests {
  private let a = floats(6, -4)
  private let b = floats(2, 8)

  @Test(arguments: [
    ("Add", floats(8, 4)), ("Sub", floats(4, -12)), ("Mul", floats(12, -32)), ("Div", floats(3, -0.5)),
    ("Pow", floats(36, 65536)), ("Min", floats(2, -4)), ("Max", floats(6, 8)), ("Sum", floats(8, 4)),
    ("Mean", floats(4, 2)),
  ])
  func realNumbers(_ operation: String, _ wanted: Tensor) throws {
    #expect(try compute(operation, [:], [a, b])[0] == wanted)
    let doubles = [a, b].map { Tensor(shape: $0.shape, .double($0.elements.doubles)) }
    #expect(try compute(operation, [:], doubles)[0].elements.doubles == wanted.elements.doubles)
  }

  @Test(arguments: [("Add", [5, 3]), ("Sub", [9, -11]), ("Mul", [-14, -28]), ("Div", [-3, 0]), ("Max", [7, 7])])
  func integersWrapAroundAndAreCutTowardsZero(_ operation: String, _ wanted: [Int]) throws {
    #expect(try compute(operation, [:], [integers(7, -4), integers(-2, 7)])[0].elements.integers == wanted)
    let small = [[Int32(7), -4], [-2, 7]].map { Tensor(shape: [2], .int32($0)) }
    #expect(try compute(operation, [:], small)[0].elements.integers == wanted)
  }

  @Test func integersNeverTrap() throws {
    #expect(try compute("Add", [:], [integers(.max), integers(1)])[0] == integers(.min))
    #expect(try compute("Div", [:], [integers(.min), integers(-1)])[0] == integers(.min))
    #expect(refusal(of: "Div", [:], [integers(1), integers(0)]) == "an integer is divided by 0")
    #expect(try compute("Neg", [:], [integers(.min)])[0] == integers(.min))
  }

  @Test func smallerTensorsAreRepeated() throws {
    let sum = try compute("Add", [:], [Tensor(shape: [2, 1], [10, 20]), floats(1, 2, 3)])[0]
    #expect(sum == Tensor(shape: [2, 3], [11, 12, 13, 21, 22, 23]))
    #expect(try compute("Max", [:], [scalar(1), floats(0, 2), scalar(1.5)])[0] == floats(1.5, 2))
    #expect(refusal(of: "Add", [:], [counting(2), counting(3)]) == "the shapes [2] and [3] do not go together")
    #expect(refusal(of: "Add", [:], [counting(1 << 12, 1), counting(1, 1 << 12)]).contains("takes 201326592 bytes"))
  }

  @Test func typesMustAgree() {
    #expect(
      refusal(of: "Add", [:], [a, integers(1, 2)])
        == "the numbers are float32 and int64, wanted both float32, float64 or of one type of integers")
    #expect(refusal(of: "Mean", [:], [integers(1)]) == "the numbers are int64, wanted float32 or float64")
    #expect(refusal(of: "Pow", [:], [integers(1), integers(1)]).contains("wanted float32 or float64"))
    #expect(refusal(of: "Sub", [:], [a]) == "the number of inputs is 1, wanted 2")
    #expect(refusal(of: "Neg", [:], [Tensor(shape: [1], .uint8([1]))]).contains("the numbers are uint8"))
  }

  @Test func comparisons() throws {
    let (x, y) = (integers(1, 2, 3), integers(2, 2, 2))
    let wanted: [String: [Bool]] = [
      "Equal": [false, true, false], "Less": [true, false, false], "LessOrEqual": [true, true, false],
      "Greater": [false, false, true], "GreaterOrEqual": [false, true, true],
    ]
    for (operation, truths) in wanted {
      #expect(try compute(operation, [:], [x, y])[0].elements == .bool(truths))
      #expect(try compute(operation, [:], [floats(1, 2, 3), scalar(2)])[0].elements == .bool(truths))
    }
    let (p, q) = (Tensor(shape: [2], .bool([true, false])), Tensor(shape: [2], .bool([true, true])))
    #expect(try compute("And", [:], [p, q])[0].elements == .bool([true, false]))
    #expect(try compute("Or", [:], [p, q])[0].elements == .bool([true, true]))
    #expect(try compute("Xor", [:], [p, q])[0].elements == .bool([false, true]))
    #expect(try compute("Not", [:], [p])[0].elements == .bool([false, true]))
    #expect(refusal(of: "And", [:], [x, y]) == "the numbers are int64, wanted bool")
    #expect(refusal(of: "Less", [:], [x, floats(1, 2, 3)]).contains("wanted one type"))
    #expect(refusal(of: "Not", [:], [x]) == "the numbers are int64, wanted bool")
  }

  @Test func whereChooses() throws {
    let condition = Tensor(shape: [2, 1], .bool([true, false]))
    #expect(
      try compute("Where", [:], [condition, floats(1, 2), scalar(9)])[0] == Tensor(shape: [2, 2], [1, 2, 9, 9]))
    #expect(refusal(of: "Where", [:], [floats(1), floats(1), floats(1)]).contains("wanted bool as the condition"))
    #expect(refusal(of: "Where", [:], [condition, floats(1), integers(1)]).contains("wanted one type"))
  }

  @Test func clip() throws {
    let x = floats(-5, 0, 5)
    #expect(try compute("Clip", ["min": .float(-1), "max": .float(2)], [x], opset: 7)[0] == floats(-1, 0, 2))
    #expect(try compute("Clip", [:], [x, scalar(-1)])[0] == floats(-1, 0, 5))
    #expect(try compute("Clip", [:], [integers(1, 9), nil, Tensor(shape: [], .int64([4]))])[0] == integers(1, 4))
    #expect(try compute("Clip", [:], [x])[0] == x)
    #expect(refusal(of: "Clip", [:], [x, floats(1, 2)]).contains("wanted one number"))
  }
}
#endif
