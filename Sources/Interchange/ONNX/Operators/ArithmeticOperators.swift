#if ONNX
internal import DataIO

/// Element-wise arithmetic on two tensors or more, with NumPy's broadcasting.
struct ArithmeticOperator: ONNXOperator {
  /// What is computed, under ONNX's names.
  enum Function: String, CaseIterable, Sendable {
    case add = "Add", subtract = "Sub", multiply = "Mul", divide = "Div", power = "Pow"
    case minimum = "Min", maximum = "Max", sum = "Sum", mean = "Mean"

    /// Whether it takes any number of tensors.
    var isVariadic: Bool { [.minimum, .maximum, .sum, .mean].contains(self) }
  }

  static let inputCount = 1...Int.max
  private let function: Function

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let function = Function(rawValue: node.node.operation) else {
      throw .unsupported("the operator \(node.node.operation) is not arithmetic")
    }
    self.function = function
    guard function.isVariadic || node.node.inputs.count == 2 else {
      throw .malformed("the number of inputs is \(node.node.inputs.count), wanted 2")
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    var result = try inputs.required(0)
    for index in inputs.tensors.indices.dropFirst() {
      let other = try inputs.required(index)
      let (a, b) =
        function == .power
        ? try broadcast(result, other, inputs, convertedBytes: 16, operationsEach: 32)
        : try broadcast(result, other, inputs)
      result = Tensor(shape: a.shape, try compute(a, b))
    }
    guard function == .mean else { return [result] }
    try inputs.count(result.shape, bytesEach: 2 * result.elementSize)
    let count = Double(inputs.tensors.count)
    switch result.elements {
    case .float(let sums): return [Tensor(shape: result.shape, .float(sums.map { $0 / Float(count) }))]
    case .double(let sums): return [Tensor(shape: result.shape, .double(sums.map { $0 / count }))]
    default: throw .type(result, wanted: "float32 or float64")
    }
  }

  private func compute(_ a: Tensor, _ b: Tensor) throws(ONNXRefusal) -> Tensor.Elements {
    switch (a.elements, b.elements) {
    case (.float(let a), .float(let b)): return .float(real(a, b))
    case (.double(let a), .double(let b)): return .double(real(a, b))
    case (.int64(let a), .int64(let b)): return .int64(try whole(a, b))
    case (.int32(let a), .int32(let b)): return .int32(try whole(a, b))
    case (.int16(let a), .int16(let b)): return .int16(try whole(a, b))
    case (.int8(let a), .int8(let b)): return .int8(try whole(a, b))
    case (.uint64(let a), .uint64(let b)): return .uint64(try whole(a, b))
    case (.uint32(let a), .uint32(let b)): return .uint32(try whole(a, b))
    case (.uint16(let a), .uint16(let b)): return .uint16(try whole(a, b))
    case (.uint8(let a), .uint8(let b)): return .uint8(try whole(a, b))
    case (.float(let a), _) where function == .power: return .float(real(a, b.elements.floats))
    case (.double(let a), _) where function == .power: return .double(real(a, b.elements.doubles))
    default:
      throw .unsupported(
        "the numbers are \(a.typeName) and \(b.typeName), wanted both float32, float64 or of one type of integers")
    }
  }

  private func real<Scalar: ONNXScalar>(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] {
    switch function {
    case .add, .sum, .mean: zip(a, b).map { $0 + $1 }
    case .subtract: zip(a, b).map { $0 - $1 }
    case .multiply: zip(a, b).map { $0 * $1 }
    case .divide: zip(a, b).map { $0 / $1 }
    case .power: zip(a, b).map { Scalar(power(Double($0), Double($1))) }
    // NaN wins, as in NumPy.
    case .minimum: zip(a, b).map { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .maximum: zip(a, b).map { $0.isNaN || $0 > $1 ? $0 : $1 }
    }
  }

  /// Integers, which wrap around on overflow; a quotient is truncated towards zero.
  private func whole<Whole: FixedWidthInteger>(_ a: [Whole], _ b: [Whole]) throws(ONNXRefusal) -> [Whole] {
    switch function {
    case .add, .sum: return zip(a, b).map { $0 &+ $1 }
    case .subtract: return zip(a, b).map { $0 &- $1 }
    case .multiply: return zip(a, b).map { $0 &* $1 }
    case .divide:
      guard !b.contains(0) else { throw .input("an integer is divided by 0") }
      return zip(a, b).map { $0.dividedReportingOverflow(by: $1).partialValue }
    case .minimum: return zip(a, b).map { min($0, $1) }
    case .maximum: return zip(a, b).map { max($0, $1) }
    case .power, .mean: throw .unsupported("the numbers are integers, wanted float32 or float64")
    }
  }
}

/// Both tensors broadcast to their common shape, counted with a result of it and what an element of both is converted to.
private func broadcast(
  _ a: Tensor, _ b: Tensor, _ inputs: ONNXArguments, convertedBytes: Int = 0, operationsEach: Int = 4
) throws(ONNXRefusal) -> (Tensor, Tensor) {
  let shape = try broadcastShape(a.shape, b.shape)
  let repeated = [a, b].filter { $0.shape != shape }.reduce(0) { $0 + $1.elementSize }
  try inputs.count(
    shape, bytesEach: max(a.elementSize, b.elementSize) + repeated + convertedBytes, operationsEach: operationsEach)
  return (try a.expanded(to: shape), try b.expanded(to: shape))
}

/// Element-wise comparisons and logic of two tensors.
struct ComparisonOperator: ONNXOperator {
  /// What is compared, under ONNX's names.
  enum Function: String, CaseIterable, Sendable {
    case equal = "Equal", less = "Less", lessOrEqual = "LessOrEqual", greater = "Greater"
    case greaterOrEqual = "GreaterOrEqual", and = "And", or = "Or", xor = "Xor"
  }

  static let inputCount = 2...2
  private let function: Function

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let function = Function(rawValue: node.node.operation) else {
      throw .unsupported("the operator \(node.node.operation) is no comparison")
    }
    self.function = function
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let (a, b) = try broadcast(inputs.required(0), inputs.required(1), inputs, convertedBytes: 16)
    guard a.type == b.type else {
      throw .unsupported("the numbers are \(a.typeName) and \(b.typeName), wanted one type")
    }
    guard !isLogical || a.type == .bool else { throw .type(a, wanted: "bool") }
    if let x = a.elements.integers, let y = b.elements.integers {
      return [Tensor(shape: a.shape, .bool(compare(x, y)))]
    }
    return [Tensor(shape: a.shape, .bool(compare(a.elements.doubles, b.elements.doubles)))]
  }

  private var isLogical: Bool { [.and, .or, .xor].contains(function) }

  private func compare<Value: Comparable & Numeric>(_ a: [Value], _ b: [Value]) -> [Bool] {
    switch function {
    case .equal: zip(a, b).map { $0 == $1 }
    case .less: zip(a, b).map { $0 < $1 }
    case .lessOrEqual: zip(a, b).map { $0 <= $1 }
    case .greater: zip(a, b).map { $0 > $1 }
    case .greaterOrEqual: zip(a, b).map { $0 >= $1 }
    // Booleans are 0 and 1 here.
    case .and: zip(a, b).map { $0 != 0 && $1 != 0 }
    case .or: zip(a, b).map { $0 != 0 || $1 != 0 }
    case .xor: zip(a, b).map { $0 != $1 }
    }
  }
}

/// Logical negation.
struct NotOperator: ONNXOperator {
  static let inputCount = 1...1

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    guard case .bool(let truths) = tensor.elements else { throw .type(tensor, wanted: "bool") }
    try inputs.count(tensor.shape, bytesEach: 1)
    return [Tensor(shape: tensor.shape, .bool(truths.map { !$0 }))]
  }
}

/// Elements of one tensor where a condition holds, of the other elsewhere.
struct WhereOperator: ONNXOperator {
  static let inputCount = 3...3

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let (a, b) = try broadcast(inputs.required(1), inputs.required(2), inputs)
    let condition = try inputs.required(0)
    guard condition.type == .bool else { throw .type(condition, wanted: "bool as the condition") }
    guard a.type == b.type else {
      throw .unsupported("the numbers are \(a.typeName) and \(b.typeName), wanted one type")
    }
    let shape = try broadcastShape(condition.shape, a.shape)
    try inputs.count(shape, bytesEach: 1 + 3 * a.elementSize)
    guard case .bool(let choices) = try condition.expanded(to: shape).elements else { return [] }
    let choice = Choice(choices: choices, otherwise: try b.expanded(to: shape).elements)
    return [Tensor(shape: shape, try a.expanded(to: shape).elements.accept(choice))]
  }

  private struct Choice: ElementsVisitor {
    let choices: [Bool]
    let otherwise: Tensor.Elements

    func visit<Element: TensorElement>(_ elements: [Element]) -> Tensor.Elements {
      let others = Element.array(otherwise) ?? []
      return Element.elements(choices.indices.map { choices[$0] ? elements[$0] : others[$0] })
    }
  }
}

/// Numbers with the other sign.
struct NegationOperator: ONNXOperator {
  static let inputCount = 1...1

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize)
    switch tensor.elements {
    case .float(let numbers): return [Tensor(shape: tensor.shape, .float(numbers.map { -$0 }))]
    case .double(let numbers): return [Tensor(shape: tensor.shape, .double(numbers.map { -$0 }))]
    case .int64(let numbers): return [Tensor(shape: tensor.shape, .int64(numbers.map { 0 &- $0 }))]
    case .int32(let numbers): return [Tensor(shape: tensor.shape, .int32(numbers.map { 0 &- $0 }))]
    default: throw .type(tensor, wanted: "float32, float64, int32 or int64")
    }
  }
}

/// Numbers held between two bounds, each of which may be left out.
struct ClipOperator: ONNXOperator {
  static let inputCount = 1...3
  private let bounds: (lower: Float?, upper: Float?)

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) { bounds = (try node.float("min"), try node.float("max")) }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize)
    switch tensor.elements {
    case .float(let numbers):
      return [Tensor(shape: tensor.shape, .float(try clip(numbers, inputs, -.infinity, .infinity) { $0 }))]
    case .double(let numbers):
      return [Tensor(shape: tensor.shape, .double(try clip(numbers, inputs, -.infinity, .infinity) { Double($0) }))]
    case .int64(let numbers):
      return [Tensor(shape: tensor.shape, .int64(try clip(numbers, inputs, .min, .max) { Int64(exactly: $0) }))]
    case .int32(let numbers):
      return [Tensor(shape: tensor.shape, .int32(try clip(numbers, inputs, .min, .max) { Int32(exactly: $0) }))]
    default: throw .type(tensor, wanted: "float32, float64, int32 or int64")
    }
  }

  private func clip<Number: TensorElement & Comparable>(
    _ numbers: [Number], _ inputs: ONNXArguments, _ least: Number, _ greatest: Number, _ convert: (Float) -> Number?
  ) throws(ONNXRefusal) -> [Number] {
    func bound(_ index: Int, _ attribute: Float?, _ fallback: Number) throws(ONNXRefusal) -> Number {
      guard let tensor = inputs.optional(index) else { return attribute.flatMap(convert) ?? fallback }
      guard let bound = Number.array(tensor.elements), bound.count == 1 else {
        throw .input("bound \(index) is \(tensor.typeName) of shape \(tensor.shape), wanted one number as the tensor's")
      }
      return bound[0]
    }
    let (lower, upper) = (try bound(1, bounds.lower, least), try bound(2, bounds.upper, greatest))
    return numbers.map { min(max($0, lower), upper) }
  }
}
#endif
