#if ONNX
internal import DataIO

/// Which values of a graph depend on which inputs, and which are the same in every run.
///
/// An input with a default counts as constant: it may be left out. A shape does not depend on the numbers it is the
/// shape of.
struct ONNXDataFlow {
  let graph: ONNXGraph
  /// Nodes on whose results an output depends, in order.
  let nodes: [ONNXNode]
  private let constantNodes: [ONNXNode]
  private let constants: Set<String>
  /// For each value that depends on inputs, on which.
  private let sources: [String: Set<String>]

  init(_ graph: ONNXGraph) {
    self.graph = graph
    var needed = Set(graph.outputs.map(\.name))
    var alive: [ONNXNode] = []
    for node in graph.nodes.reversed() where !needed.isDisjoint(with: node.outputs.filter { !$0.isEmpty }) {
      needed.formUnion(node.inputs)
      alive.append(node)
    }
    nodes = alive.reversed()

    var constants = Set(graph.initializers.keys)
    var constantNodes: [ONNXNode] = []
    var sources: [String: Set<String>] = [:]
    for input in graph.inputs where !input.hasDefault { sources[input.name] = [input.name] }
    for node in nodes {
      if node.inputs.allSatisfy({ $0.isEmpty || constants.contains($0) }) {
        constantNodes.append(node)
        constants.formUnion(node.outputs)
      } else if !Self.readShapes.contains(node.operation) {
        let read = node.inputs.reduce(into: Set<String>()) { $0.formUnion(sources[$1] ?? []) }
        for output in node.outputs { sources[output] = read }
      }
    }
    self.constants = constants
    self.constantNodes = constantNodes
    self.sources = sources
  }

  /// The operators that read a value's shape alone.
  private static let readShapes: Set<String> = ["Shape", "Size"]

  /// The inputs on whose numbers `value` depends.
  func sources(of value: String) -> Set<String> { sources[value] ?? [] }

  /// Whether `value` exists and is the same in every run.
  func isConstant(_ value: String) -> Bool { !value.isEmpty && constants.contains(value) }

  /// Every value that depends on the numbers of one of `origins`, and these.
  func descendants(of origins: [String]) -> Set<String> {
    var result = Set(origins)
    for node in nodes where !Self.readShapes.contains(node.operation) && !result.isDisjoint(with: node.inputs) {
      result.formUnion(node.outputs.filter { !$0.isEmpty })
    }
    return result
  }

  /// The number of elements of all constants of the file.
  var constantCount: Int { graph.initializers.values.reduce(0) { $0 + $1.count } }

  /// The values of the constants among `names`, computed where they have to be. Together they may take a few times the
  /// memory of all constants of the file: constants computed from weights only rearrange them.
  func values(of names: [String], file: String) throws(ONNXError) -> [String: Tensor] {
    let outputs = names.filter(isConstant).map {
      ONNXValue(name: $0, elementType: nil, dimensions: nil, hasDefault: false)
    }
    let part = ONNXGraph(
      name: graph.name, opset: graph.opset, inputs: [], outputs: outputs, initializers: graph.initializers,
      nodes: constantNodes)
    let bytes = graph.initializers.values.reduce(0) { $0 + $1.byteCount }
    let budget = RunBudget(memory: 8 * max(bytes, 1 << 12), operations: 1 << 26 + 64 * bytes)
    return try ONNXProgram(part, file: file, foldedLimit: 0).run([:], budget)
  }
}

extension ONNXNode {
  /// Input `index`; empty where it is left out.
  func input(_ index: Int) -> String { inputs.indices.contains(index) ? inputs[index] : "" }
}
#endif
