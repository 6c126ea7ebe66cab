#if ONNX
import DataIO
import SwiftProtobuf
import Testing

@testable import Interchange

/// Sizes that no file justifies: there is a result within the limits, or an error.
@Suite struct HostileModelTests {
  private static let limits = RunLimits(memory: 1 << 22, operations: 1 << 20)

  @Test func everyOperatorIsTried() {
    #expect(Set(HostileModel.all.map(\.operation)) == Set(ONNXModel.operators))
  }

  @Test(arguments: HostileModel.all) func theModelItselfRuns(_ model: HostileModel) throws {
    let constant = try ONNXModel(bytes: model.message(constant: true).serializedBytes())
    let free = try ONNXModel(bytes: model.message(constant: false).serializedBytes())
    var inputs: [String: Tensor] = [:]
    for (index, input) in model.inputs.enumerated() { inputs["input\(index)"] = input.tensor }
    #expect(try free(inputs) == constant([:]))
  }

  @Test(arguments: HostileModel.all) func noSizeInAFileEndsTheProcess(_ model: HostileModel) {
    for variant in model.variants {
      check(variant) {
        let bytes: [UInt8] = try variant.message(constant: true).serializedBytes()
        return try ONNXModel(bytes: bytes, name: "m.onnx")([:], limits: Self.limits)
      }
    }
  }

  @Test(arguments: HostileModel.all) func noSizeOfAnInputEndsTheProcess(_ model: HostileModel) {
    for variant in model.variants {
      var inputs: [String: Tensor] = [:]
      for (index, input) in variant.inputs.enumerated() { inputs["input\(index)"] = input.tensor }
      guard inputs.count == variant.inputs.count else { continue }
      check(variant) {
        let bytes: [UInt8] = try variant.message(constant: false).serializedBytes()
        return try ONNXModel(bytes: bytes, name: "m.onnx")(inputs, limits: Self.limits)
      }
    }
  }

  /// Without any limit, dimensions beside one of 0 still cost nothing, or are more than can be counted.
  @Test(arguments: ["Transpose", "Softmax", "ArgMax", "Concat", "Gather", "Slice", "Tile", "Expand", "MatMul"])
  func withoutLimitsEmptyTensorsCostLittle(_ operation: String) {
    for model in HostileModel.all where model.operation == operation {
      for variant in model.variants where variant.inputs[0].shape.first == 0 {
        check(variant, RunLimits(memory: .max, operations: .max)) {
          let bytes: [UInt8] = try variant.message(constant: true).serializedBytes()
          let limits = RunLimits(memory: 1 << 45, operations: .max)
          return try ONNXModel(bytes: bytes, name: "m.onnx")([:], limits: limits)
        }
      }
    }
  }

  private func check(
    _ variant: HostileModel, _ limits: RunLimits = limits, _ run: () throws -> [String: Tensor]
  ) {
    do {
      let bytes = try run().values.reduce(0) { $0 + $1.byteCount }
      #expect(bytes <= limits.memory ?? 0, "\(variant)")
    } catch {
      #expect(error is ONNXError && !"\(error)".contains("\n"), "\(variant): \(error)")
    }
  }

  // MARK: Files that were found

  /// Without numbers, with 2⁴⁰ or more rows or columns.
  @Test(
    arguments: [
      (
        HostileModel(operation: "Transpose", inputs: [.numbers(0, 1 << 40)]),
        "node 0 (Transpose): input “input0” of shape [0, 1099511627776] takes 4398046511104 bytes beside 0"
      ),
      (
        HostileModel(operation: "ArgMax", attributes: ["axis": [0]], single: ["axis"], inputs: [.numbers(0, 1 << 40)]),
        "node 0 (ArgMax): input “input0” of shape [0, 1099511627776] takes 4398046511104 bytes"
      ),
      (
        HostileModel(operation: "Softmax", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(1 << 40, 0)]),
        "node 0 (Softmax): input “input0” of shape [1099511627776, 0] takes 4398046511104 bytes"
      ),
      (
        HostileModel(
          operation: "Concat", attributes: ["axis": [1]], single: ["axis"],
          inputs: [.numbers(0, 1 << 62), .numbers(0, 1 << 62)]),
        "node 0 (Concat): input “input0” of shape [0, 4611686018427387904] takes more than 9223372036854775807 bytes"
      ),
      (
        HostileModel(
          operation: "Split", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(0, .max)], outputs: 2),
        "node 0 (Split): input “input0” of shape [0, 9223372036854775807] takes more than 9223372036854775807 bytes"
      ),
      (
        HostileModel(
          operation: "LSTM", inputs: [.numbers(4, 2, 3), .numbers(1, 0, 1 << 61), .numbers(1, 0, 1 << 61)]),
        "node 0 (LSTM): input “input1” of shape [1, 0, 2305843009213693952] takes more than 9223372036854775807 bytes"
      ),
      (
        HostileModel(operation: "ConstantOfShape", inputs: [.integers(1 << 30, 1 << 20)]),
        "node 0 (ConstantOfShape): result “output0” of shape [1073741824, 1048576] takes 4503599627370496 bytes"
      ),
    ])
  func theErrorNamesNodeTensorAndBothNumbers(_ model: HostileModel, _ wanted: String) throws {
    let bytes: [UInt8] = try model.message(constant: true).serializedBytes()
    let error = #expect(throws: ONNXError.self) { try ONNXModel(bytes: bytes, name: "m.onnx")([:]) }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("m.onnx, \(wanted)"))
    #expect(message.hasSuffix("wanted at most \((1 << 26) + 16 * bytes.count) in all, the limit on memory"))
  }

  /// Each node doubles what there is, or multiplies large matrices again: a few bytes a node.
  @Test(arguments: [
    (["Concat"], "the limit on memory"), (["MatMul"], "the limit on operations"), (["Exp"], "the limit on operations"),
    (["Add"], "the limit on operations"), (["Transpose"], "the limit on operations"),
  ])
  func aChainOfNodesIsLimited(_ operations: [String], _ limit: String) throws {
    var nodes = [ONNX_NodeProto.node("ConstantOfShape", ["shape"], ["v0"])]
    for index in 0..<4000 {
      let operation = operations[0]
      let inputs = ["Exp", "Transpose"].contains(operation) ? ["v\(index)"] : ["v\(index)", "v\(index)"]
      let attributes: [ONNX_AttributeProto] = operation == "Concat" ? [.integer("axis", 0)] : []
      nodes.append(.node(operation, inputs, ["v\(index + 1)"], attributes))
    }
    let shape = ONNX_TensorProto.with {
      $0.name = "shape"
      $0.dataType = 7
      $0.dims = [2]
      $0.int64Data = [100, 100]
    }
    let message = ONNX_ModelProto.sample(nodes, inputs: [], outputs: ["v4000"], initializers: [shape])
    let model = try ONNXModel(bytes: message.serializedBytes())
    let error = #expect(throws: ONNXError.self) {
      try model([:], limits: RunLimits(memory: 1 << 20, operations: 1 << 24))
    }
    #expect(error?.description.hasSuffix(limit) == true, "\(error?.description ?? "none")")
  }

  /// Each of many operators would keep its own copy of weights that are in the file once.
  @Test func manyOperatorsThatShareWeightsAreLimited() throws {
    var nodes: [ONNX_NodeProto] = []
    for index in 0..<500 { nodes.append(.node("RNN", ["x", "w", "r"], ["", "h\(index)"])) }
    let count = 64
    let weights = [Float](repeating: 0, count: count * count)
    let message = ONNX_ModelProto.sample(
      nodes, inputs: [.tensor("x", [1, 1, count])], outputs: ["h499"],
      initializers: [
        .floats("w", [1, Int64(count), Int64(count)], weights), .floats("r", [1, Int64(count), Int64(count)], weights),
      ])
    let model = try ONNXModel(bytes: message.serializedBytes())
    let kept = model.program.recurrentOperators.count { $0.cell != nil }
    #expect(kept > 0 && kept < 8)
    let x = Tensor(shape: [1, 1, count], [Float](repeating: 1, count: count))
    #expect(try model(["x": x])["h499"]?.shape == [1, 1, count])
  }
}
#endif
