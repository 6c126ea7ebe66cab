#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ReductionOperatorsTests {
  private let x = Tensor(shape: [2, 3], [3, -1, 4, 1, 5, -9])

  @Test(arguments: [
    ("ReduceSum", [6, -3] as [Float]), ("ReduceMean", [2, -1]), ("ReduceMin", [-1, -9]), ("ReduceMax", [4, 5]),
  ])
  func reductionsAlongAnAxis(_ operation: String, _ wanted: [Float]) throws {
    #expect(try compute(operation, ["axes": .integers([1])], [x], opset: 11)[0] == Tensor(shape: [2, 1], wanted))
    let flat: [String: ONNXAttribute] = ["keepdims": .integer(0)]
    #expect(try compute(operation, flat, [x, integers(-1)])[0] == Tensor(shape: [2], wanted))
  }

  @Test func withoutAxesAllOrNothingIsReduced() throws {
    #expect(try compute("ReduceSum", [:], [x])[0] == Tensor(shape: [1, 1], [3]))
    #expect(try compute("ReduceSum", ["noop_with_empty_axes": .integer(1)], [x])[0] == x)
    #expect(try compute("ReduceMax", [:], [integers(1, 7, 3)])[0] == integers(7))
    #expect(try compute("ReduceSum", [:], [Tensor(shape: [0], [])])[0] == floats(0))
    #expect(try compute("ReduceMax", [:], [Tensor(shape: [0], [])])[0] == floats(-.infinity))
    #expect(refusal(of: "ReduceMean", [:], [integers(1)]).contains("wanted float32"))
  }

  @Test func arguments() throws {
    #expect(try compute("ArgMax", ["axis": .integer(1)], [x])[0] == Tensor(shape: [2, 1], .int64([2, 1])))
    #expect(try compute("ArgMin", ["axis": .integer(0), "keepdims": .integer(0)], [x])[0] == integers(1, 0, 1))
    let twice = floats(1, 1)
    #expect(try compute("ArgMax", [:], [twice])[0] == integers(0))
    #expect(try compute("ArgMax", ["select_last_index": .integer(1)], [twice])[0] == integers(1))
    #expect(refusal(of: "ArgMax", [:], [Tensor(shape: [0], [])]).contains("is empty"))
  }

  /// Up to opset 12 the inner dimensions count as one, since 13 the axis alone is normalised.
  @Test func softmaxInBothMeanings() throws {
    let zeros = Tensor(shape: [2, 2, 3], [Float](repeating: 0, count: 12))
    #expect(try compute("Softmax", [:], [zeros], opset: 12)[0].elements.floats.allSatisfy { abs($0 - 1 / 6) < 1e-6 })
    #expect(try compute("Softmax", [:], [zeros])[0].elements.floats.allSatisfy { abs($0 - 1 / 3) < 1e-6 })
    #expect(try compute("Softmax", ["axis": .integer(1)], [zeros])[0].elements.floats.allSatisfy { $0 == 0.5 })
    let large = try compute("Softmax", [:], [floats(1000, 1001)])[0].elements.doubles
    #expect(abs(large[0] - 0.2689414) < 1e-6 && abs(large[1] - 0.7310586) < 1e-6)
    let logarithms = try compute("LogSoftmax", ["axis": .integer(0)], [Tensor(shape: [2, 1], [1000, 1001])])[0]
    #expect(abs(logarithms.elements.doubles[0] + 1.3132617) < 1e-4)
    #expect(refusal(of: "Softmax", [:], [integers(1)]).contains("wanted float32"))
  }

  @Test func layerNormalization() throws {
    let found = try compute("LayerNormalization", [:], [Tensor(shape: [1, 2], [1, 3]), floats(2, 2), floats(5, 6)])[0]
    #expect(abs(found.elements.floats[0] - 3) < 1e-4 && abs(found.elements.floats[1] - 8) < 1e-4)
    #expect(
      refusal(of: "LayerNormalization", [:], [x, floats(1)], outputs: 2).contains("the normalized numbers alone"))
  }
}
#endif
