#if ONNX
internal import DataIO

/// A part of a tensor: along each axis from a start to before an end, in steps that may go backwards.
struct SliceOperator: ONNXOperator {
  static let inputCount = 1...5
  private let starts: ONNXIntegers
  private let ends: ONNXIntegers
  private let axes: ONNXIntegers

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    starts = try ONNXIntegers(&node, attribute: "starts", input: 1)
    ends = try ONNXIntegers(&node, attribute: "ends", input: 2)
    axes = try ONNXIntegers(&node, attribute: "axes", input: 3)
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    guard let starts = try starts.values(inputs), let ends = try ends.values(inputs) else {
      throw .malformed("starts or ends are left out, but needed")
    }
    let axes = try axes.values(inputs) ?? Array(starts.indices)
    let steps = inputs.optional(4) == nil ? starts.map { _ in 1 } : try inputs.integers(4)
    guard [ends.count, axes.count, steps.count].allSatisfy({ $0 == starts.count }) else {
      throw .input(
        "starts, ends, axes and steps have \(starts.count), \(ends.count), \(axes.count), \(steps.count) numbers")
    }
    _ = try normalized(axes: axes, rank: tensor.shape.count)
    var (shape, strides, offset) = (tensor.shape, tensor.strides, 0)
    for index in axes.indices {
      let axis = try normalized(axis: axes[index], rank: shape.count)
      let range = try SliceRange(start: starts[index], end: ends[index], step: steps[index], size: shape[axis])
      // An empty slice has no first element, nor has an empty tensor.
      if range.count > 0 { offset += range.first * strides[axis] }
      shape[axis] = range.count
      strides[axis] = range.count > 1 ? strides[axis] * range.step : 0
    }
    try inputs.count(shape, bytesEach: tensor.elementSize, operationsEach: 8)
    return [try tensor.copying(BlockCopy(shape: shape, strides: strides, offset: offset), shape: shape)]
  }
}

/// The indices that a slice takes of a dimension.
private struct SliceRange {
  /// The first, where there is one.
  let first: Int
  let count: Int
  let step: Int

  /// As NumPy reads `start:end:step` of a dimension of `size`: negative numbers count from the end, all are clamped.
  init(start: Int, end: Int, step: Int, size: Int) throws(ONNXRefusal) {
    guard step != 0 else { throw .input("a step is 0") }
    func place(_ index: Int, _ bounds: ClosedRange<Int>) -> Int {
      min(max(index < 0 ? index + size : index, bounds.lowerBound), bounds.upperBound)
    }
    let bounds = step > 0 ? 0...size : -1...max(size - 1, -1)
    first = place(start, bounds)
    let last = place(end, bounds)
    let distance = step > 0 ? last - first : first - last
    self.step = step
    count = distance <= 0 ? 0 : (distance - 1) / Int(min(step.magnitude, UInt(Int.max))) + 1
  }
}

/// The parts of a tensor along an axis that indices name: an embedding, where the axis is the first.
struct GatherOperator: ONNXOperator {
  static let inputCount = 2...2
  private let axis: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) { axis = try node.integer("axis") ?? 0 }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let (tensor, indices) = (try inputs.required(0), try inputs.required(1))
    guard let numbers = indices.elements.integers else { throw .type(indices, wanted: "integers as indices") }
    let axis = try normalized(axis: axis, rank: tensor.shape.count)
    let size = tensor.shape[axis]
    if let outside = numbers.first(where: { !(-size..<size ~= $0) }) {
      throw .input("index \(outside) is outside the \(size) of axis \(axis)")
    }
    let (outer, inner) = (tensor.shape[..<axis], tensor.shape[(axis + 1)...])
    let shape = Array(outer + indices.shape + inner)
    // Where the blocks begin, beside the result and the indices.
    try inputs.count(shape, bytesEach: tensor.elementSize + 16, operationsEach: 16)
    let (rows, length) = (elementCount(outer), elementCount(inner))
    var starts: [Int] = []
    starts.reserveCapacity(elementCount([rows, numbers.count]))
    for row in 0..<rows {
      for number in numbers { starts.append((row * size + (number < 0 ? number + size : number)) * length) }
    }
    return [try tensor.copying(BlockCopy(starts: starts, length: length), shape: shape)]
  }
}

/// Tensors concatenated along an axis.
struct ConcatOperator: ONNXOperator {
  static let inputCount = 1...Int.max
  private let axis: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let axis = try node.integer("axis") else { throw .malformed("attribute axis is left out, but needed") }
    self.axis = axis
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let first = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: first.shape.count)
    var sizes: [Int] = []
    for index in inputs.tensors.indices {
      let tensor = try inputs.required(index)
      var shape = tensor.shape
      guard shape.count == first.shape.count else { throw mismatch(first, tensor) }
      sizes.append(shape[axis])
      shape[axis] = first.shape[axis]
      guard shape == first.shape, tensor.type == first.type else { throw mismatch(first, tensor) }
    }
    var shape = first.shape
    guard let size = checkedSum(sizes) else {
      throw .input("the sizes \(sizes) along axis \(axis) add up to more than \(Int.max)")
    }
    shape[axis] = size
    guard try inputs.count(shape, bytesEach: first.elementSize) > 0 else {
      return [try first.copying(BlockCopy(starts: [], length: 0), shape: shape)]
    }
    try inputs.charge([elementCount(shape[..<axis]), sizes.count])
    return [Tensor(shape: shape, try first.elements.accept(Joiner(tensors: inputs.tensors, axis: axis)))]
  }

  private func mismatch(_ a: Tensor, _ b: Tensor) -> ONNXRefusal {
    .input("\(a.typeName) of shape \(a.shape) and \(b.typeName) of shape \(b.shape) do not fit along axis \(axis)")
  }

  /// Lays rows of several tensors of one type side by side.
  private struct Joiner: ElementsVisitor {
    let tensors: [Tensor?]
    let axis: Int

    func visit<Element: TensorElement>(_ elements: [Element]) -> Tensor.Elements {
      let sources = tensors.compactMap { tensor in
        tensor.flatMap { tensor in
          Element.array(tensor.elements).map { (array: $0, row: elementCount(tensor.shape[axis...])) }
        }
      }
      let rows = elementCount(tensors[0]?.shape[..<axis] ?? [0])
      var result: [Element] = []
      result.reserveCapacity(sources.reduce(0) { $0 + $1.array.count })
      for row in 0..<rows {
        for source in sources { result += source.array[row * source.row..<(row + 1) * source.row] }
      }
      return Element.elements(result)
    }
  }
}

/// A tensor cut along an axis.
struct SplitOperator: ONNXOperator {
  static let inputCount = 1...2
  static let outputCount = 1...Int.max
  private let axis: Int
  private let sizes: ONNXIntegers
  private let parts: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    axis = try node.integer("axis") ?? 0
    sizes = try ONNXIntegers(&node, attribute: "split", input: 1)
    parts = node.node.outputs.count
    if let count = try node.integer("num_outputs"), count != parts {
      throw .attribute("num_outputs", is: "\(count)", wanted: "\(parts), the number of outputs")
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: tensor.shape.count)
    let size = tensor.shape[axis]
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize, operationsEach: 8)
    // Equal parts, the last one smaller where they do not come out even.
    let part = size / parts + (size.isMultiple(of: parts) ? 0 : 1)
    let sizes = try sizes.values(inputs) ?? (0..<parts).map { $0 * part < size ? min(part, size - $0 * part) : 0 }
    guard sizes.count == parts, sizes.allSatisfy({ 0...size ~= $0 }), checkedSum(sizes) == size else {
      throw .input("the parts \(sizes) are not \(parts) that make up the \(size) of axis \(axis)")
    }
    var (result, offset) = ([] as [Tensor], 0)
    let strides = tensor.strides
    for part in sizes {
      var shape = tensor.shape
      shape[axis] = part
      result.append(
        try tensor.copying(BlockCopy(shape: shape, strides: strides, offset: offset * strides[axis]), shape: shape))
      offset += part
    }
    return result
  }
}

/// Each sequence of a batch backwards, within its own length.
struct ReverseSequenceOperator: ONNXOperator {
  static let inputCount = 2...2
  private let batchAxis: Int
  private let timeAxis: Int

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    batchAxis = try node.integer("batch_axis") ?? 1
    timeAxis = try node.integer("time_axis") ?? 0
    guard batchAxis != timeAxis, 0...1 ~= batchAxis, 0...1 ~= timeAxis else {
      throw .attribute("time_axis", is: "\(timeAxis) beside batch_axis \(batchAxis)", wanted: "0 and 1, or 1 and 0")
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let lengths = try inputs.integers(1)
    guard tensor.shape.count >= 2 else { throw .input("the tensor has shape \(tensor.shape), wanted two dimensions") }
    let (batch, steps) = (tensor.shape[batchAxis], tensor.shape[timeAxis])
    guard lengths.count == batch, lengths.allSatisfy({ 0...steps ~= $0 }) else {
      throw .input("the lengths \(lengths) are not \(batch) of at most \(steps)")
    }
    // Where the blocks begin, beside the result.
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize + 16, operationsEach: 16)
    let length = elementCount(tensor.shape[2...])
    let starts = (0..<tensor.shape[0]).flatMap { row in
      (0..<tensor.shape[1]).map { column in
        let (b, t) = batchAxis == 0 ? (row, column) : (column, row)
        let source = t < lengths[b] ? lengths[b] - 1 - t : t
        return (batchAxis == 0 ? b * steps + source : source * batch + b) * length
      }
    }
    return [try tensor.copying(BlockCopy(starts: starts, length: length), shape: tensor.shape)]
  }
}

/// A tensor repeated along each dimension.
struct TileOperator: ONNXOperator {
  static let inputCount = 2...2

  init(_ node: inout ONNXNodeReader) {}

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    let repeats = try inputs.integers(1)
    guard repeats.count == tensor.shape.count, repeats.allSatisfy({ $0 >= 0 }) else {
      throw .input("the repeats \(repeats) do not fit a tensor of shape \(tensor.shape)")
    }
    // Each dimension as two: the repetition, which does not move, and the dimension itself.
    let pairs = zip(repeats, tensor.shape).flatMap { [$0, $1] }
    guard checkedProduct(pairs) != nil else {
      throw .input("a tensor of shape \(tensor.shape) repeated \(repeats) times has more than \(Int.max) elements")
    }
    let shape = zip(repeats, tensor.shape).map { elementCount([$0, $1]) }
    try inputs.count(shape, bytesEach: tensor.elementSize, operationsEach: 8)
    let strides = tensor.strides.flatMap { [0, $0] }
    return [try tensor.copying(BlockCopy(shape: pairs, strides: strides), shape: shape)]
  }
}
#endif
