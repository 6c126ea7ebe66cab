#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ONNXDataFlowTests {
  private func node(_ operation: String, _ inputs: [String], _ output: String) -> ONNXNode {
    ONNXNode(place: output, operation: operation, inputs: inputs, outputs: [output], attributes: [:])
  }

  private func value(_ name: String, hasDefault: Bool = false) -> ONNXValue {
    ONNXValue(name: name, elementType: nil, dimensions: nil, hasDefault: hasDefault)
  }

  private var graph: ONNXGraph {
    ONNXGraph(
      name: "", opset: 13, inputs: [value("x"), value("mask"), value("w", hasDefault: true)], outputs: [value("y")],
      initializers: ["w": Tensor(shape: [2], [1, 2])],
      nodes: [
        node("Neg", ["w"], "weights"), node("Shape", ["x"], "sizes"), node("Tanh", ["x"], "unused"),
        node("Expand", ["weights", "sizes"], "spread"), node("Mul", ["x", "mask"], "masked"),
        node("Add", ["masked", "spread"], "y"),
      ])
  }

  @Test func whatNoOutputNeedsIsLeftOut() {
    #expect(ONNXDataFlow(graph).nodes.map(\.place) == ["weights", "sizes", "spread", "masked", "y"])
  }

  @Test func aShapeDependsOnNoNumbers() {
    let flow = ONNXDataFlow(graph)
    #expect(flow.sources(of: "y") == ["x", "mask"] && flow.sources(of: "spread").isEmpty)
    #expect(flow.descendants(of: ["x"]) == ["x", "masked", "y"])
  }

  @Test func constantsAreWhatDependsOnNoInputWithoutADefault() throws {
    let flow = ONNXDataFlow(graph)
    #expect(flow.isConstant("w") && flow.isConstant("weights"))
    #expect(!flow.isConstant("spread") && !flow.isConstant("x") && !flow.isConstant(""))
    #expect(
      try flow.values(of: ["weights", "w", "x", ""], file: "file")
        == ["weights": Tensor(shape: [2], [-1, -2]), "w": Tensor(shape: [2], [1, 2])])
  }
}
#endif
