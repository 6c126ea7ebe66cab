#if ONNX
import DataIO
import SwiftProtobuf
import Testing

@testable import Interchange

/// The outputs of `operation` alone for `inputs`.
func compute(
  _ operation: String, _ attributes: [String: ONNXAttribute] = [:], _ inputs: [Tensor?], outputs: Int = 1,
  opset: Int = 22, constants: [Tensor?]? = nil, budget: RunBudget = RunBudget(memory: 1 << 26, operations: 1 << 28)
) throws -> [Tensor] {
  let node = ONNXNode(
    place: "node 0 (\(operation))", operation: operation,
    inputs: inputs.enumerated().map { $1 == nil ? "" : "input\($0)" }, outputs: (0..<outputs).map { "output\($0)" },
    attributes: attributes)
  let prepared = try ONNXOperators.prepare(
    node, opset: opset, constants: constants ?? inputs.map { _ in nil }, budget: .unlimited)
  return try ONNXProgram.compute(prepared, node, inputs, budget)
}

/// The message with which an operation is refused; empty where it is not.
func refusal(
  of operation: String, _ attributes: [String: ONNXAttribute] = [:], _ inputs: [Tensor?] = [], outputs: Int = 1,
  opset: Int = 22
) -> String {
  do {
    _ = try compute(operation, attributes, inputs, outputs: outputs, opset: opset)
    return ""
  } catch { return (error as? ONNXRefusal)?.reason ?? "\(error)" }
}

/// Numbers 0, 1, 2, … in `shape`.
func counting(_ shape: Int...) -> Tensor {
  Tensor(shape: shape, (0..<shape.reduce(1, *)).map(Float.init))
}

/// A list of integers, as shapes and axes come.
func integers(_ numbers: Int...) -> Tensor { Tensor(shape: [numbers.count], .int64(numbers.map(Int64.init))) }

/// A list of numbers.
func floats(_ numbers: Float...) -> Tensor { Tensor(shape: [numbers.count], numbers) }

/// A single number.
func scalar(_ number: Float) -> Tensor { Tensor(shape: [], [number]) }

extension ONNX_ModelProto {
  /// A model in opset 17 of these nodes.
  static func sample(
    _ nodes: [ONNX_NodeProto], inputs: [ONNX_ValueInfoProto], outputs: [String],
    initializers: [ONNX_TensorProto] = []
  ) -> ONNX_ModelProto {
    .with {
      $0.irVersion = 8
      $0.producerName = "test"
      $0.opsetImport = [.with { $0.version = 17 }]
      $0.graph.name = "sample"
      $0.graph.node = nodes
      $0.graph.input = inputs
      $0.graph.output = outputs.map { name in .with { $0.name = name } }
      $0.graph.initializer = initializers
    }
  }

  /// y = Relu(x) with x of shape `[batch, 3]`.
  static var relu: ONNX_ModelProto {
    sample([.node("Relu", ["x"], ["y"])], inputs: [.tensor("x", ["batch", 3])], outputs: ["y"])
  }

  /// What reading it throws; empty where it does not.
  var refusal: String {
    do {
      let bytes: [UInt8] = try serializedBytes()
      _ = try ONNXModel(bytes: bytes, name: "m.onnx")
      return ""
    } catch { return "\(error)" }
  }
}

extension ONNX_NodeProto {
  static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNX_AttributeProto] = []
  ) -> ONNX_NodeProto {
    .with {
      $0.opType = operation
      $0.input = inputs
      $0.output = outputs
      $0.attribute = attributes
    }
  }
}

extension ONNX_ValueInfoProto {
  /// Numbers of type `type`, by default float32; a dimension is a size, a name, or unknown.
  static func tensor(_ name: String, _ dimensions: [Any?], type: Int32 = 1) -> ONNX_ValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = type
      $0.type.tensorType.shape.dim = dimensions.map { dimension in
        .with {
          if let size = dimension as? Int { $0.dimValue = Int64(size) }
          if let name = dimension as? String { $0.dimParam = name }
        }
      }
    }
  }
}

extension ONNX_TensorProto {
  static func floats(_ name: String, _ shape: [Int64], _ numbers: [Float]) -> ONNX_TensorProto {
    .with {
      $0.name = name
      $0.dataType = 1
      $0.dims = shape
      $0.floatData = numbers
    }
  }
}

extension ONNX_AttributeProto {
  static func integer(_ name: String, _ value: Int64) -> ONNX_AttributeProto {
    .with {
      $0.name = name
      $0.type = .int
      $0.i = value
    }
  }
}
#endif
