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
  /// A folded constant has at most `foldedLimit` elements, in proportion to the file; larger ones are computed in each
  /// run.
  init(_ graph: ONNXGraph, file: String, foldedLimit: Int) throws(ONNXError) {
    self.file = file
    outputs = graph.outputs.map(\.name)
    let inputs = Set(graph.inputs.map(\.name))
    var constants = graph.initializers.filter { !inputs.contains($0.key) }
    var budget = foldedLimit
    for node in graph.nodes {
      let known = node.inputs.map { constants[$0] }
      let (operation, results) = try locating(node.place, in: file) { () throws(ONNXRefusal) in
        let operation = try ONNXOperators.prepare(node, opset: graph.opset, constants: known)
        let isConstant = zip(node.inputs, known).allSatisfy { $0.isEmpty || $1 != nil }
        return (operation, isConstant ? try Self.fold(operation, ONNXArguments(tensors: known, limit: budget)) : nil)
      }
      guard let results else {
        steps.append(Step(node: node, operation: operation))
        continue
      }
      budget -= results.reduce(0) { $0 + $1.count }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty { constants[name] = result }
    }
    self.constants = constants
    noteLastReads()
  }

  /// The results of an operation on constants; `nil` where they are larger than the limit.
  private static func fold(
    _ operation: any ONNXOperator, _ inputs: ONNXArguments
  ) throws(ONNXRefusal) -> [Tensor]? {
    do {
      let results = try operation.run(inputs)
      return results.reduce(0) { $0 + $1.count } <= inputs.limit ? results : nil
    } catch {
      if error.isTooLarge { return nil }
      // Constants come from the file, so the error is the file's.
      throw error.problem == .input ? .malformed(error.reason) : error
    }
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
  func run(_ inputs: [String: Tensor], limit: Int) throws(ONNXError) -> [String: Tensor] {
    var values = inputs
    for step in steps {
      let node = step.node
      let tensors = node.inputs.map { values[$0] ?? constants[$0] }
      let results = try locating(node.place, in: file) { () throws(ONNXRefusal) in
        try step.operation.run(ONNXArguments(tensors: tensors, limit: limit))
      }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty { values[name] = result }
      for name in step.lastRead { values[name] = nil }
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
