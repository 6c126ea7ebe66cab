#if ONNX
import SwiftProtobuf
import Testing

@testable import Interchange

@Suite struct ONNXGraphReadingTests {
  private func model(_ nodes: [ONNX_NodeProto], outputs: [String] = ["y"]) -> ONNX_ModelProto {
    .sample(nodes, inputs: [.tensor("x", [3])], outputs: outputs)
  }

  @Test func nodesThatReadTheFutureOrThemselvesAreRefused() {
    let cyclic = model([.node("Add", ["x", "b"], ["a"]), .node("Relu", ["a"], ["b"])], outputs: ["b"])
    #expect(
      cyclic.refusal
        == "m.onnx, node 0 (Add): reads “b”, which is computed there or later: a cycle, or nodes out of order")
    #expect(model([.node("Relu", ["y"], ["y"])]).refusal.contains("a cycle"))
    #expect(
      model([.node("Relu", ["z"], ["y"])]).refusal == "m.onnx, node 0 (Relu): reads “z”, which nothing computes")
  }

  @Test func aNameDenotesOneValue() {
    #expect(
      model([.node("Relu", ["x"], ["x"])]).refusal == "m.onnx, node 0 (Relu): computes “x”, which is there already")
    var twice = ONNX_ModelProto.relu
    twice.graph.input.append(twice.graph.input[0])
    #expect(twice.refusal.contains("input “x”: its name stands twice"))
    var constants = ONNX_ModelProto.relu
    constants.graph.initializer = [.floats("w", [1], [1]), .floats("w", [1], [2])]
    #expect(constants.refusal.contains("constant “w”: its name stands twice"))
    #expect(model([.node("Relu", ["x"], ["z"])]).refusal == "m.onnx, output “y”: nothing computes it")
  }

  @Test func unsupportedOperatorsAreRefusedByName() {
    #expect(
      model([.node("Mystery", ["x"], ["y"])]).refusal
        == "m.onnx, node 0 (Mystery): the operator “Mystery” is none of those that are computed")
    var foreign = ONNX_NodeProto.node("Relu", ["x"], ["y"])
    foreign.domain = "com.example"
    #expect(
      model([foreign]).refusal
        == "m.onnx, node 0 (Relu): the operator's domain is “com.example”, wanted the standard one")
    foreign.domain = "ai.onnx"
    #expect(model([foreign]).refusal == "")
    #expect(
      model([.node("Relu", ["x"], ["y"], [.integer("speed", 3)])]).refusal
        == "m.onnx, node 0 (Relu): attribute “speed” is none that is known")
    let branch = ONNX_AttributeProto.with {
      $0.name = "then_branch"
      $0.type = .graph
    }
    #expect(
      model([.node("If", ["x"], ["y"], [branch])]).refusal
        == "m.onnx, node 0 (If): attribute then_branch is a graph, wanted operators without one of their own")
    var function = ONNX_ModelProto.relu
    function.functions = [.with { $0.name = "F" }]
    #expect(function.refusal == "m.onnx: defines the operator “F”, wanted only standard operators")
  }

  @Test func attributesHaveOneTypeAndOccurOnce() {
    let axis = ONNX_AttributeProto.integer("axis", 0)
    #expect(
      model([.node("Concat", ["x"], ["y"], [axis, axis])]).refusal.contains("attribute axis stands twice"))
    var silent = axis
    silent.clearType()
    #expect(model([.node("Concat", ["x"], ["y"], [silent])]).refusal.contains("attribute axis does not say what it is"))
    var text = axis
    text.type = .string
    text.s.append(0xff)
    #expect(model([.node("Concat", ["x"], ["y"], [text])]).refusal.contains("attribute axis is not UTF-8"))
    #expect(
      model([
        .node(
          "Concat", ["x"], ["y"],
          [
            .with {
              $0.name = "axis"; $0.type = .float
            }
          ])
      ]).refusal
        .contains("attribute axis is a number, wanted an integer"))
  }

  @Test(arguments: [(6, false), (7, true), (28, true), (29, false)])
  func opsetsFrom7AreRead(_ version: Int, _ isRead: Bool) {
    var model = ONNX_ModelProto.relu
    model.opsetImport = [.with { $0.version = Int64(version) }, .with { $0.domain = "elsewhere" }]
    #expect(model.refusal == (isRead ? "" : "m.onnx: the opset is \(version), wanted 7 to 28"))
  }

  @Test func aModelNamesItsOpsetOnceAndHasAGraph() {
    var model = ONNX_ModelProto.relu
    model.opsetImport = []
    #expect(model.refusal == "m.onnx: names 0 versions of the standard operators, wanted one")
    model.clearGraph()
    #expect(model.refusal == "m.onnx: holds no graph, wanted an ONNX model")
  }

  @Test func inputsAreTensorsOfSizesThatExist() {
    var model = ONNX_ModelProto.relu
    model.graph.input[0].type.sequenceType = .init()
    #expect(model.refusal == "m.onnx, input “x”: it is a sequence, a map or the like, wanted a tensor")
    model.graph.input = [.tensor("x", [-1])]
    #expect(model.refusal == "m.onnx, input “x”: a dimension is -1")
    model.graph.input = [.tensor("x", [1], type: 8)]
    #expect(model.refusal.hasPrefix("m.onnx, input “x”: the element type is string, wanted one of float32"))
    model.graph.input = [.tensor("x", [1], type: 99)]
    #expect(model.refusal == "m.onnx, input “x”: the element type is 99, which does not exist")
  }
}
#endif
