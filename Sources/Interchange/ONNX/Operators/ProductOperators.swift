#if ONNX
internal import DataIO
internal import Kernels

/// An operator whose first two inputs are matrices of one floating-point type.
protocol ProductOperator: ONNXOperator {
  func product<Scalar: ONNXScalar>(
    _ a: Tensor, _ b: Tensor, _ inputs: ONNXArguments, as _: Scalar.Type
  ) throws(ONNXRefusal) -> Tensor
}

extension ProductOperator {
  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    switch (a.elements, b.elements) {
    case (.float, .float): return [try product(a, b, inputs, as: Float.self)]
    case (.double, .double): return [try product(a, b, inputs, as: Double.self)]
    default:
      throw .unsupported("the numbers are \(a.typeName) and \(b.typeName), wanted both float32 or float64")
    }
  }

  /// Throws where a side is larger than OpenBLAS's interface of 32 bits takes.
  func checkSides(_ sides: Int...) throws(ONNXRefusal) {
    if let side = sides.first(where: { $0 > Int32.max }) {
      throw .unsupported("a matrix has a side of \(side), wanted at most \(Int32.max)")
    }
  }
}

/// Products of matrices, outer dimensions broadcast as in NumPy.
struct MatMulOperator: ProductOperator {
  static let inputCount = 2...2

  init(_ node: inout ONNXNodeReader) {}

  func product<Scalar: ONNXScalar>(
    _ a: Tensor, _ b: Tensor, _ inputs: ONNXArguments, as _: Scalar.Type
  ) throws(ONNXRefusal) -> Tensor {
    // A vector on the left is a row, one on the right a column, and neither is in the result.
    let left = a.shape.count == 1 ? a.reshaped([1] + a.shape) : a
    let right = b.shape.count == 1 ? b.reshaped(b.shape + [1]) : b
    guard let inner = left.shape.last, left.shape.count > 1, right.shape.count > 1,
      right.shape[right.shape.count - 2] == inner
    else { throw .input("the shapes \(a.shape) and \(b.shape) do not multiply") }
    let (m, n) = (left.shape[left.shape.count - 2], right.shape[right.shape.count - 1])
    let outer = try broadcastShape(left.shape.dropLast(2), right.shape.dropLast(2))
    let shape = outer + (a.shape.count == 1 ? [] : [m]) + (b.shape.count == 1 ? [] : [n])
    let count = try inputs.count(outer + [m, n], bytesEach: a.elementSize)
    // Both sides may be repeated.
    try inputs.allow(
      [[m, n], [m, inner], [inner, n]].map { RunBudget.Part(shape: outer + $0, elementSize: a.elementSize) })
    try inputs.charge(outer + [m, n, inner])
    // A call takes as long as hundreds of operations.
    if right.shape.count > 2 { try inputs.charge(outer + [512]) }

    // One matrix on the right: all rows on the left are one matrix, too.
    let isSingle = right.shape.count == 2
    let batch = isSingle ? 1 : elementCount(outer)
    let rows = isSingle ? elementCount(outer + [m]) : m
    try checkSides(rows, n, inner)
    let x = Scalar.array(try left.expanded(to: outer + [m, inner], unless: isSingle).elements) ?? []
    let y = Scalar.array(try right.expanded(to: outer + [inner, n], unless: isSingle).elements) ?? []
    var result = [Scalar](repeating: 0, count: count)
    guard count > 0, inner > 0 else { return Tensor(shape: shape, Scalar.elements(result)) }
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        result.withUnsafeMutableBufferPointer { result in
          for index in 0..<batch {
            multiply(
              MatrixView(x.baseAddress! + index * rows * inner, rows: rows, columns: inner),
              MatrixView(y.baseAddress! + index * inner * n, rows: inner, columns: n),
              into: MutableMatrixView(result.baseAddress! + index * rows * n, rows: rows, columns: n), .automatic)
          }
        }
      }
    }
    return Tensor(shape: shape, Scalar.elements(result))
  }
}

extension Tensor {
  fileprivate func expanded(to shape: [Int], unless isUnnecessary: Bool) throws(ONNXRefusal) -> Tensor {
    isUnnecessary ? self : try expanded(to: shape)
  }
}

/// αAB + βC of matrices, either of which may be transposed.
struct GemmOperator: ProductOperator {
  static let inputCount = 2...3
  private let factors: (alpha: Float, beta: Float)
  private let isTransposed: (a: Bool, b: Bool)

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    factors = (try node.float("alpha") ?? 1, try node.float("beta") ?? 1)
    isTransposed = (try node.flag("transA"), try node.flag("transB"))
  }

  func product<Scalar: ONNXScalar>(
    _ a: Tensor, _ b: Tensor, _ inputs: ONNXArguments, as _: Scalar.Type
  ) throws(ONNXRefusal) -> Tensor {
    guard a.shape.count == 2, b.shape.count == 2 else {
      throw .input("the shapes \(a.shape) and \(b.shape) are not those of matrices")
    }
    let (m, inner) = isTransposed.a ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (k, n) = isTransposed.b ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    guard inner == k else { throw .input("the shapes \(a.shape) and \(b.shape) do not multiply") }
    // The result, and one side scaled.
    let count = try inputs.count([m, n], bytesEach: 2 * a.elementSize)
    try inputs.allow(
      [[m, n], [m, inner], [inner, n]].map { RunBudget.Part(shape: $0, elementSize: a.elementSize) })
    try inputs.charge([m, n, inner])
    try checkSides(m, n, inner)
    var result = try addend(inputs, [m, n], as: Scalar.self) ?? [Scalar](repeating: 0, count: count)
    guard count > 0, inner > 0, let x = Scalar.array(a.elements), let y = Scalar.array(b.elements) else {
      return Tensor(shape: [m, n], Scalar.elements(result))
    }
    let alpha = Scalar(factors.alpha)
    // α goes into the smaller side, which costs least.
    let (scaledX, scaledY) =
      alpha == 1 ? (x, y) : x.count < y.count ? (x.map { alpha * $0 }, y) : (x, y.map { alpha * $0 })
    scaledX.withUnsafeBufferPointer { x in
      scaledY.withUnsafeBufferPointer { y in
        result.withUnsafeMutableBufferPointer { result in
          let left = MatrixView(x.baseAddress!, rows: a.shape[0], columns: a.shape[1])
          let right = MatrixView(y.baseAddress!, rows: b.shape[0], columns: b.shape[1])
          multiply(
            isTransposed.a ? left.transposed : left, isTransposed.b ? right.transposed : right,
            addingTo: MutableMatrixView(result.baseAddress!, rows: m, columns: n), .automatic)
        }
      }
    }
    return Tensor(shape: [m, n], Scalar.elements(result))
  }

  /// βC, repeated to `shape`; `nil` where there is no C.
  private func addend<Scalar: ONNXScalar>(
    _ inputs: ONNXArguments, _ shape: [Int], as _: Scalar.Type
  ) throws(ONNXRefusal) -> [Scalar]? {
    guard let c = inputs.optional(2) else { return nil }
    guard try broadcastShape(c.shape, shape) == shape, Scalar.array(c.elements) != nil else {
      throw .input("the addend is \(c.typeName) of shape \(c.shape), wanted what can be repeated to \(shape)")
    }
    let numbers = Scalar.array(try c.expanded(to: shape).elements) ?? []
    let beta = Scalar(factors.beta)
    return beta == 1 ? numbers : numbers.map { beta * $0 }
  }
}
#endif
