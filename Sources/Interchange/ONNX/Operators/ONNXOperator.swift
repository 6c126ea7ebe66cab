#if ONNX
internal import DataIO

/// Computes a node: read once, when a model is loaded, and run with each of the model's inputs.
///
/// A value without state, so that models can run concurrently.
protocol ONNXOperator: Sendable {
  static var inputCount: ClosedRange<Int> { get }
  static var outputCount: ClosedRange<Int> { get }

  /// Reads the attributes of a node, and refuses what is not computed.
  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal)

  /// The node's outputs, in order; at least as many as it has names for.
  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor]
}

extension ONNXOperator {
  static var outputCount: ClosedRange<Int> { 1...1 }
}

/// The operators that are computed, by name.
enum ONNXOperators {
  static let byName: [String: any ONNXOperator.Type] = {
    var result: [String: any ONNXOperator.Type] = [
      "RNN": RecurrentOperator.self, "LSTM": RecurrentOperator.self, "GRU": RecurrentOperator.self,
      "Transpose": TransposeOperator.self, "Squeeze": SqueezeOperator.self, "Unsqueeze": UnsqueezeOperator.self,
      "Reshape": ReshapeOperator.self, "Flatten": FlattenOperator.self, "Expand": ExpandOperator.self,
      "Shape": ShapeOperator.self, "Size": SizeOperator.self, "Identity": IdentityOperator.self,
      "Dropout": DropoutOperator.self,
      "Slice": SliceOperator.self, "Gather": GatherOperator.self, "Concat": ConcatOperator.self,
      "Split": SplitOperator.self, "ReverseSequence": ReverseSequenceOperator.self, "Tile": TileOperator.self,
      "Constant": ConstantOperator.self, "ConstantOfShape": ConstantOfShapeOperator.self, "Range": RangeOperator.self,
      "Cast": CastOperator.self, "Where": WhereOperator.self, "Not": NotOperator.self, "Neg": NegationOperator.self,
      "MatMul": MatMulOperator.self, "Gemm": GemmOperator.self,
      "Softmax": SoftmaxOperator.self, "LogSoftmax": SoftmaxOperator.self, "Clip": ClipOperator.self,
      "ArgMax": ArgumentOperator.self, "ArgMin": ArgumentOperator.self,
      "LayerNormalization": LayerNormalizationOperator.self,
    ]
    for name in ArithmeticOperator.Function.allCases { result[name.rawValue] = ArithmeticOperator.self }
    for name in ComparisonOperator.Function.allCases { result[name.rawValue] = ComparisonOperator.self }
    for name in ElementwiseOperator.functions.keys { result[name] = ElementwiseOperator.self }
    for name in ReductionOperator.Function.allCases { result[name.rawValue] = ReductionOperator.self }
    return result
  }()

  /// What computes `node`, of which the inputs in `constants` are known. What it keeps of them comes from `budget`.
  static func prepare(
    _ node: ONNXNode, opset: Int, constants: [Tensor?], budget: RunBudget
  ) throws(ONNXRefusal) -> any ONNXOperator {
    guard let type = byName[node.operation] else {
      throw .unsupported("the operator \(quoted(node.operation)) is none of those that are computed")
    }
    try check(node.inputs.count, type.inputCount, "inputs")
    try check(node.outputs.count, type.outputCount, "outputs")
    var reader = ONNXNodeReader(node, opset: opset, constants: constants, budget: budget)
    let prepared = try type.init(&reader)
    try reader.checkThatAllWasRead()
    return prepared
  }

  private static func check(_ count: Int, _ wanted: ClosedRange<Int>, _ things: String) throws(ONNXRefusal) {
    guard wanted.contains(count) else {
      let number = wanted.count == 1 ? "\(wanted.lowerBound)" : "\(wanted.lowerBound) to \(wanted.upperBound)"
      throw .malformed("the number of \(things) is \(count), wanted \(wanted.upperBound == .max ? "more" : number)")
    }
  }
}

/// The inputs of an operator in a run, and what it may take.
///
/// Every size of a result is counted here, before memory is taken for it; operators derive further sizes from shapes that
/// were counted, by ``elementCount(_:)``.
struct ONNXArguments {
  /// `nil` for an input that is left out.
  let tensors: [Tensor?]
  /// What errors call the results.
  var results: [String] = []
  let budget: RunBudget

  /// Input `index`; `nil` where it is left out.
  func optional(_ index: Int) -> Tensor? { tensors.indices.contains(index) ? tensors[index] : nil }

  /// Input `index`.
  func required(_ index: Int) throws(ONNXRefusal) -> Tensor {
    guard let tensor = optional(index) else { throw .malformed("input \(index) is left out, but needed") }
    return tensor
  }

  /// The integers of input `index`, such as a shape: at most one dimension.
  func integers(_ index: Int) throws(ONNXRefusal) -> [Int] {
    let tensor = try required(index)
    guard let integers = tensor.elements.integers, tensor.shape.count <= 1 else {
      throw .input("input \(index) is \(tensor.typeName) of shape \(tensor.shape), wanted a list of integers")
    }
    return integers
  }

  /// The number of elements of result `result`, of `shape`, after it was counted in the budget.
  ///
  /// - Parameters:
  ///   - bytesEach: The bytes of memory that each element takes while the result is computed, its own among them.
  ///   - operationsEach: The elementary operations for each element.
  @discardableResult
  func count(
    _ shape: [Int], bytesEach: Int, operationsEach: Int = 2, of result: Int = 0
  ) throws(ONNXRefusal) -> Int {
    try checkRank(shape.count)
    try allow([RunBudget.Part(shape: shape, elementSize: bytesEach)], of: result)
    try charge(shape + [operationsEach], of: result)
    return elementCount(shape)
  }

  /// Throws where memory for `parts` is more than is left.
  func allow(_ parts: [RunBudget.Part], of result: Int = 0) throws(ONNXRefusal) {
    try allow(parts, for: name(result))
  }

  /// Throws where memory for `parts`, which the error calls `name`, is more than is left.
  func allow(_ parts: [RunBudget.Part], for name: @autoclosure () -> String) throws(ONNXRefusal) {
    do { try budget.allow(parts, for: name()) } catch { throw .excess(error) }
  }

  /// Counts the product of `factors` operations.
  func charge(_ factors: [Int], of result: Int = 0) throws(ONNXRefusal) {
    do { try budget.charge(factors, for: name(result)) } catch { throw .excess(error) }
  }

  private func name(_ result: Int) -> String {
    "result \(quoted(results.indices.contains(result) ? results[result] : "\(result)"))"
  }
}

/// The limit on dimensions, so that nothing that is done for each pair of them takes long. NumPy has the same.
private let maxRank = 64

/// Throws where a tensor of `rank` dimensions has more than there may be.
func checkRank(_ rank: Int) throws(ONNXRefusal) {
  guard rank <= maxRank else { throw .unsupported("a tensor of \(rank) dimensions, wanted at most \(maxRank)") }
}

/// The number of elements in the dimensions `sizes`, some or all of a tensor's that exists or was counted.
func elementCount(_ sizes: some Collection<Int>) -> Int {
  sizes.contains(0) ? 0 : checkedProduct(sizes) ?? .max
}

extension ONNXRefusal {
  /// A refusal of numbers of a type.
  static func type(_ tensor: Tensor, wanted: String) -> ONNXRefusal {
    .unsupported("the numbers are \(tensor.typeName), wanted \(wanted)")
  }

  /// A refusal of an attribute's value.
  static func attribute(_ name: String, is found: String, wanted: String) -> ONNXRefusal {
    .malformed("attribute \(name) is \(found), wanted \(wanted)")
  }
}

/// `axis`, which may count from the end, as an index below `rank`.
func normalized(axis: Int, rank: Int) throws(ONNXRefusal) -> Int {
  guard -rank..<rank ~= axis else { throw .input("axis \(axis) is outside a tensor of \(rank) dimensions") }
  return axis < 0 ? axis + rank : axis
}

/// `axes`, each of which may count from the end, as distinct indices below `rank`, ascending.
func normalized(axes: [Int], rank: Int) throws(ONNXRefusal) -> [Int] {
  var result: Set<Int> = []
  for axis in axes {
    guard result.insert(try normalized(axis: axis, rank: rank)).inserted else {
      throw .input("the axes \(axes) name one twice")
    }
  }
  return result.sorted()
}
#endif
