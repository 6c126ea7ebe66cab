#if ONNX
internal import DataIO

/// A graph whose operators are known and prepared: what a model runs.
struct ONNXProgram: Sendable {
  /// One node to be computed.
  private struct Step {
    let node: ONNXNode
    var operation: any ONNXOperator
    /// Values that no later step reads.
    var lastRead: [String] = []
  }

  private let file: String
  /// Values that are the same in every run.
  private let constants: [String: Tensor]
  private var steps: [Step] = []
  private let outputs: [String]

  /// Prepares every node of `graph`, and computes once those that depend on nothing but constants.
  ///
  /// Folded constants have at most `foldedLimit` bytes, in proportion to the file; others are computed in each run.
  init(_ graph: ONNXGraph, file: String, foldedLimit: Int) throws(ONNXError) {
    self.file = file
    outputs = graph.outputs.map(\.name)
    let inputs = Set(graph.inputs.map(\.name))
    var constants = graph.initializers.filter { !inputs.contains($0.key) }
    let budget = RunBudget(memory: foldedLimit, operations: 1 << 24 + 16 * foldedLimit)
    let prepared = RunBudget(memory: foldedLimit / 2, operations: 0)
    for node in graph.nodes {
      let known = node.inputs.map { constants[$0] }
      let (operation, results) = try locating(node.place, in: file) { () throws(ONNXRefusal) in
        let operation = try ONNXOperators.prepare(
          node, opset: graph.opset, constants: known, budget: prepared)
        let isConstant = zip(node.inputs, known).allSatisfy { $0.isEmpty || $1 != nil }
        return (operation, isConstant ? try Self.fold(operation, node, known, budget) : nil)
      }
      guard let results else {
        steps.append(Step(node: node, operation: operation))
        continue
      }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty {
        budget.hold(result)
        constants[name] = result
      }
    }
    self.constants = constants
    noteLastReads()
  }

  /// The results of an operation on constants; `nil` where they take more than the budget.
  private static func fold(
    _ operation: any ONNXOperator, _ node: ONNXNode, _ inputs: [Tensor?], _ budget: RunBudget
  ) throws(ONNXRefusal) -> [Tensor]? {
    do { return try compute(operation, node, inputs, budget) } catch {
      if error.isTooLarge { return nil }
      // Constants come from the file, so the error is the file's.
      throw error.problem == .input ? .malformed(error.reason) : error
    }
  }

  /// The results of an operation. Throws where they or the work to compute them are more than the budget.
  static func compute(
    _ operation: any ONNXOperator, _ node: ONNXNode, _ inputs: [Tensor?], _ budget: RunBudget
  ) throws(ONNXRefusal) -> [Tensor] {
    let arguments = ONNXArguments(tensors: inputs, results: node.outputs, budget: budget)
    // An empty tensor may have any shape without a number in the file.
    for (name, tensor) in zip(node.inputs, inputs) {
      if let tensor, tensor.count == 0 { try arguments.allow([tensor.part], for: "input \(quoted(name))") }
    }
    try arguments.charge([1])
    let results = try operation.run(arguments)
    try arguments.allow(results.map(\.part))
    return results
  }

  private mutating func noteLastReads() {
    var needed = Set(outputs)
    for index in steps.indices.reversed() {
      let node = steps[index].node
      // An output without readers is dropped at once.
      for name in Set(node.inputs + node.outputs) where needed.insert(name).inserted {
        steps[index].lastRead.append(name)
      }
    }
  }

  /// The outputs for `inputs`, which fit the graph.
  func run(_ inputs: [String: Tensor], _ budget: RunBudget) throws(ONNXError) -> [String: Tensor] {
    var values = inputs
    for step in steps {
      let node = step.node
      let tensors = node.inputs.map { values[$0] ?? constants[$0] }
      let results = try locating(node.place, in: file) { () throws(ONNXRefusal) in
        try Self.compute(step.operation, node, tensors, budget)
      }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty {
        budget.hold(result)
        values[name] = result
      }
      for name in step.lastRead {
        if let value = values.removeValue(forKey: name), inputs[name] == nil { budget.release(value) }
      }
    }
    var result: [String: Tensor] = [:]
    for name in outputs { result[name] = values[name] ?? constants[name] }
    return result
  }

  /// The recurrent operators, in the order in which they run.
  var recurrentOperators: [RecurrentOperator] { steps.compactMap { $0.operation as? RecurrentOperator } }

  /// The same program with every recurrent operator replaced by what `change` makes of it.
  func mappingRecurrentOperators(_ change: (RecurrentOperator) -> RecurrentOperator) -> ONNXProgram {
    var program = self
    for index in program.steps.indices {
      guard let operation = program.steps[index].operation as? RecurrentOperator else { continue }
      program.steps[index].operation = change(operation)
    }
    return program
  }
}
#endif
