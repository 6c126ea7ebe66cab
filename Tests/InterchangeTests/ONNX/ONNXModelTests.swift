#if ONNX
import DataIO
import SwiftProtobuf
import TestSupport
import Testing

@testable import Interchange

@Suite struct ONNXModelTests {
  private func bytes(_ model: ONNX_ModelProto) throws -> [UInt8] { try model.serializedBytes() }

  @Test func aModelComputesWhatItsGraphSays() throws {
    try withTemporaryFile(bytes(.relu)) { path in
      let model = try ONNXModel(path: path)
      let outputs = try model(["x": Tensor(shape: [2, 3], [-1, 2, -3, 4, 0, 6])])
      #expect(outputs == ["y": Tensor(shape: [2, 3], [0, 2, 0, 4, 0, 6])])
    }
  }

  @Test func inputsOutputsAndMetadataAreThoseOfTheFile() throws {
    var message = ONNX_ModelProto.relu
    message.metadataProps = [
      .with {
        $0.key = "k"
        $0.value = "v"
      }
    ]
    let model = try ONNXModel(bytes: bytes(message))
    #expect(
      model.inputs == [
        ONNXValue(name: "x", elementType: "float32", dimensions: [.named("batch"), .fixed(3)], hasDefault: false)
      ])
    #expect(model.outputs == [ONNXValue(name: "y", elementType: nil, dimensions: nil, hasDefault: false)])
    #expect(model.graph.opset == 17)
    #expect(model.metadata == ["k": "v"])
  }

  @Test(
    arguments: [
      ([:], "m.onnx, input “x”: it is not given, but needed"),
      (["z": counting(2, 3)], "m.onnx, input “z”: the model has no such input, wanted x"),
      (["x": counting(2, 4)], "m.onnx, input “x”: the shape is [2, 4], wanted [batch, 3]"),
      (["x": counting(2)], "m.onnx, input “x”: the shape is [2], wanted [batch, 3]"),
      (
        ["x": Tensor(shape: [1, 3], .int64([1, 2, 3]))],
        "m.onnx, input “x”: the numbers are int64, wanted float32"
      ),
    ] as [([String: Tensor], String)])
  func inputsThatDoNotFitAreRefused(_ inputs: [String: Tensor], _ wanted: String) throws {
    let model = try ONNXModel(bytes: bytes(.relu), name: "m.onnx")
    let error = #expect(throws: ONNXError.self) { try model(inputs) }
    #expect(error?.description == wanted)
    #expect(error?.problem == .input)
  }

  @Test func operatorsAreListedByName() {
    #expect(Set(["RNN", "LSTM", "GRU", "Add", "Relu", "ReduceMean"]).isSubset(of: ONNXModel.operators))
    #expect(ONNXModel.operators == ONNXModel.operators.sorted())
  }

  @Test func aDimensionNameDenotesOneSize() throws {
    let model = try ONNXModel(
      bytes: bytes(
        .sample(
          [.node("Concat", ["a", "b"], ["y"], [.integer("axis", 0)])],
          inputs: [.tensor("a", ["n"]), .tensor("b", ["n"])], outputs: ["y"])))
    #expect(try model(["a": counting(2), "b": counting(2)])["y"]?.shape == [4])
    #expect(throws: ONNXError.self) { try model(["a": counting(2), "b": counting(3)]) }
  }

  @Test func aConstantThatIsAnInputMayBeReplaced() throws {
    let model = try ONNXModel(
      bytes: bytes(
        .sample(
          [.node("Add", ["x", "w"], ["y"])], inputs: [.tensor("x", [2]), .tensor("w", [2])], outputs: ["y"],
          initializers: [.floats("w", [2], [10, 20])])))
    #expect(model.inputs.map(\.hasDefault) == [false, true])
    #expect(try model(["x": floats(1, 2)])["y"] == floats(11, 22))
    #expect(try model(["x": floats(1, 2), "w": floats(3, 4)])["y"] == floats(4, 6))
  }

  @Test func aFailureInARunNamesTheNode() throws {
    var node = ONNX_NodeProto.node("Gather", ["x", "i"], ["y"])
    node.name = "look-up"
    let model = try ONNXModel(
      bytes: bytes(.sample([node], inputs: [.tensor("x", [2]), .tensor("i", [nil], type: 7)], outputs: ["y"])),
      name: "m.onnx")
    let error = #expect(throws: ONNXError.self) { try model(["x": counting(2), "i": integers(5)]) }
    #expect(error?.description == "m.onnx, node “look-up” (Gather): index 5 is outside the 2 of axis 0")
  }

  /// A few bytes may ask for any number of numbers, in a run as well as when constants are computed.
  @Test func nothingLargerThanAllowedIsComputed() throws {
    let nodes: [ONNX_NodeProto] = [
      .node("ConstantOfShape", ["s"], ["c"]), .node("Add", ["c", "x"], ["y"]),
    ]
    let shape = ONNX_TensorProto.with {
      $0.name = "s"
      $0.dataType = 7
      $0.dims = [2]
      $0.int64Data = [1 << 30, 1 << 20]
    }
    let model = try ONNXModel(
      bytes: bytes(.sample(nodes, inputs: [.tensor("x", [1])], outputs: ["y"], initializers: [shape])))
    let error = #expect(throws: ONNXError.self) { try model(["x": counting(1)]) }
    #expect(error?.problem == .input)
    let small = try ONNXModel(bytes: bytes(.relu), name: "m.onnx")
    let memory = #expect(throws: ONNXError.self) { try small(["x": counting(2, 3)], limits: RunLimits(memory: 23)) }
    #expect(
      memory?.description == "m.onnx, node 0 (Relu): result “y” of shape [2, 3] takes 24 bytes beside 0 that are held, "
        + "wanted at most 23 in all, the limit on memory")
    let work = #expect(throws: ONNXError.self) { try small(["x": counting(2, 3)], limits: RunLimits(operations: 9)) }
    #expect(
      work?.description == "m.onnx, node 0 (Relu): result “y” takes 192 operations after 1 before it, wanted at most 9 "
        + "in all, the limit on operations")
    #expect(try small(["x": counting(2, 3)], limits: RunLimits(memory: 24, operations: 193)).count == 1)
  }

  @Test func concurrentRunsAgree() async throws {
    let model = try ONNXModel(bytes: bytes(.relu))
    let inputs = ["x": Tensor(shape: [2, 3], [-1, 2, -3, 4, 0, 6])]
    let wanted = try model(inputs)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try model(inputs) == wanted } }
      for try await isEqual in group { #expect(isEqual) }
    }
  }
}

@Suite struct ONNXBadFileTests {
  @Test func aMissingFileIsAnError() {
    let error = #expect(throws: ONNXError.self) { try ONNXModel(path: "/nowhere/m.onnx") }
    #expect(error?.problem == .cannotRead)
  }

  /// Whatever is cut off or changed, there is a model or a typed error.
  @Test func filesThatAreCutOffOrChangedNeverTrap() throws {
    let whole: [UInt8] = try ONNX_ModelProto.sample(
      [.node("Gemm", ["x", "w"], ["y"], [.integer("transB", 1)])], inputs: [.tensor("x", ["n", 2])], outputs: ["y"],
      initializers: [.floats("w", [2, 2], [1, 2, 3, 4])]
    ).serializedBytes()
    for length in 0..<whole.count {
      #expect(throws: ONNXError.self) { try ONNXModel(bytes: Array(whole.prefix(length))) }
    }
    for index in whole.indices {
      for change: UInt8 in [1, 0x80, 0xff] {
        var bytes = whole
        bytes[index] ^= change
        do {
          let model = try ONNXModel(bytes: bytes)
          _ = try model(["x": counting(3, 2)])
        } catch { #expect(!error.reason.isEmpty) }
      }
    }
  }

  @Test func textThatIsNotUTF8IsAnError() throws {
    var bytes: [UInt8] = try ONNX_ModelProto.relu.serializedBytes()
    // The producer's name, “test”.
    let place = try #require(bytes.indices.first { Array(bytes[$0...].prefix(4)) == Array("test".utf8) })
    bytes[place] = 0xff
    let error = #expect(throws: ONNXError.self) { try ONNXModel(bytes: bytes, name: "m.onnx") }
    #expect(error?.description == "m.onnx: has a text that is not UTF-8, wanted an ONNX model")
  }

  @Test func graphsInsideGraphsWithoutEndAreAnError() throws {
    var graph = ONNX_GraphProto()
    for _ in 0..<60 {
      let inner = graph
      graph = .with {
        $0.node = [
          .with {
            $0.opType = "If"
            $0.attribute = [
              .with {
                $0.name = "then_branch"
                $0.type = .graph
                $0.g = inner
              }
            ]
          }
        ]
      }
    }
    let model = ONNX_ModelProto.with { $0.graph = graph }
    #expect(model.refusal.contains("messages nested more than 32 deep"))
  }

  @Test func bytesOfAnotherKindAreAnError() {
    for bytes: [UInt8] in [[], Array("{}".utf8), [UInt8](repeating: 0xff, count: 100)] {
      #expect(throws: ONNXError.self) { try ONNXModel(bytes: bytes) }
    }
  }
}
#endif
