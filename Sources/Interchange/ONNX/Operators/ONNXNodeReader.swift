#if ONNX
internal import DataIO

/// Reads the attributes of a node and keeps track of those that were not read.
struct ONNXNodeReader {
  let node: ONNXNode
  /// The version of the operators.
  let opset: Int
  /// Its constant inputs; `nil` for the others.
  let constants: [Tensor?]
  /// What the operators of a model may keep of their constants in another form.
  let budget: RunBudget
  private var unread: Set<String>

  init(_ node: ONNXNode, opset: Int, constants: [Tensor?], budget: RunBudget) {
    self.budget = budget
    self.node = node
    self.opset = opset
    self.constants = constants
    unread = Set(node.attributes.keys)
  }

  /// Refuses attributes that were not read: they might change what is computed.
  func checkThatAllWasRead() throws(ONNXRefusal) {
    if let name = unread.min() { throw .unsupported("attribute \(quoted(name)) is none that is known") }
  }

  mutating func integer(_ name: String) throws(ONNXRefusal) -> Int? {
    guard let attribute = take(name) else { return nil }
    guard case .integer(let value) = attribute else { throw kind(name, attribute, "an integer") }
    return value
  }

  /// An integer that is 0 or 1.
  mutating func flag(_ name: String, default fallback: Bool = false) throws(ONNXRefusal) -> Bool {
    guard let value = try integer(name) else { return fallback }
    guard 0...1 ~= value else { throw .attribute(name, is: "\(value)", wanted: "0 or 1") }
    return value == 1
  }

  mutating func integers(_ name: String) throws(ONNXRefusal) -> [Int]? {
    guard let attribute = take(name) else { return nil }
    guard case .integers(let values) = attribute else { throw kind(name, attribute, "integers") }
    return values
  }

  mutating func float(_ name: String) throws(ONNXRefusal) -> Float? {
    guard let attribute = take(name) else { return nil }
    guard case .float(let value) = attribute else { throw kind(name, attribute, "a number") }
    return value
  }

  mutating func floats(_ name: String) throws(ONNXRefusal) -> [Float]? {
    guard let attribute = take(name) else { return nil }
    guard case .floats(let values) = attribute else { throw kind(name, attribute, "numbers") }
    return values
  }

  mutating func string(_ name: String) throws(ONNXRefusal) -> String? {
    guard let attribute = take(name) else { return nil }
    guard case .string(let value) = attribute else { throw kind(name, attribute, "a text") }
    return value
  }

  mutating func strings(_ name: String) throws(ONNXRefusal) -> [String]? {
    guard let attribute = take(name) else { return nil }
    guard case .strings(let values) = attribute else { throw kind(name, attribute, "texts") }
    return values
  }

  mutating func tensor(_ name: String) throws(ONNXRefusal) -> Tensor? {
    guard let attribute = take(name) else { return nil }
    guard case .tensor(let value) = attribute else { throw kind(name, attribute, "a tensor") }
    return value
  }

  /// Marks as read an attribute that does not change results.
  mutating func ignore(_ name: String) { unread.remove(name) }

  private mutating func take(_ name: String) -> ONNXAttribute? {
    unread.remove(name)
    return node.attributes[name]
  }

  private func kind(_ name: String, _ found: ONNXAttribute, _ wanted: String) -> ONNXRefusal {
    .attribute(name, is: found.kind, wanted: wanted)
  }
}

/// Integers that older versions of an operator take as an attribute and newer ones as an input.
struct ONNXIntegers: Sendable {
  private let attribute: [Int]?
  private let input: Int

  init(_ node: inout ONNXNodeReader, attribute name: String, input: Int) throws(ONNXRefusal) {
    attribute = try node.integers(name)
    self.input = input
    guard attribute == nil || node.node.inputs.count <= input else {
      throw .malformed("attribute \(name) stands beside an input of the same meaning, wanted one of them")
    }
  }

  /// The integers; `nil` where there is neither.
  func values(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Int]? {
    if let attribute { return attribute }
    return inputs.optional(input) == nil ? nil : try inputs.integers(input)
  }
}
#endif
