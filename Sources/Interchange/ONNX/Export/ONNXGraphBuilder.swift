#if ONNX
internal import DataIO
internal import FoundationEssentials
internal import SwiftProtobuf

/// Collects the nodes, constants, inputs and outputs of an ONNX graph, in the order in which they are added.
struct ONNXGraphBuilder {
  private(set) var graph = ONNX_GraphProto()

  init(name: String) { graph.name = name }

  /// Adds a node, which is named after its first output.
  ///
  /// - Parameters:
  ///   - operation: A standard operator.
  ///   - inputs: The values it reads; an empty name for an optional one that is left out.
  ///   - outputs: The values it computes; an empty name for one that is not used.
  ///   - attributes: Its attributes, by name.
  mutating func add(
    _ operation: String, _ inputs: [String], to outputs: [String],
    _ attributes: KeyValuePairs<String, Attribute> = [:]
  ) {
    graph.node.append(
      .with {
        $0.name = outputs.first { !$0.isEmpty } ?? operation
        $0.opType = operation
        $0.input = inputs
        $0.output = outputs
        $0.attribute = attributes.map { $0.value.message(named: $0.key) }
      })
  }

  /// Adds a node with one output and returns the output's name.
  mutating func add(
    _ operation: String, _ inputs: [String], to output: String, _ attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> String {
    add(operation, inputs, to: [output], attributes)
    return output
  }

  /// The name of a constant of whole numbers, which is added at its first use.
  mutating func integers(_ numbers: [Int], name: String) -> String {
    constant(Tensor(shape: [numbers.count], .int64(numbers.map(Int64.init))), name: name)
  }

  /// The name of a constant with a single whole number, without dimensions, which is added at its first use.
  mutating func integer(_ number: Int, name: String) -> String {
    constant(Tensor(shape: [], .int64([Int64(number)])), name: name)
  }

  private mutating func constant(_ tensor: Tensor, name: String) -> String {
    if !graph.initializer.contains(where: { $0.name == name }) { addConstant(tensor, name: name) }
    return name
  }

  mutating func addConstant(_ tensor: Tensor, name: String) {
    graph.initializer.append(ONNX_TensorProto(tensor, name: name))
  }

  mutating func addInput(_ name: String, _ type: ONNXElementType, _ dimensions: [ExportedDimension]) {
    graph.input.append(.tensor(name, type, dimensions))
  }

  mutating func addOutput(_ name: String, _ type: ONNXElementType, _ dimensions: [ExportedDimension]) {
    graph.output.append(.tensor(name, type, dimensions))
  }

  /// Removes the nodes whose results neither another node, nor a graph inside one, nor an output reads.
  mutating func removeUnreadNodes() {
    var read = Set(graph.output.map(\.name))
    var kept: [ONNX_NodeProto] = []
    for node in graph.node.reversed() where !read.isDisjoint(with: node.output) {
      read.formUnion(node.input)
      for attribute in node.attribute { read.formUnion(attribute.g.node.flatMap(\.input)) }
      kept.append(node)
    }
    graph.node = kept.reversed()
  }

  /// An attribute of a node.
  enum Attribute {
    case int(Int)
    case ints([Int])
    case string(String)
    case strings([String])
    case tensor(Tensor)
    case graph(ONNX_GraphProto)

    fileprivate func message(named name: String) -> ONNX_AttributeProto {
      .with {
        $0.name = name
        switch self {
        case .int(let number): ($0.type, $0.i) = (.int, Int64(number))
        case .ints(let numbers): ($0.type, $0.ints) = (.ints, numbers.map(Int64.init))
        case .string(let text): ($0.type, $0.s) = (.string, Data(text.utf8))
        case .strings(let texts): ($0.type, $0.strings) = (.strings, texts.map { Data($0.utf8) })
        case .tensor(let tensor): ($0.type, $0.t) = (.tensor, ONNX_TensorProto(tensor, name: ""))
        case .graph(let graph): ($0.type, $0.g) = (.graph, graph)
        }
      }
    }
  }
}

/// One dimension of an input or output of an exported graph.
enum ExportedDimension {
  case size(Int)
  case name(String)
}

extension ONNX_ValueInfoProto {
  fileprivate static func tensor(
    _ name: String, _ type: ONNXElementType, _ dimensions: [ExportedDimension]
  ) -> Self {
    .with {
      $0.name = name
      $0.type.tensorType.elemType = Int32(type.rawValue)
      $0.type.tensorType.shape.dim = dimensions.map { dimension in
        .with {
          switch dimension {
          case .size(let size): $0.dimValue = Int64(size)
          case .name(let name): $0.dimParam = name
          }
        }
      }
    }
  }
}

extension ONNX_TensorProto {
  /// A constant as files hold it: the numbers' bytes, little-endian.
  init(_ tensor: Tensor, name: String) {
    self.init()
    if !name.isEmpty { self.name = name }
    dims = tensor.shape.map(Int64.init)
    dataType = Int32(tensor.type.rawValue)
    rawData = tensor.elements.littleEndianData
  }
}

extension Tensor.Elements {
  fileprivate var littleEndianData: Data {
    func data<Bits: FixedWidthInteger>(_ numbers: [Bits]) -> Data {
      numbers.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }
    return switch self {
    case .bool(let numbers): data(numbers.map { $0 ? 1 as UInt8 : 0 })
    case .uint8(let numbers): data(numbers)
    case .int8(let numbers): data(numbers)
    case .uint16(let numbers): data(numbers)
    case .int16(let numbers): data(numbers)
    case .uint32(let numbers): data(numbers)
    case .int32(let numbers): data(numbers)
    case .uint64(let numbers): data(numbers)
    case .int64(let numbers): data(numbers)
    case .float16(let numbers): data(numbers.map(\.bitPattern))
    case .float(let numbers): data(numbers.map(\.bitPattern))
    case .double(let numbers): data(numbers.map(\.bitPattern))
    }
  }
}
#endif
