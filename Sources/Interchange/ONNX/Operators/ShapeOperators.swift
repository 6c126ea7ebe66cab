#if ONNX
internal import DataIO

/// Dimensions in another order.
struct TransposeOperator: ONNXOperator {
  static let inputCount = 1...1
  private let permutation: [Int]?

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    permutation = try node.integers("perm")
    if let permutation, permutation.sorted() != Array(permutation.indices) {
      throw .attribute("perm", is: "\(permutation)", wanted: "each of its places once")
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let permutation = permutation ?? tensor.shape.indices.reversed()
    guard permutation.count == tensor.shape.count else {
      throw .input("attribute perm is \(permutation), but the tensor has \(tensor.shape.count) dimensions")
    }
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize, operationsEach: 8)
    return [try tensor.transposed(permutation)]
  }
}

/// Dimensions of size 1 taken away: those that are named, or all.
struct SqueezeOperator: ONNXOperator {
  static let inputCount = 1...2
  private let axes: ONNXIntegers

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    axes = try ONNXIntegers(&node, attribute: "axes", input: 1)
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let shape = tensor.shape
    let axes =
      if let axes = try axes.values(inputs) { try normalized(axes: axes, rank: shape.count) } else {
        shape.indices.filter { shape[$0] == 1 }
      }
    guard axes.allSatisfy({ shape[$0] == 1 }) else {
      throw .input("the axes \(axes) of a tensor of shape \(shape) are not all of size 1")
    }
    return [tensor.reshaped(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })]
  }
}

/// Dimensions of size 1 put in; the axes are places in the result.
struct UnsqueezeOperator: ONNXOperator {
  static let inputCount = 1...2
  private let axes: ONNXIntegers

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    axes = try ONNXIntegers(&node, attribute: "axes", input: 1)
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    guard let axes = try axes.values(inputs) else { throw .malformed("axes are left out, but needed") }
    var shape = tensor.shape
    try checkRank(shape.count + axes.count)
    for axis in try normalized(axes: axes, rank: shape.count + axes.count) { shape.insert(1, at: axis) }
    return [tensor.reshaped(shape)]
  }
}

/// The same numbers in another shape; -1 is inferred, 0 keeps the input's size.
struct ReshapeOperator: ONNXOperator {
  static let inputCount = 2...2
  private let allowsZero: Bool

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) { allowsZero = try node.flag("allowzero") }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let wanted = try inputs.integers(1)
    let impossible = ONNXRefusal.input("a tensor of shape \(tensor.shape) cannot have the shape \(wanted)")
    try checkRank(wanted.count)
    var shape = wanted
    var open: Int?
    for (dimension, size) in wanted.enumerated() {
      if size == 0, !allowsZero {
        guard dimension < tensor.shape.count else { throw impossible }
        shape[dimension] = tensor.shape[dimension]
      } else if size == -1 {
        guard open == nil else { throw impossible }
        open = dimension
        shape[dimension] = 1
      } else if size < 0 {
        throw impossible
      }
    }
    let count = try inputs.count(shape, bytesEach: tensor.elementSize)
    if let open {
      guard count > 0, tensor.count.isMultiple(of: count) else { throw impossible }
      shape[open] = tensor.count / count
    }
    guard try inputs.count(shape, bytesEach: tensor.elementSize) == tensor.count else { throw impossible }
    return [tensor.reshaped(shape)]
  }
}

/// Two dimensions: those before an axis, and the others.
struct FlattenOperator: ONNXOperator {
  static let inputCount = 1...1
  private let axis: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) { axis = try node.integer("axis") ?? 1 }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let rank = tensor.shape.count
    let axis = axis == rank ? rank : try normalized(axis: axis, rank: rank)
    return [
      tensor.reshaped([elementCount(tensor.shape.prefix(axis)), elementCount(tensor.shape.dropFirst(axis))])
    ]
  }
}

/// A tensor broadcast to a shape, in which 1 keeps the input's size.
struct ExpandOperator: ONNXOperator {
  static let inputCount = 2...2

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let wanted = try inputs.integers(1)
    guard wanted.allSatisfy({ $0 >= 0 }) else { throw .input("the shape \(wanted) has a negative size") }
    let shape = try broadcastShape(tensor.shape, wanted)
    try inputs.count(shape, bytesEach: tensor.elementSize, operationsEach: 8)
    return [try tensor.expanded(to: shape)]
  }
}

/// A tensor's shape, or a part of it.
struct ShapeOperator: ONNXOperator {
  static let inputCount = 1...1
  private let start: Int
  private let end: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    start = try node.integer("start") ?? 0
    end = try node.integer("end") ?? .max
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let shape = try inputs.required(0).shape
    func place(_ index: Int) -> Int { min(max(index < 0 ? index + shape.count : index, 0), shape.count) }
    let part = shape[place(start)..<max(place(start), place(end))]
    return [Tensor(shape: [part.count], .int64(part.map(Int64.init)))]
  }
}

/// The number of elements of a tensor.
struct SizeOperator: ONNXOperator {
  static let inputCount = 1...1

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    [Tensor(shape: [], .int64([Int64(try inputs.required(0).count)]))]
  }
}

/// Its input, unchanged.
struct IdentityOperator: ONNXOperator {
  static let inputCount = 1...1

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] { [try inputs.required(0)] }
}

/// Dropout as it is outside training: nothing is dropped.
struct DropoutOperator: ONNXOperator {
  static let inputCount = 1...3
  static let outputCount = 1...2

  init(_ node: inout ONNXNodeReader) {
    for name in ["ratio", "seed"] { node.ignore(name) }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    if inputs.optional(2)?.elements.integers?.contains(1) == true {
      throw .unsupported("input training_mode is true, wanted a model for inference")
    }
    let tensor = try inputs.required(0)
    try inputs.count(tensor.shape, bytesEach: 1)
    return [tensor, Tensor(shape: tensor.shape, .bool([Bool](repeating: true, count: tensor.count)))]
  }
}
#endif
