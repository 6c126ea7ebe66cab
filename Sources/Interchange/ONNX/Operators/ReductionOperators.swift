#if ONNX
internal import DataIO
internal import Kernels

/// A tensor whose rows are what is reduced: its axes brought to the end.
private struct ReducibleRows {
  /// The numbers, `[rows × length]`.
  let tensor: Tensor
  let rows: Int
  let length: Int
  /// The shape of the result.
  let shape: [Int]

  /// Counts the transposed tensor and a result for each row, with what `operationsEach` element takes.
  init(
    _ tensor: Tensor, axes: [Int], keepsAxes: Bool, _ inputs: ONNXArguments, operationsEach: Int = 12
  ) throws(ONNXRefusal) {
    // The numbers in their new order, and converted to 64 bits.
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize + 16, operationsEach: operationsEach)
    let kept = tensor.shape.indices.filter { !axes.contains($0) }
    self.tensor = try tensor.transposed(kept + axes)
    rows = elementCount(kept.map { tensor.shape[$0] })
    length = elementCount(axes.map { tensor.shape[$0] })
    shape =
      keepsAxes
      ? tensor.shape.indices.map { axes.contains($0) ? 1 : tensor.shape[$0] } : kept.map { tensor.shape[$0] }
    try inputs.count(shape, bytesEach: 8)
  }

  func map<Number, Result>(_ numbers: [Number], _ body: (ArraySlice<Number>) -> Result) -> [Result] {
    (0..<rows).map { body(numbers[$0 * length..<($0 + 1) * length]) }
  }

  /// The results of all rows in one array; `body` returns as many as it gets.
  func flatMap<Number>(_ numbers: [Number], _ body: (ArraySlice<Number>) -> [Number]) -> [Number] {
    guard !numbers.isEmpty else { return [] }
    var results: [Number] = []
    results.reserveCapacity(numbers.count)
    for row in 0..<rows { results += body(numbers[row * length..<(row + 1) * length]) }
    return results
  }
}

/// The sum, mean, minimum or maximum along axes. Of no elements the sum is 0, the mean NaN, the minimum the greatest
/// number of the type and the maximum the least.
struct ReductionOperator: ONNXOperator {
  /// What is computed, under ONNX's names.
  enum Function: String, CaseIterable, Sendable {
    case sum = "ReduceSum", mean = "ReduceMean", minimum = "ReduceMin", maximum = "ReduceMax"
  }

  static let inputCount = 1...2
  private let function: Function
  private let axes: ONNXIntegers
  private let keepsAxes: Bool
  private let doesNothingWithoutAxes: Bool

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let function = Function(rawValue: node.node.operation) else {
      throw .unsupported("the operator \(node.node.operation) is no reduction")
    }
    self.function = function
    axes = try ONNXIntegers(&node, attribute: "axes", input: 1)
    keepsAxes = try node.flag("keepdims", default: true)
    doesNothingWithoutAxes = try node.flag("noop_with_empty_axes")
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    var axes = try normalized(axes: axes.values(inputs) ?? [], rank: tensor.shape.count)
    if axes.isEmpty {
      if doesNothingWithoutAxes { return [tensor] }
      axes = Array(tensor.shape.indices)
    }
    let rows = try ReducibleRows(tensor, axes: axes, keepsAxes: keepsAxes, inputs)
    switch rows.tensor.elements {
    case .float(let numbers): return [Tensor(shape: rows.shape, .float(rows.map(numbers, reduceReal)))]
    case .double(let numbers): return [Tensor(shape: rows.shape, .double(rows.map(numbers, reduceReal)))]
    case .int64(let numbers) where function != .mean:
      return [Tensor(shape: rows.shape, .int64(rows.map(numbers, reduceWhole)))]
    case .int32(let numbers) where function != .mean:
      return [Tensor(shape: rows.shape, .int32(rows.map(numbers, reduceWhole)))]
    default: throw .type(tensor, wanted: "float32, float64 or, but for a mean, int32 or int64")
    }
  }

  private func reduceReal<Scalar: ONNXScalar>(_ row: ArraySlice<Scalar>) -> Scalar {
    switch function {
    case .sum: Scalar(row.reduce(0) { $0 + Double($1) })
    case .mean: Scalar(row.reduce(0) { $0 + Double($1) } / Double(row.count))
    case .minimum: row.reduce(.infinity) { $1.isNaN || $1 < $0 ? $1 : $0 }
    case .maximum: row.reduce(-.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
    }
  }

  private func reduceWhole<Whole: FixedWidthInteger>(_ row: ArraySlice<Whole>) -> Whole {
    switch function {
    case .sum, .mean: row.reduce(0, &+)
    case .minimum: row.min() ?? .max
    case .maximum: row.max() ?? .min
    }
  }
}

/// The argmax or argmin along an axis.
struct ArgumentOperator: ONNXOperator {
  static let inputCount = 1...1
  private let takesLeast: Bool
  private let axis: Int
  private let keepsAxis: Bool
  private let takesLast: Bool

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    takesLeast = node.node.operation == "ArgMin"
    axis = try node.integer("axis") ?? 0
    keepsAxis = try node.flag("keepdims", default: true)
    takesLast = try node.flag("select_last_index")
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: tensor.shape.count)
    let rows = try ReducibleRows(tensor, axes: [axis], keepsAxes: keepsAxis, inputs)
    guard rows.length > 0 || rows.rows == 0 else { throw .input("axis \(axis) of shape \(tensor.shape) is empty") }
    let places =
      if let numbers = rows.tensor.elements.integers { rows.map(numbers, place) } else {
        rows.map(rows.tensor.elements.doubles, place)
      }
    return [Tensor(shape: rows.shape, .int64(places))]
  }

  private func place<Number: Comparable>(_ row: ArraySlice<Number>) -> Int64 {
    var best = row.startIndex
    for index in row.indices.dropFirst() {
      let isBetter = takesLeast ? row[index] < row[best] : row[index] > row[best]
      if isBetter || takesLast && row[index] == row[best] { best = index }
    }
    return Int64(best - row.startIndex)
  }
}

/// Numbers along an axis as probabilities, or their logarithms: eˣ over the sum of them.
///
/// Up to opset 12 all dimensions from the axis on count as one.
struct SoftmaxOperator: ONNXOperator {
  static let inputCount = 1...1
  private let isLogarithm: Bool
  private let axis: Int
  private let takesInnerDimensions: Bool

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    isLogarithm = node.node.operation == "LogSoftmax"
    takesInnerDimensions = node.opset < 13
    axis = try node.integer("axis") ?? (takesInnerDimensions ? 1 : -1)
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let rank = tensor.shape.count
    // Before opset 13 the axis may lie behind the last one.
    let axis = takesInnerDimensions && axis == rank ? rank : try normalized(axis: axis, rank: rank)
    let axes = takesInnerDimensions ? Array(axis..<rank) : [axis]
    let rows = try ReducibleRows(tensor, axes: axes, keepsAxes: true, inputs, operationsEach: 32)
    let result: Tensor.Elements
    switch rows.tensor.elements {
    case .float(let numbers): result = .float(rows.flatMap(numbers, softmax))
    case .double(let numbers): result = .double(rows.flatMap(numbers, softmax))
    default: throw .type(tensor, wanted: "float32 or float64")
    }
    // Back to where the axes were.
    let order = tensor.shape.indices.filter { !axes.contains($0) } + axes
    let places = order.indices.sorted { order[$0] < order[$1] }
    return [try Tensor(shape: rows.tensor.shape, result).transposed(places)]
  }

  private func softmax<Scalar: ONNXScalar>(_ row: ArraySlice<Scalar>) -> [Scalar] {
    let greatest = row.max() ?? 0
    let exponentials = row.map { Scalar._exp($0 - greatest) }
    let sum = Scalar(exponentials.reduce(0) { $0 + Double($1) })
    guard isLogarithm else { return exponentials.map { $0 / sum } }
    let logarithm = Scalar._log(sum)
    return row.map { $0 - greatest - logarithm }
  }
}

/// Numbers from an axis on, brought to mean 0 and variance 1, scaled and shifted (Ba, Kiros & Hinton 2016).
struct LayerNormalizationOperator: ONNXOperator {
  static let inputCount = 2...3
  static let outputCount = 1...3
  private let axis: Int
  private let epsilon: Double

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard node.node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw .unsupported("mean and deviation are outputs, too, wanted the normalized numbers alone")
    }
    axis = try node.integer("axis") ?? -1
    epsilon = Double(try node.float("epsilon") ?? 1e-5)
    // Mean and deviation are computed in Double here whatever it says.
    node.ignore("stash_type")
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: tensor.shape.count)
    let inner = Array(tensor.shape[axis...])
    // Scale and shift, repeated and in Double.
    try inputs.count(inner, bytesEach: 32)
    let scale = try operand(inputs.required(1), inner)
    let shift = try inputs.optional(2).map { tensor throws(ONNXRefusal) in try operand(tensor, inner) }
    let rows = try ReducibleRows(
      tensor, axes: Array(axis..<tensor.shape.count), keepsAxes: true, inputs, operationsEach: 16)
    switch tensor.elements {
    case .float(let numbers):
      return [Tensor(shape: tensor.shape, .float(rows.flatMap(numbers) { normalize($0, scale, shift) }))]
    case .double(let numbers):
      return [Tensor(shape: tensor.shape, .double(rows.flatMap(numbers) { normalize($0, scale, shift) }))]
    default: throw .type(tensor, wanted: "float32 or float64")
    }
  }

  private func operand(_ tensor: Tensor, _ inner: [Int]) throws(ONNXRefusal) -> [Double] {
    guard try broadcastShape(tensor.shape, inner) == inner else {
      throw .input("a scale or shift of shape \(tensor.shape) does not fit \(inner)")
    }
    return try tensor.expanded(to: inner).elements.doubles
  }

  private func normalize<Scalar: ONNXScalar>(
    _ row: ArraySlice<Scalar>, _ scale: [Double], _ shift: [Double]?
  ) -> [Scalar] {
    let numbers = row.map(Double.init)
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
    let factor = 1 / (variance + epsilon).squareRoot()
    return numbers.indices.map { Scalar((numbers[$0] - mean) * factor * scale[$0] + (shift?[$0] ?? 0)) }
  }
}
#endif
