#if ONNX
internal import DataIO
internal import FoundationEssentials

extension ONNXGraph {
  /// The versions of the standard operators that are read. Up to the last, the operators computed here mean the
  /// same as in the version before, for the attributes and inputs that are accepted.
  static let opsets = 7...28

  /// Reads and checks the graph of `message`, which came from `file`.
  init(_ message: ONNX_ModelProto, file: String) throws(ONNXError) {
    opset = try locating(nil, in: file) { () throws(ONNXRefusal) in
      guard message.hasGraph else { throw .malformed("holds no graph, wanted an ONNX model") }
      guard message.functions.isEmpty else {
        throw .unsupported("defines the operator \(quoted(message.functions[0].name)), wanted only standard operators")
      }
      return try Self.opset(message)
    }
    let graph = message.graph
    name = graph.name
    guard graph.sparseInitializer.isEmpty else {
      throw ONNXRefusal.unsupported("holds sparse constants, wanted dense ones").at(nil, in: file)
    }

    var initializers: [String: Tensor] = [:]
    for tensor in graph.initializer {
      let place = "constant \(quoted(tensor.name))"
      let value = try locating(place, in: file) { () throws(ONNXRefusal) in try Tensor(tensor) }
      guard !tensor.name.isEmpty, initializers.updateValue(value, forKey: tensor.name) == nil else {
        throw ONNXRefusal.malformed("its name stands twice or is empty, wanted a name of its own").at(place, in: file)
      }
    }
    self.initializers = initializers
    var values: (inputs: [ONNXValue], outputs: [ONNXValue]) = ([], [])
    for input in graph.input {
      values.inputs.append(try ONNXValue(input, "input", hasDefault: initializers[input.name] != nil, file: file))
    }
    for output in graph.output { values.outputs.append(try ONNXValue(output, "output", hasDefault: false, file: file)) }
    (inputs, outputs) = values
    var nodes: [ONNXNode] = []
    nodes.reserveCapacity(graph.node.count)
    for (index, node) in graph.node.enumerated() { nodes.append(try ONNXNode(node, index: index, file: file)) }
    self.nodes = nodes
    try checkNames(file: file)
  }

  private static func opset(_ message: ONNX_ModelProto) throws(ONNXRefusal) -> Int {
    let standard = message.opsetImport.filter { ONNXNode.standardDomains.contains($0.domain) }
    guard let version = standard.first?.version, standard.count == 1 else {
      throw .malformed("names \(standard.count) versions of the standard operators, wanted one")
    }
    guard let opset = Int(exactly: version), opsets.contains(opset) else {
      throw .unsupported("the opset is \(version), wanted \(opsets.lowerBound) to \(opsets.upperBound)")
    }
    return opset
  }

  /// Every value has one origin, which precedes its readers; so there are no cycles.
  private func checkNames(file: String) throws(ONNXError) {
    var known = Set(initializers.keys)
    var inputNames: Set<String> = []
    for input in inputs {
      guard !input.name.isEmpty, inputNames.insert(input.name).inserted else {
        throw ONNXRefusal.malformed("its name stands twice or is empty, wanted a name of its own")
          .at("input \(quoted(input.name))", in: file)
      }
    }
    known.formUnion(inputNames)
    let computed = Set(nodes.flatMap(\.outputs))
    for node in nodes {
      for name in node.inputs where !name.isEmpty && !known.contains(name) {
        throw ONNXRefusal.malformed(
          computed.contains(name)
            ? "reads \(quoted(name)), which is computed there or later: a cycle, or nodes out of order"
            : "reads \(quoted(name)), which nothing computes"
        ).at(node.place, in: file)
      }
      for name in node.outputs where !name.isEmpty && !known.insert(name).inserted {
        throw ONNXRefusal.malformed("computes \(quoted(name)), which is there already").at(node.place, in: file)
      }
    }
    for output in outputs where !known.contains(output.name) {
      throw ONNXRefusal.malformed("nothing computes it").at("output \(quoted(output.name))", in: file)
    }
  }
}

extension ONNXNode {
  /// The names of the domain of standard operators.
  static let standardDomains: Set<String> = ["", "ai.onnx"]

  fileprivate init(_ message: ONNX_NodeProto, index: Int, file: String) throws(ONNXError) {
    let place = "node " + (message.name.isEmpty ? "\(index)" : quoted(message.name)) + " (\(message.opType))"
    let attributes = try locating(place, in: file) { () throws(ONNXRefusal) in
      guard Self.standardDomains.contains(message.domain) else {
        throw .unsupported("the operator's domain is \(quoted(message.domain)), wanted the standard one")
      }
      return try Self.attributes(message.attribute)
    }
    self.init(
      place: place, operation: message.opType, inputs: message.input, outputs: message.output, attributes: attributes)
  }

  private static func attributes(
    _ messages: [ONNX_AttributeProto]
  ) throws(ONNXRefusal) -> [String: ONNXAttribute] {
    var result: [String: ONNXAttribute] = [:]
    for message in messages {
      guard result.updateValue(try ONNXAttribute(message), forKey: message.name) == nil else {
        throw .malformed("attribute \(message.name) stands twice")
      }
    }
    return result
  }
}

extension ONNXAttribute {
  fileprivate init(_ message: ONNX_AttributeProto) throws(ONNXRefusal) {
    let name = message.name
    guard message.refAttrName.isEmpty else {
      throw .malformed("attribute \(name) refers to one of a function, and there is none")
    }
    switch message.type {
    case .int: self = .integer(Int(message.i))
    case .ints: self = .integers(message.ints.map { Int($0) })
    case .float: self = .float(message.f)
    case .floats: self = .floats(message.floats)
    case .string: self = .string(try text(message.s))
    case .strings:
      var texts: [String] = []
      for bytes in message.strings { texts.append(try text(bytes)) }
      self = .strings(texts)
    case .tensor:
      do { self = .tensor(try Tensor(message.t)) } catch {
        throw ONNXRefusal(problem: error.problem, reason: "attribute \(name): \(error.reason)")
      }
    case .graph, .graphs: throw .unsupported("attribute \(name) is a graph, wanted operators without one of their own")
    case .undefined: throw .malformed("attribute \(name) does not say what it is")
    default: throw .unsupported("attribute \(name) is of the type \(message.type), which no operator here takes")
    }
    func text(_ bytes: Data) throws(ONNXRefusal) -> String {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .malformed("attribute \(name) is not UTF-8")
      }
      return text
    }
  }
}

extension ONNXValue {
  fileprivate init(_ message: ONNX_ValueInfoProto, _ role: String, hasDefault: Bool, file: String) throws(ONNXError) {
    let (elementType, dimensions) = try locating("\(role) \(quoted(message.name))", in: file) {
      () throws(ONNXRefusal) in
      switch message.type.value {
      case nil: (nil as String?, nil as [ONNXDimension]?)
      case .tensorType(let tensor):
        (
          tensor.elemType == 0 ? nil : try ONNXElementType(code: Int(tensor.elemType)).name,
          tensor.hasShape ? try Self.dimensions(tensor.shape) : nil
        )
      default: throw .unsupported("it is a sequence, a map or the like, wanted a tensor")
      }
    }
    self.init(name: message.name, elementType: elementType, dimensions: dimensions, hasDefault: hasDefault)
  }

  private static func dimensions(_ message: ONNX_TensorShapeProto) throws(ONNXRefusal) -> [ONNXDimension] {
    var result: [ONNXDimension] = []
    for dimension in message.dim {
      switch dimension.value {
      case .dimValue(let size):
        guard let size = Int(exactly: size), size >= 0 else { throw .malformed("a dimension is \(size)") }
        result.append(.fixed(size))
      case .dimParam(let name): result.append(name.isEmpty ? .unknown : .named(name))
      case nil: result.append(.unknown)
      }
    }
    return result
  }
}
#endif
