#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct IndexingOperatorsTests {
  private let x = counting(3, 4)

  @Test func slice() throws {
    #expect(
      try compute("Slice", ["starts": .integers([1]), "ends": .integers([3]), "axes": .integers([1])], [x], opset: 9)[0]
        == Tensor(shape: [3, 2], [1, 2, 5, 6, 9, 10]))
    func sliced(_ starts: Tensor, _ ends: Tensor, _ axes: Tensor? = nil, _ steps: Tensor? = nil) throws -> Tensor {
      try compute("Slice", [:], [x, starts, ends, axes, steps])[0]
    }
    #expect(try sliced(integers(1, 2), integers(3, 4)) == Tensor(shape: [2, 2], [6, 7, 10, 11]))
    #expect(try sliced(integers(-1), integers(.min), integers(1), integers(-2)).elements.floats == [3, 1, 7, 5, 11, 9])
    #expect(try sliced(integers(0), integers(.max), integers(-1), integers(3)).elements.floats == [0, 3, 4, 7, 8, 11])
    #expect(try sliced(integers(2), integers(1), integers(0)).shape == [0, 4])
    #expect(try sliced(integers(9), integers(99), integers(0)).shape == [0, 4])
    #expect(try sliced(integers(0), integers(4), integers(1), integers(.max)).shape == [3, 1])
    #expect(try sliced(integers(3), integers(.min), integers(1), integers(.min)).elements.floats == [3, 7, 11])
    #expect(refusal(of: "Slice", [:], [x, integers(0), integers(1), integers(0), integers(0)]) == "a step is 0")
    #expect(refusal(of: "Slice", [:], [x, integers(0), integers(1), integers(2)]).contains("axis 2 is outside"))
    #expect(refusal(of: "Slice", [:], [x, integers(0, 0), integers(1)]).contains("have 2, 1, 2, 2 numbers"))
    #expect(refusal(of: "Slice", [:], [x]).contains("left out"))
  }

  @Test func gather() throws {
    #expect(try compute("Gather", [:], [x, integers(2, -3)])[0] == Tensor(shape: [2, 4], [8, 9, 10, 11, 0, 1, 2, 3]))
    let single = Tensor(shape: [], .int64([-1]))
    #expect(try compute("Gather", ["axis": .integer(1)], [x, single])[0] == floats(3, 7, 11))
    let matrix = Tensor(shape: [1, 2], .int32([1, 0]))
    #expect(try compute("Gather", ["axis": .integer(-1)], [x, matrix])[0].shape == [3, 1, 2])
    #expect(refusal(of: "Gather", [:], [x, integers(3)]) == "index 3 is outside the 3 of axis 0")
    #expect(refusal(of: "Gather", [:], [x, floats(0)]) == "the numbers are float32, wanted integers as indices")
    #expect(refusal(of: "Gather", [:], [scalar(1), integers(0)]).contains("axis 0 is outside"))
  }

  @Test func concatAndSplit() throws {
    let axis = ["axis": ONNXAttribute.integer(1)]
    #expect(
      try compute("Concat", axis, [counting(2, 1), counting(2, 2)])[0] == Tensor(shape: [2, 3], [0, 0, 1, 1, 2, 3]))
    #expect(refusal(of: "Concat", axis, [counting(2, 1), counting(3, 1)]).contains("do not fit along axis 1"))
    #expect(refusal(of: "Concat", axis, [counting(1, 1), Tensor(shape: [1, 1], .int64([1]))]).contains("do not fit"))
    #expect(refusal(of: "Concat", [:], [x]) == "attribute axis is left out, but needed")

    #expect(try compute("Split", axis, [x, integers(1, 3)], outputs: 2).map(\.shape) == [[3, 1], [3, 3]])
    #expect(
      try compute("Split", axis, [x, integers(1, 3)], outputs: 2)[1].elements.floats == [1, 2, 3, 5, 6, 7, 9, 10, 11])
    #expect(
      try compute("Split", ["split": .integers([2, 1])], [x], outputs: 2, opset: 7).map(\.shape) == [[2, 4], [1, 4]])
    #expect(try compute("Split", ["num_outputs": .integer(2)], [x], outputs: 2).map(\.shape) == [[2, 4], [1, 4]])
    #expect(refusal(of: "Split", axis, [x, integers(1, 1)], outputs: 2).contains("are not 2 that make up the 4"))
    #expect(
      refusal(of: "Split", ["num_outputs": .integer(3)], [x], outputs: 2).contains("wanted 2, the number of outputs"))
  }

  @Test func reverseSequence() throws {
    let rows = Tensor(shape: [2, 3, 1], [0, 1, 2, 3, 4, 5])
    let batchFirst: [String: ONNXAttribute] = ["batch_axis": .integer(0), "time_axis": .integer(1)]
    #expect(
      try compute("ReverseSequence", batchFirst, [rows, integers(2, 3)])[0].elements.floats == [1, 0, 2, 5, 4, 3])
    #expect(try compute("ReverseSequence", [:], [rows, integers(1, 2, 2)])[0].elements.floats == [0, 4, 5, 3, 1, 2])
    #expect(refusal(of: "ReverseSequence", [:], [rows, integers(1, 3, 2)]).contains("at most 2"))
    #expect(refusal(of: "ReverseSequence", ["time_axis": .integer(1)], [rows, integers(1)]).contains("wanted 0 and 1"))
  }

  @Test func tile() throws {
    #expect(try compute("Tile", [:], [counting(2), integers(2)])[0] == floats(0, 1, 0, 1))
    #expect(
      try compute("Tile", [:], [counting(2, 1), integers(1, 3)])[0] == Tensor(shape: [2, 3], [0, 0, 0, 1, 1, 1]))
    #expect(refusal(of: "Tile", [:], [counting(2), integers(1, 1)]).contains("do not fit"))
    #expect(refusal(of: "Tile", [:], [counting(2), integers(1 << 50)]).contains("takes 9007199254740992 bytes"))
  }
}
#endif
