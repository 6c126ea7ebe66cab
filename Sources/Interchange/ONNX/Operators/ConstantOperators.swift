#if ONNX
internal import DataIO

/// A tensor that the node itself holds, in one of several forms.
struct ConstantOperator: ONNXOperator {
  static let inputCount = 0...0
  private let value: Tensor

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    var values: [Tensor] = []
    if let value = try node.tensor("value") { values.append(value) }
    if let value = try node.float("value_float") { values.append(Tensor(shape: [], [value])) }
    if let value = try node.floats("value_floats") { values.append(Tensor(shape: [value.count], value)) }
    if let value = try node.integer("value_int") { values.append(Tensor(shape: [], .int64([Int64(value)]))) }
    if let value = try node.integers("value_ints") {
      values.append(Tensor(shape: [value.count], .int64(value.map(Int64.init))))
    }
    for name in ["value_string", "value_strings"] where node.node.attributes[name] != nil {
      throw .unsupported("attribute \(name) holds text, wanted numbers")
    }
    guard let value = values.first, values.count == 1 else {
      throw .malformed("\(values.count) attributes hold its value, wanted one")
    }
    self.value = value
  }

  func run(_ inputs: ONNXArguments) -> [Tensor] { [value] }
}

/// A tensor of a given shape filled with one number.
struct ConstantOfShapeOperator: ONNXOperator {
  static let inputCount = 1...1
  private let value: Tensor

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    value = try node.tensor("value") ?? Tensor(shape: [1], [0])
    guard value.count == 1 else { throw .attribute("value", is: "\(value.count) numbers", wanted: "one") }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let shape = try inputs.integers(0)
    guard shape.allSatisfy({ $0 >= 0 }) else { throw .input("the shape \(shape) has a negative size") }
    try inputs.count(shape, bytesEach: value.elementSize)
    return [try value.reshaped([]).expanded(to: shape)]
  }
}

/// Numbers from a start to before a limit, in equal steps.
struct RangeOperator: ONNXOperator {
  static let inputCount = 3...3

  init(_ node: inout ONNXNodeReader) { node.ignore("stash_type") }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensors = [try inputs.required(0), try inputs.required(1), try inputs.required(2)]
    guard tensors.allSatisfy({ $0.count == 1 && $0.type == tensors[0].type }) else {
      throw .input("start, limit and delta are not three single numbers of one type")
    }
    let numbers = tensors.map { $0.elements.doubles[0] }
    let steps = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
    guard numbers[2] != 0, let count = Int(exactly: max(steps, 0)), count < 1 << 53 else {
      throw .input("no range goes from \(numbers[0]) to \(numbers[1]) in steps of \(numbers[2])")
    }
    try inputs.count([count], bytesEach: 8)
    switch (tensors[0].elements, tensors[2].elements) {
    case (.float(let start), .float(let delta)):
      return [Tensor(shape: [count], .float((0..<count).map { start[0] + Float($0) * delta[0] }))]
    case (.double(let start), .double(let delta)):
      return [Tensor(shape: [count], .double((0..<count).map { start[0] + Double($0) * delta[0] }))]
    case (.int64(let start), .int64(let delta)):
      return [Tensor(shape: [count], .int64((0..<count).map { start[0] &+ Int64($0) &* delta[0] }))]
    case (.int32(let start), .int32(let delta)):
      return [Tensor(shape: [count], .int32((0..<count).map { start[0] &+ Int32(truncatingIfNeeded: $0) &* delta[0] }))]
    default: throw .type(tensors[0], wanted: "float32, float64, int32 or int64")
    }
  }
}

/// Numbers in another type. A number that an integer type cannot hold becomes the nearest that it can, NaN 0: the
/// format leaves open what they become.
struct CastOperator: ONNXOperator {
  static let inputCount = 1...1
  private let type: ONNXElementType

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let code = try node.integer("to") else { throw .malformed("attribute to is left out, but needed") }
    do { type = try ONNXElementType(code: code) } catch {
      throw ONNXRefusal(problem: error.problem, reason: "attribute to: \(error.reason)")
    }
    // These concern types of 8 bits and fewer, which are refused.
    for name in ["saturate", "round_mode"] { node.ignore(name) }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    // Through integers or numbers of 64 bits.
    try inputs.count(tensor.shape, bytesEach: 24)
    return [Tensor(shape: tensor.shape, tensor.elements.converted(to: type))]
  }
}

extension Tensor.Elements {
  fileprivate func converted(to type: ONNXElementType) -> Tensor.Elements {
    switch type {
    case .bool: .bool(wholeNumbers?.map { $0 != 0 } ?? doubles.map { $0 != 0 })
    case .uint8: .uint8(converted())
    case .int8: .int8(converted())
    case .uint16: .uint16(converted())
    case .int16: .int16(converted())
    case .uint32: .uint32(converted())
    case .int32: .int32(converted())
    case .uint64: .uint64(converted())
    case .int64: .int64(converted())
    case .float16: .float16(doubles.map(Float16.init))
    case .float: .float(floats)
    case .double: .double(doubles)
    }
  }

  private func converted<Whole: FixedWidthInteger>(to _: Whole.Type = Whole.self) -> [Whole] {
    if let wholeNumbers { return wholeNumbers.map(Whole.init(truncatingIfNeeded:)) }
    return doubles.map { number in
      if number.isNaN { return 0 }
      return Whole(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
    }
  }

  /// Integers and booleans as 64 bits; `nil` for floating-point numbers.
  private var wholeNumbers: [Int64]? {
    if case .uint64(let elements) = self { return elements.map(Int64.init(truncatingIfNeeded:)) }
    return integers?.map(Int64.init)
  }
}
#endif
