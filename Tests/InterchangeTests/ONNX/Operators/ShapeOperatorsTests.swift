#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ShapeOperatorsTests {
  @Test func transpose() throws {
    #expect(try compute("Transpose", [:], [counting(2, 3)])[0] == Tensor(shape: [3, 2], [0, 3, 1, 4, 2, 5]))
    #expect(
      try compute("Transpose", ["perm": .integers([0, 2, 1])], [counting(1, 2, 2)])[0].elements.floats == [0, 2, 1, 3])
    #expect(
      refusal(of: "Transpose", ["perm": .integers([0, 0])], [counting(2, 3)])
        == "attribute perm is [0, 0], wanted each of its places once")
    #expect(
      refusal(of: "Transpose", ["perm": .integers([0])], [counting(2, 3)])
        == "attribute perm is [0], but the tensor has 2 dimensions")
  }

  /// The axes are an attribute up to opset 12, an input since.
  @Test func squeezeAndUnsqueeze() throws {
    let x = counting(1, 3, 1)
    #expect(try compute("Squeeze", ["axes": .integers([-1])], [x], opset: 11)[0].shape == [1, 3])
    #expect(try compute("Squeeze", [:], [x, integers(0)])[0].shape == [3, 1])
    #expect(try compute("Squeeze", [:], [x])[0].shape == [3])
    #expect(refusal(of: "Squeeze", [:], [x, integers(1)]).contains("are not all of size 1"))
    #expect(try compute("Unsqueeze", ["axes": .integers([0, 2])], [counting(3)], opset: 11)[0].shape == [1, 3, 1])
    #expect(try compute("Unsqueeze", [:], [counting(3), integers(-1)])[0].shape == [3, 1])
    #expect(refusal(of: "Unsqueeze", [:], [counting(3), integers(0, 0)]) == "the axes [0, 0] name one twice")
    #expect(refusal(of: "Unsqueeze", [:], [counting(3)]) == "axes are left out, but needed")
    #expect(refusal(of: "Unsqueeze", ["axes": .integers([0])], [x, integers(0)]).contains("wanted one of them"))
  }

  @Test func reshape() throws {
    let x = counting(2, 3, 4)
    #expect(try compute("Reshape", [:], [x, integers(0, -1)])[0].shape == [2, 12])
    #expect(try compute("Reshape", [:], [x, integers(-1)])[0].shape == [24])
    #expect(try compute("Reshape", [:], [counting(1), integers()])[0].shape == [])
    #expect(
      try compute("Reshape", ["allowzero": .integer(1)], [Tensor(shape: [0, 3], []), integers(3, 0)])[0].shape == [
        3, 0,
      ])
    for shape in [integers(-1, -1), integers(5), integers(-2), integers(0, 0, 0, 0), integers(-1, 7)] {
      #expect(refusal(of: "Reshape", [:], [x, shape]).contains("cannot have the shape"))
    }
    #expect(refusal(of: "Reshape", [:], [x, integers(1 << 62, 1 << 62)]).contains("takes more than"))
    #expect(refusal(of: "Reshape", [:], [x, floats(24)]).contains("wanted a list of integers"))
    #expect(
      refusal(of: "Reshape", ["allowzero": .integer(2)], [x, integers(24)]) == "attribute allowzero is 2, wanted 0 or 1"
    )
  }

  @Test func flattenAndExpand() throws {
    #expect(try compute("Flatten", [:], [counting(2, 3, 4)])[0].shape == [2, 12])
    #expect(try compute("Flatten", ["axis": .integer(0)], [counting(2, 3)])[0].shape == [1, 6])
    #expect(try compute("Flatten", ["axis": .integer(-1)], [counting(2, 3, 4)])[0].shape == [6, 4])
    #expect(try compute("Expand", [:], [Tensor(shape: [2, 1], [1, 2]), integers(3, 1, 2)])[0].shape == [3, 2, 2])
    #expect(refusal(of: "Expand", [:], [counting(2), integers(3)]).contains("do not go together"))
    #expect(refusal(of: "Expand", [:], [counting(1), integers(1 << 40)]).contains("takes 4398046511104 bytes"))
    #expect(refusal(of: "Expand", [:], [counting(1), integers(-1)]).contains("negative"))
  }

  @Test func shapeAndSize() throws {
    let x = counting(2, 3, 4)
    #expect(try compute("Shape", [:], [x])[0] == integers(2, 3, 4))
    #expect(try compute("Shape", ["start": .integer(-2), "end": .integer(2)], [x])[0] == integers(3))
    #expect(try compute("Shape", ["start": .integer(5)], [x])[0] == integers())
    #expect(try compute("Size", [:], [x])[0] == Tensor(shape: [], .int64([24])))
  }

  @Test func identityAndDropout() throws {
    let x = counting(2, 3)
    #expect(try compute("Identity", [:], [x])[0] == x)
    #expect(try compute("Dropout", ["ratio": .float(0.5)], [x], opset: 7)[0] == x)
    #expect(try compute("Dropout", [:], [x], outputs: 2)[1].elements == .bool([Bool](repeating: true, count: 6)))
    let training = Tensor(shape: [], .bool([true]))
    #expect(refusal(of: "Dropout", [:], [x, scalar(0.5), training]).contains("training_mode is true"))
  }

  @Test func theNumberOfInputsIsChecked() {
    #expect(refusal(of: "Identity", [:], []) == "the number of inputs is 0, wanted 1")
    #expect(refusal(of: "Identity", [:], [nil]) == "input 0 is left out, but needed")
    #expect(refusal(of: "Squeeze", [:], [nil, nil, nil]) == "the number of inputs is 3, wanted 1 to 2")
    #expect(refusal(of: "Identity", [:], [counting(1)], outputs: 2) == "the number of outputs is 2, wanted 1")
  }
}
#endif
