#if ONNX
internal import DataIO

/// An ONNX graph in our own terms: checked to be whole, its constants read, its operators not yet prepared.
struct ONNXGraph: Sendable {
  /// May be empty.
  let name: String
  /// The version of the standard operators that it uses.
  let opset: Int
  /// What it is given, in the file's order. Those with a default are also among the initializers.
  let inputs: [ONNXValue]
  let outputs: [ONNXValue]
  /// Constants, and the defaults of inputs, by name.
  let initializers: [String: Tensor]
  /// The operations, each after those whose results it reads.
  let nodes: [ONNXNode]
}

extension ONNXGraph {
  /// The first weight that is infinite or NaN, and the first number among the attributes that is NaN; `nil` where there is
  /// none. A bound may be infinite.
  var nonFiniteNumber: (place: String, found: String)? {
    for (name, tensor) in initializers.sorted(by: { $0.key < $1.key }) {
      if let (index, value) = tensor.firstNonFinite { return ("initializer \(quoted(name))", "\(value) at \(index)") }
    }
    for node in nodes {
      for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) where attribute.holdsNaN {
        return (node.place, "attribute \(name) that holds NaN")
      }
    }
    return nil
  }
}

/// One operation of a graph.
struct ONNXNode: Sendable {
  /// What errors call it: its name, or its index if it has none.
  let place: String
  /// Its operator, such as `GRU`.
  let operation: String
  /// The names of the values it reads; empty for an optional one that is left out.
  let inputs: [String]
  /// The names of the values it computes; empty for one that is not used.
  let outputs: [String]
  let attributes: [String: ONNXAttribute]
}

/// An attribute of an operation.
enum ONNXAttribute: Hashable, Sendable {
  case integer(Int)
  case integers([Int])
  case float(Float)
  case floats([Float])
  case string(String)
  case strings([String])
  case tensor(Tensor)

  var holdsNaN: Bool {
    switch self {
    case .float(let number): number.isNaN
    case .floats(let numbers): numbers.contains { $0.isNaN }
    case .tensor(let tensor): tensor.firstNonFinite.map { $0.value.isNaN } ?? false
    case .integer, .integers, .string, .strings: false
    }
  }

  var kind: String {
    switch self {
    case .integer: "an integer"
    case .integers: "integers"
    case .float: "a number"
    case .floats: "numbers"
    case .string: "a text"
    case .strings: "texts"
    case .tensor: "a tensor"
    }
  }
}

/// An input or output of a graph.
public struct ONNXValue: Hashable, Sendable {
  /// Its name.
  public let name: String
  /// The type of its numbers, as NumPy spells it: `float32`, `int64`, …; `nil` where the file does not say.
  public let elementType: String?
  /// Its dimensions, outermost first; `nil` where the file does not say how many there are.
  public let dimensions: [ONNXDimension]?
  /// Whether it may be left out, because the file has a default for it.
  let hasDefault: Bool
}

/// One dimension of an input or output.
public enum ONNXDimension: Hashable, Sendable {
  /// Always this size.
  case fixed(Int)
  /// Any size, the same wherever this name occurs.
  case named(String)
  /// Any size.
  case unknown
}

extension ONNXDimension: CustomStringConvertible {
  /// The size, the name or a question mark.
  public var description: String {
    switch self {
    case .fixed(let size): "\(size)"
    case .named(let name): name
    case .unknown: "?"
    }
  }
}
#endif
