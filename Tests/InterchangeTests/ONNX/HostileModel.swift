#if ONNX
import DataIO
import Foundation
import SwiftProtobuf

@testable import Interchange

/// A model of one operator, of which every size in turn becomes one that a file can name and nothing can hold.
struct HostileModel: CustomStringConvertible, Sendable {
  /// An input of the operator: what is stored of a tensor.
  struct Input: Sendable {
    /// ONNX's number of the type.
    var type: Int32 = 1
    var shape: [Int]
    /// Integers of a list; `nil` for as many numbers as the shape has elements.
    var integers: [Int]?
  }

  let operation: String
  var attributes: [String: [Int]] = [:]
  /// Attributes that are one integer, not a list.
  var single: Set<String> = []
  var inputs: [Input]
  var outputs = 1
  var opset: Int64 = 22

  var description: String { "\(operation) \(attributes) \(inputs.map(\.shape)) opset \(opset)" }

  /// The sizes that are tried.
  static let sizes = [0, 1, -1, 1 << 31, 1 << 40, 1 << 62, Int.max, Int.min]

  /// This model with each of its sizes replaced, one at a time, or all shapes at once.
  var variants: [HostileModel] {
    var variants = [self]
    for (name, values) in attributes {
      for index in values.indices {
        for size in Self.sizes { variants.append(changed { $0.attributes[name]?[index] = size }) }
      }
    }
    for (index, input) in inputs.enumerated() {
      for place in (input.integers ?? []).indices {
        for size in Self.sizes { variants.append(changed { $0.inputs[index].integers?[place] = size }) }
      }
      for shape in Self.emptyShapes(rank: input.shape.count) {
        variants.append(changed { $0.inputs[index].empty(shape) })
      }
    }
    // Shapes that agree get further.
    for rank in 1...4 {
      for shape in Self.emptyShapes(rank: rank) {
        variants.append(
          changed { model in
            for index in model.inputs.indices where model.inputs[index].integers == nil {
              model.inputs[index].empty(shape)
            }
          })
      }
    }
    return variants
  }

  /// Shapes without elements, of this many dimensions.
  private static func emptyShapes(rank: Int) -> [[Int]] {
    guard rank > 1 else { return [[0]] }
    var shapes: [[Int]] = []
    for zero in 0..<rank {
      for size in sizes where size > 0 {
        var all = [Int](repeating: size, count: rank)
        all[zero] = 0
        shapes.append(all)
        for place in 0..<rank where place != zero {
          var shape = [Int](repeating: 2, count: rank)
          (shape[zero], shape[place]) = (0, size)
          shapes.append(shape)
        }
      }
    }
    return shapes
  }

  private func changed(_ change: (inout HostileModel) -> Void) -> HostileModel {
    var model = self
    change(&model)
    return model
  }

  /// The file, with all inputs constant or with all given at run time.
  func message(constant: Bool) -> ONNX_ModelProto {
    let names = inputs.indices.map { "input\($0)" }
    var node = ONNX_NodeProto.node(operation, names, (0..<outputs).map { "output\($0)" })
    node.attribute = attributes.map { name, values in
      .with {
        $0.name = name
        $0.type = single.contains(name) ? .int : .ints
        if single.contains(name) { $0.i = Int64(values[0]) } else { $0.ints = values.map(Int64.init) }
      }
    }
    var model = ONNX_ModelProto.sample(
      [node],
      inputs: constant ? [] : zip(names, inputs).map { name, input in .tensor(name, input.shape, type: input.type) },
      outputs: node.output,
      initializers: constant ? zip(names, inputs).map { name, input in input.constant(name) } : [])
    model.opsetImport[0].version = opset
    return model
  }
}

extension HostileModel.Input {
  static func numbers(_ shape: Int...) -> Self { Self(shape: shape) }
  static func truths(_ shape: Int...) -> Self { Self(type: 9, shape: shape) }
  static func integers(_ integers: Int...) -> Self { Self(type: 7, shape: [integers.count], integers: integers) }
  static func integer(_ integer: Int) -> Self { Self(type: 7, shape: [], integers: [integer]) }
  static func lengths(_ integers: Int...) -> Self { Self(type: 6, shape: [integers.count], integers: integers) }

  mutating func empty(_ shape: [Int]) {
    self.shape = shape
    integers = nil
  }

  private var count: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }

  func constant(_ name: String) -> ONNX_TensorProto {
    .with {
      $0.name = name
      $0.dataType = type
      $0.dims = shape.map(Int64.init)
      switch type {
      case 7: $0.int64Data = (integers ?? [Int](repeating: 1, count: count)).map(Int64.init)
      case 6: $0.int32Data = (integers ?? [Int](repeating: 1, count: count)).map(Int32.init(truncatingIfNeeded:))
      case 9: $0.int32Data = [Int32](repeating: 1, count: count)
      default: $0.floatData = [Float](repeating: 1, count: count)
      }
    }
  }

  /// The tensor; `nil` for a shape that none can have.
  var tensor: Tensor? {
    guard shape.allSatisfy({ $0 >= 0 }), checkedProduct(shape) != nil else { return nil }
    return try? Tensor(constant(""))
  }
}

extension HostileModel {
  /// One of each operator, and of older forms of some.
  static let all: [HostileModel] = {
    var all: [HostileModel] = []
    for function in ArithmeticOperator.Function.allCases {
      all.append(HostileModel(operation: function.rawValue, inputs: [.numbers(2, 3), .numbers(2, 1)]))
    }
    for function in ComparisonOperator.Function.allCases {
      let isLogical = ["And", "Or", "Xor"].contains(function.rawValue)
      let inputs: [Input] = isLogical ? [.truths(2, 3), .truths(3)] : [.numbers(2, 3), .numbers(3)]
      all.append(HostileModel(operation: function.rawValue, inputs: inputs))
    }
    for name in ElementwiseOperator.functions.keys.sorted() {
      all.append(HostileModel(operation: name, inputs: [.numbers(2, 3)]))
    }
    for function in ReductionOperator.Function.allCases {
      all.append(
        HostileModel(
          operation: function.rawValue, attributes: ["keepdims": [0]], single: ["keepdims"],
          inputs: [.numbers(2, 3, 2), .integers(1, -1)]))
      all.append(
        HostileModel(
          operation: function.rawValue, attributes: ["axes": [0, 2]], inputs: [.numbers(2, 3, 2)], opset: 12))
    }
    for (name, gates) in [("RNN", 1), ("LSTM", 4), ("GRU", 3)] {
      all.append(
        HostileModel(
          operation: name, attributes: ["hidden_size": [5], "layout": [0]], single: ["hidden_size", "layout"],
          inputs: [
            .numbers(4, 2, 3), .numbers(1, gates * 5, 3), .numbers(1, gates * 5, 5), .numbers(1, 2 * gates * 5),
            .lengths(4, 3), .numbers(1, 2, 5),
          ] + (name == "LSTM" ? [.numbers(1, 2, 5), .numbers(1, 15)] : []), outputs: name == "LSTM" ? 3 : 2))
      // With the weights alone, as most files have them.
      all.append(
        HostileModel(
          operation: name, inputs: [.numbers(4, 2, 3), .numbers(1, gates * 5, 3), .numbers(1, gates * 5, 5)]))
    }
    return all + shapeOperators + otherOperators
  }()

  private static let shapeOperators: [HostileModel] = [
    HostileModel(operation: "Transpose", attributes: ["perm": [2, 0, 1]], inputs: [.numbers(2, 3, 4)]),
    HostileModel(operation: "Transpose", inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Squeeze", inputs: [.numbers(2, 1, 1), .integers(1, 2)]),
    HostileModel(operation: "Squeeze", attributes: ["axes": [1]], inputs: [.numbers(2, 1)], opset: 11),
    HostileModel(operation: "Unsqueeze", inputs: [.numbers(2, 3), .integers(0, -1)]),
    HostileModel(operation: "Reshape", inputs: [.numbers(2, 3), .integers(3, 2)]),
    HostileModel(
      operation: "Reshape", attributes: ["allowzero": [1]], single: ["allowzero"],
      inputs: [.numbers(0, 3), .integers(0, 2, 1)]),
    HostileModel(operation: "Flatten", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3, 2)]),
    HostileModel(operation: "Expand", inputs: [.numbers(2, 1), .integers(3, 1, 4)]),
    HostileModel(operation: "Expand", inputs: [.numbers(1), .integers(3, 4)]),
    HostileModel(
      operation: "Shape", attributes: ["start": [0], "end": [2]], single: ["start", "end"], inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Size", inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Identity", inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Dropout", inputs: [.numbers(2, 3)], outputs: 2),
    HostileModel(
      operation: "Slice", inputs: [.numbers(4, 5), .integers(0, 1), .integers(3, 4), .integers(0, 1), .integers(1, 2)]),
    HostileModel(
      operation: "Slice", attributes: ["starts": [1], "ends": [3], "axes": [0]], inputs: [.numbers(4, 5)], opset: 9),
    HostileModel(
      operation: "Gather", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3, 2), .integers(2, 0)]),
    HostileModel(
      operation: "Concat", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3), .numbers(2, 3)]),
    HostileModel(
      operation: "Split", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3), .integers(1, 2)],
      outputs: 2),
    HostileModel(
      operation: "Split", attributes: ["axis": [1], "num_outputs": [2]], single: ["axis", "num_outputs"],
      inputs: [.numbers(2, 3)], outputs: 2),
    HostileModel(
      operation: "Split", attributes: ["split": [1, 1]], inputs: [.numbers(2, 3)], outputs: 2, opset: 11),
    HostileModel(
      operation: "ReverseSequence", attributes: ["batch_axis": [1], "time_axis": [0]],
      single: ["batch_axis", "time_axis"], inputs: [.numbers(3, 2, 2), .integers(3, 2)]),
    HostileModel(operation: "Tile", inputs: [.numbers(2, 3), .integers(2, 1)]),
  ]

  private static let otherOperators: [HostileModel] = [
    HostileModel(operation: "Constant", attributes: ["value_ints": [3, 4]], inputs: []),
    HostileModel(operation: "ConstantOfShape", inputs: [.integers(2, 3)]),
    HostileModel(operation: "Range", inputs: [.integer(0), .integer(6), .integer(2)]),
    HostileModel(operation: "Cast", attributes: ["to": [7]], single: ["to"], inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Cast", attributes: ["to": [6]], single: ["to"], inputs: [.integers(2, 3)]),
    HostileModel(operation: "Where", inputs: [.truths(3), .numbers(2, 1), .numbers(2, 3)]),
    HostileModel(operation: "Not", inputs: [.truths(2, 3)]),
    HostileModel(operation: "Neg", inputs: [.integers(2, 3)]),
    HostileModel(operation: "Add", inputs: [.integers(2, 3), .integers(1, 5)]),
    HostileModel(operation: "Div", inputs: [.integers(2, 3), .integers(1, 5)]),
    HostileModel(operation: "MatMul", inputs: [.numbers(2, 3), .numbers(3, 4)]),
    HostileModel(operation: "MatMul", inputs: [.numbers(5, 1, 2, 3), .numbers(4, 3, 2)]),
    HostileModel(
      operation: "Gemm", attributes: ["transA": [0], "transB": [1]], single: ["transA", "transB"],
      inputs: [.numbers(2, 3), .numbers(4, 3), .numbers(4)]),
    HostileModel(operation: "Softmax", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3, 2)]),
    HostileModel(
      operation: "Softmax", attributes: ["axis": [1]], single: ["axis"], inputs: [.numbers(2, 3, 2)], opset: 11),
    HostileModel(operation: "LogSoftmax", attributes: ["axis": [0]], single: ["axis"], inputs: [.numbers(2, 3)]),
    HostileModel(operation: "Clip", inputs: [.numbers(2, 3)]),
    HostileModel(
      operation: "ArgMax", attributes: ["axis": [0], "keepdims": [0]], single: ["axis", "keepdims"],
      inputs: [.numbers(2, 3)]),
    HostileModel(operation: "ArgMin", attributes: ["axis": [0]], single: ["axis"], inputs: [.integers(2, 3)]),
    HostileModel(
      operation: "LayerNormalization", attributes: ["axis": [-1]], single: ["axis"],
      inputs: [.numbers(2, 3), .numbers(3), .numbers(3)]),
  ]
}
#endif
