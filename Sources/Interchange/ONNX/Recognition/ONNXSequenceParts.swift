#if ONNX
internal import DataIO
internal import Kernels

/// The parts of a graph that a sequence model could be made of, each found by its operator; a trial determines how they
/// are put together.
struct ONNXSequenceParts {
  /// The features or tokens.
  let input: ONNXValue
  /// The length of each sequence, where the graph takes those.
  let lengths: ONNXValue?
  /// The states to start from, where the graph takes those.
  let states: [ONNXValue]
  /// `[V × E]`; `nil` where the inputs are features.
  let embedding: Tensor?
  /// The recurrent layers, first to last.
  let layers: [ONNXSequenceLayer]
  /// The linear map after them.
  let head: ONNXSequenceHead?
  /// What is applied to the predictions.
  let activation: ONNXNode?
  /// The outputs that may be the predictions.
  let outputs: [String]
}

/// A linear map found in a graph.
struct ONNXSequenceHead {
  /// `[O × I]`, row after row.
  var weight: [Double]
  /// `[O]`.
  var bias: [Double]
}

/// Finds the parts in a graph.
struct ONNXSequenceFinder {
  let flow: ONNXDataFlow
  let file: String
  /// Values that depend on the features or tokens.
  private let data: Set<String>
  /// Values that depend on the last recurrent operator's results.
  private let results: Set<String>
  private let recurrent: [ONNXNode]
  private let input: ONNXValue

  /// The limit of a model's own file.
  private static let maxLayers = 1024
  static let recurrentOperators: Set<String> = ["RNN", "LSTM", "GRU"]
  /// Operators that move numbers without changing them; how they move them shows when the graph is run.
  static let moves: Set<String> = [
    "Transpose", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Identity", "Dropout", "Slice", "Gather", "Concat",
    "Split", "Expand", "Where", "Cast", "ReverseSequence",
  ]
  static let activations: Set<String> = ["Softmax", "LogSoftmax", "Sigmoid"]

  init(_ graph: ONNXGraph, file: String) throws(ONNXError) {
    let flow = ONNXDataFlow(graph)
    let recurrent = flow.nodes.filter { Self.recurrentOperators.contains($0.operation) }
    guard let first = recurrent.first, let last = recurrent.last, recurrent.count <= Self.maxLayers else {
      throw ONNXRefusal.unsupported("\(recurrent.count) nodes of RNN, LSTM or GRU, wanted 1 to \(Self.maxLayers)")
        .at(nil, in: file)
    }
    let sources = flow.sources(of: first.input(0))
    guard sources.count == 1, let input = graph.inputs.first(where: { sources.contains($0.name) }) else {
      throw ONNXRefusal.unsupported("reads \(sources.count) of the model's inputs, wanted one: the features or tokens")
        .at(first.place, in: file)
    }
    (self.flow, self.file, self.recurrent, self.input) = (flow, file, recurrent, input)
    data = flow.descendants(of: [input.name])
    results = flow.descendants(of: last.outputs.filter { !$0.isEmpty })
  }

  /// All parts. Throws, naming the node, where something is none of them.
  func parts() throws(ONNXError) -> ONNXSequenceParts {
    let layers = try layers()
    let onData = flow.nodes.filter { node in node.outputs.contains(where: data.contains) }
    try checkChain()
    let gathers = onData.filter { $0.operation == "Gather" && flow.isConstant($0.input(0)) }
    let products = onData.filter { ["MatMul", "Gemm"].contains($0.operation) }
    let multiplied = Set(products.flatMap(\.outputs))
    let sums = onData.filter { $0.operation == "Add" && !multiplied.isDisjoint(with: $0.inputs) }
    let activations = onData.filter { Self.activations.contains($0.operation) }
    let known = Set((recurrent + gathers + products + sums + activations).map(\.outputs))
    for node in onData where !known.contains(node.outputs) && !Self.moves.contains(node.operation) {
      throw refuse(node, "\(node.operation) is no part of a sequence model")
    }
    for (kind, nodes) in [
      ("embedding", gathers), ("linear map", products), ("addend", sums), ("activation", activations),
    ] where nodes.count > 1 {
      throw refuse(nodes[1], "there is another \(kind) before it, wanted at most one")
    }
    let head = try products.first.map { product throws(ONNXError) in try self.head(product, sums.first) }
    let predictions = flow.descendants(
      of: activations.first?.outputs ?? sums.first?.outputs ?? products.first?.outputs ?? Array(results))
    if let activation = activations.first, !isResult(activation, of: sums.first ?? products.first) {
      throw refuse(activation, "it stands before the predictions, wanted it after them")
    }
    let outputs = flow.graph.outputs.map(\.name).filter(predictions.contains)
    guard head == nil && activations.isEmpty || outputs.count == 1 else {
      throw ONNXRefusal.unsupported("\(outputs.count) outputs are made of the predictions, wanted one")
        .at(nil, in: file)
    }
    let (lengths, states) = try otherInputs()
    return ONNXSequenceParts(
      input: input, lengths: lengths, states: states,
      embedding: try gathers.first.map { gather throws(ONNXError) in try embedding(gather) }, layers: layers,
      head: head, activation: activations.first, outputs: outputs)
  }

  private func refuse(_ node: ONNXNode, _ reason: String) -> ONNXError {
    ONNXRefusal.unsupported(reason).at(node.place, in: file)
  }

  private func isResult(_ node: ONNXNode, of earlier: ONNXNode?) -> Bool {
    let values = earlier.map { flow.descendants(of: $0.outputs) } ?? results
    return node.inputs.contains(where: values.contains)
  }

  // MARK: Layers

  /// Each layer reads what the one before computes, and starts from no state that is computed.
  private func checkChain() throws(ONNXError) {
    var before: Set<String>?
    for node in recurrent {
      if let before, !before.contains(node.input(0)) {
        throw refuse(node, "it does not read the layer before it, wanted a chain of layers")
      }
      for index in [5, 6] where data.contains(node.input(index)) {
        throw refuse(node, "its initial state is computed from the inputs, wanted zeros or a state that is given")
      }
      before = flow.descendants(of: node.outputs.filter { !$0.isEmpty })
    }
  }

  private func layers() throws(ONNXError) -> [ONNXSequenceLayer] {
    var layers: [ONNXSequenceLayer] = []
    var unused = flow.constantCount
    let constants = try flow.values(of: recurrent.flatMap(\.inputs), file: file)
    for node in recurrent {
      for index in [1, 2, 3, 7] where !node.input(index).isEmpty && !flow.isConstant(node.input(index)) {
        throw refuse(node, "its weights \(quoted(node.input(index))) are computed from inputs, wanted constants")
      }
      let tensors = node.inputs.map { constants[$0] }
      // Training would untie them; and a small file could ask for any amount of memory.
      unused -= Set(node.inputs).reduce(0) { $0 + (constants[$1]?.count ?? 0) }
      guard unused >= 0 else {
        throw refuse(node, "it shares its weights with another layer, wanted some of its own")
      }
      layers.append(
        try locating(node.place, in: file) { () throws(ONNXRefusal) in
          try ONNXSequenceLayer(node, opset: flow.graph.opset, constants: tensors)
        })
    }
    return try ONNXSequenceLayer.alike(layers, file: file)
  }

  // MARK: Embedding and head

  private func embedding(_ gather: ONNXNode) throws(ONNXError) -> Tensor {
    let table = try flow.values(of: [gather.input(0)], file: file)[gather.input(0)]
    guard let table, table.shape.count == 2, table.elements.isFloatingPoint, table.count > 0 else {
      throw refuse(gather, "the table is no matrix of floating-point numbers, wanted an embedding")
    }
    if case .integer(let axis)? = gather.attributes["axis"], axis != 0 {
      throw refuse(gather, "attribute axis is \(axis), wanted 0, a row for each token")
    }
    return table
  }

  private func head(_ product: ONNXNode, _ sum: ONNXNode?) throws(ONNXError) -> ONNXSequenceHead {
    guard results.contains(product.input(0)), flow.isConstant(product.input(1)) else {
      throw refuse(product, "it does not multiply the recurrent layers' results by constant weights")
    }
    let addend = sum.flatMap { sum in sum.inputs.first { $0 != product.outputs[0] } } ?? product.input(2)
    let values = try flow.values(of: [product.input(1), product.input(2), addend], file: file)
    guard addend.isEmpty || values[addend] != nil else {
      throw refuse(sum ?? product, "what it adds is not constant, wanted a bias")
    }
    guard sum == nil || product.input(2).isEmpty else {
      throw refuse(product, "a second bias is added to its own, wanted one")
    }
    return try locating(product.place, in: file) { () throws(ONNXRefusal) in
      try ONNXSequenceHead(product, weight: values[product.input(1)], bias: values[addend])
    }
  }

  // MARK: Other inputs

  private func otherInputs() throws(ONNXError) -> (lengths: ONNXValue?, states: [ONNXValue]) {
    func sources(_ index: Int) -> Set<String> {
      recurrent.reduce(into: []) { $0.formUnion(flow.sources(of: $1.input(index))) }
    }
    let (lengths, states) = (sources(4), sources(5).union(sources(6)))
    for value in flow.graph.inputs where !value.hasDefault && value.name != input.name {
      guard lengths.contains(value.name) || states.contains(value.name) else {
        throw ONNXRefusal.unsupported("it is neither features or tokens nor lengths nor an initial state")
          .at("input \(quoted(value.name))", in: file)
      }
    }
    guard lengths.count < 2 else {
      throw ONNXRefusal.unsupported("lengths come from \(lengths.count) inputs, wanted one").at(nil, in: file)
    }
    return (
      flow.graph.inputs.first { lengths.contains($0.name) }, flow.graph.inputs.filter { states.contains($0.name) }
    )
  }
}

extension ONNXSequenceHead {
  /// The map of a Gemm, or of a MatMul and what is added to its result.
  fileprivate init(_ node: ONNXNode, weight: Tensor?, bias: Tensor?) throws(ONNXRefusal) {
    guard let weight, weight.shape.count == 2, weight.elements.isFloatingPoint, weight.count > 0 else {
      throw .unsupported("its weights are no matrix of floating-point numbers")
    }
    var (alpha, beta) = (Float(1), Float(1))
    if case .float(let factor)? = node.attributes["alpha"] { alpha = factor }
    if case .float(let factor)? = node.attributes["beta"] { beta = factor }
    if case .integer(1)? = node.attributes["transA"] {
      throw .unsupported("attribute transA is 1, wanted 0")
    }
    let isTransposed = node.attributes["transB"] == .integer(1)
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    let outputSize = isTransposed ? rows : columns
    let numbers = weight.elements.doubles
    self.weight =
      isTransposed ? numbers : (0..<columns).flatMap { j in (0..<rows).map { i in numbers[i * columns + j] } }
    if alpha != 1 { self.weight = self.weight.map { Double(alpha) * $0 } }

    let addends = bias?.elements.doubles ?? [0]
    guard addends.count == 1 || addends.count == outputSize, bias?.elements.isFloatingPoint ?? true else {
      throw .unsupported("its bias has \(addends.count) numbers, wanted \(outputSize)")
    }
    self.bias = addends.count == outputSize ? addends : Array(repeating: addends[0], count: outputSize)
    if beta != 1 { self.bias = self.bias.map { Double(beta) * $0 } }
  }
}
#endif
