#if ONNX
internal import DataIO
internal import Kernels
public import Models

extension SequenceModel {
  /// The sequence model that an ONNX model of another engine is, so that training can go on here.
  ///
  ///     let served = try ONNXModel(path: "classifier.onnx")
  ///     var model = try SequenceModel<Float>(recognizing: served)
  ///
  /// Recognised are at most one embedding (Gather in a constant table); a chain of RNN, LSTM or GRU of one size, in one
  /// direction or both, with the usual activations; at most one linear map (Gemm, or MatMul and Add) over every step or
  /// over the final state; at most one Softmax, LogSoftmax or Sigmoid after it; and operators that only move numbers
  /// between them. Initial states that are inputs are left to `SequenceModel`'s own; other states of the graph and its
  /// further outputs are dropped. A model without a linear map gets one that changes nothing.
  ///
  /// How the parts are put together is found by trial: both engines compute random batches of two sizes,
  /// with lengths where the graph takes those, and must agree to within 10⁻⁵ of the largest prediction.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - loss: The training objective; `nil` for the one that the last activation implies (softmax cross-entropy,
  ///     binary cross-entropy) or, without one, the mean squared error. The activation itself is dropped: predictions
  ///     here are before it, and the loss applies it.
  ///   - limits: What all trials together may take.
  ///   - allowsNonFinite: Whether weights may be infinite or NaN, which is an error otherwise.
  /// - Throws: ``ONNXError`` that names the node that does not fit, or says by how much the closest candidate differs.
  public init(
    recognizing model: ONNXModel, loss: Loss? = nil, limits: RunLimits = RunLimits(), allowsNonFinite: Bool = false
  ) throws(ONNXError) {
    let finder = try ONNXSequenceFinder(model.graph, file: model.name)
    let parts = try finder.parts()
    let loss = try locating(parts.activation?.place, in: model.name) { () throws(ONNXRefusal) in
      try parts.loss(asked: loss)
    }
    self = try ONNXSequenceRecognition(
      model: model, parts: parts, loss: loss, limits: limits, allowsNonFinite: allowsNonFinite
    ).closest()
  }
}

extension SequenceModel where Scalar: SafetensorsElement {
  /// Reads the model in the file of ONNX at `path`, from any engine: as ``read(fromONNX:allowsNonFinite:)`` does where its
  /// metadata says that it is ours, else by recognition, as ``init(recognizing:loss:limits:allowsNonFinite:)`` does, with no
  /// preprocessing.
  ///
  /// - Throws: ``ONNXError`` as those do.
  public static func read(
    fromAnyONNX path: String, loss: Loss? = nil, limits: RunLimits = RunLimits(), allowsNonFinite: Bool = false
  ) throws(ONNXError) -> (model: SequenceModel, preprocessing: Preprocessing) {
    let bytes = try ONNXModel.bytes(of: path)
    let message = try ONNXModel.decode(bytes, name: path)
    guard !ModelFileDescription<SequenceArchitecture>.isPresent(in: message.metadata) else {
      return try read(message, file: path, allowsNonFinite: allowsNonFinite)
    }
    let model = try ONNXModel(message, name: path, byteCount: bytes.count)
    return (
      try SequenceModel(recognizing: model, loss: loss, limits: limits, allowsNonFinite: allowsNonFinite),
      Preprocessing()
    )
  }
}

extension ONNXSequenceParts {
  /// The loss that the last activation implies; throws where another one is asked for.
  fileprivate func loss(asked: Loss?) throws(ONNXRefusal) -> Loss {
    guard let activation else { return asked ?? .meanSquaredError }
    let loss: Loss = activation.operation == "Sigmoid" ? .binaryCrossEntropy : .softmaxCrossEntropy
    guard asked ?? loss == loss else {
      throw .unsupported("\(activation.operation) goes with the loss \(loss), wanted \(asked ?? loss)")
    }
    return loss
  }
}

/// One way to read a graph.
private struct ONNXSequenceReading {
  let readout: SequenceArchitecture.Readout
  /// Of the graph's input.
  let inputOrder: PaddedOrder
  /// Of the graph's output, where the head reads every step.
  let outputOrder: PaddedOrder

  static let all: [ONNXSequenceReading] = [
    .init(readout: .everyStep, inputOrder: .batchMajor, outputOrder: .batchMajor),
    .init(readout: .everyStep, inputOrder: .batchMajor, outputOrder: .timeMajor),
    .init(readout: .finalState, inputOrder: .batchMajor, outputOrder: .batchMajor),
    .init(readout: .everyStep, inputOrder: .timeMajor, outputOrder: .timeMajor),
    .init(readout: .everyStep, inputOrder: .timeMajor, outputOrder: .batchMajor),
    .init(readout: .finalState, inputOrder: .timeMajor, outputOrder: .batchMajor),
  ]
}

/// Tries the ways in which the parts of a graph can be put together.
struct ONNXSequenceRecognition<Scalar: BLASScalar> {
  let model: ONNXModel
  let parts: ONNXSequenceParts
  let loss: Loss
  let allowsNonFinite: Bool
  /// What all trials together may take.
  let budget: RunBudget

  init(model: ONNXModel, parts: ONNXSequenceParts, loss: Loss, limits: RunLimits, allowsNonFinite: Bool) {
    (self.model, self.parts, self.loss, self.allowsNonFinite) = (model, parts, loss, allowsNonFinite)
    // A dozen times two batches, of a few steps where the graph does not fix more.
    budget = RunBudget(limits, bytes: model.byteCount, elements: 1 << 12)
  }

  /// How far apart the two engines may be, relative to the largest prediction.
  static var tolerance: Double { 1e-5 }

  /// The first candidate that agrees with the graph.
  func closest() throws(ONNXError) -> SequenceModel<Scalar> {
    let bare = try ONNXProgram(withoutActivation(), file: model.name, foldedLimit: 0)
    var (best, failure) = (Double.infinity, nil as ONNXError?)
    let candidates = try [SequenceArchitecture.Readout.everyStep, .finalState].map { readout throws(ONNXError) in
      (readout, try candidate(readout))
    }
    if !allowsNonFinite { try candidates[0].1.parameters.checkAreFinite(in: model.name) }
    for reading in ONNXSequenceReading.all {
      guard let candidate = candidates.first(where: { $0.0 == reading.readout })?.1 else { continue }
      do {
        let found = try difference(candidate, reading, bare)
        if found <= Self.tolerance { return candidate }
        best = min(best, found)
      } catch {
        failure = failure ?? error
      }
    }
    guard best.isFinite else {
      throw failure
        ?? refusal("none of its outputs has as many numbers as a sequence model of its parts gives")
    }
    throw refusal(
      "its parts are those of a sequence model, but put together otherwise: the closest differs by \(best) of the "
        + "largest prediction, wanted at most \(Self.tolerance)")
  }

  private func refusal(_ reason: String) -> ONNXError { ONNXRefusal.unsupported(reason).at(nil, in: model.name) }

  /// The graph with the predictions as they are before the last activation.
  private func withoutActivation() -> ONNXGraph {
    let graph = model.graph
    let nodes = graph.nodes.map { node in
      guard let activation = parts.activation, node.outputs == activation.outputs else { return node }
      return ONNXNode(
        place: node.place, operation: "Identity", inputs: node.inputs, outputs: node.outputs, attributes: [:])
    }
    return ONNXGraph(
      name: graph.name, opset: graph.opset, inputs: graph.inputs, outputs: graph.outputs,
      initializers: graph.initializers, nodes: nodes)
  }

  // MARK: Candidates

  private func candidate(_ readout: SequenceArchitecture.Readout) throws(ONNXError) -> SequenceModel<Scalar> {
    let first = parts.layers[0]
    do {
      let stack = try RecurrentStack(first.cell, layers: parts.layers.count, isBidirectional: first.isBidirectional)
      let head = parts.head ?? ONNXSequenceHead(identity: stack.outputSize)
      let architecture = try SequenceArchitecture(
        embedding: parts.embedding.map { table throws(ConfigurationError) in
          try EmbeddingTable(vocabularySize: table.shape[0], dimension: table.shape[1])
        },
        recurrent: stack, readout: readout, outputSize: head.bias.count, loss: loss)
      guard head.weight.count == head.bias.count * stack.outputSize else {
        throw ConfigurationError(
          setting: "the linear map's input size", found: "\(head.weight.count / max(head.bias.count, 1))",
          wanted: "\(stack.outputSize)")
      }
      return SequenceModel(architecture, parameters: parameters(architecture, head))
    } catch {
      throw refusal("its parts do not fit: \(error)")
    }
  }

  private func parameters(_ architecture: SequenceArchitecture, _ head: ONNXSequenceHead) -> ParameterVector<Scalar> {
    var parameters = ParameterVector<Scalar>.zeros(architecture.parameterLayout)
    func set(_ numbers: [Double], at start: Int) {
      parameters.withUnsafeMutableBufferPointer { all in
        for (index, number) in numbers.enumerated() { all[start + index] = Scalar(number) }
      }
    }
    let layout = parameters.layout
    if let embedding = parts.embedding {
      set(embedding.elements.doubles, at: layout.offset(of: "embedding.weight"))
    }
    for (layer, places) in zip(parts.layers, ExportedParameters(architecture).layers) {
      for (weights, range) in zip(layer.weights, places.ranges(in: layout)) {
        set(weights.parameters(of: layer.cell), at: range.lowerBound)
      }
    }
    set(head.weight, at: layout.offset(of: "head.weight"))
    set(head.bias, at: layout.offset(of: "head.bias"))
    return parameters
  }

  // MARK: Trials

  /// The largest difference between the graph and `candidate`, over two batches and before and after the activation.
  private func difference(
    _ candidate: SequenceModel<Scalar>, _ reading: ONNXSequenceReading, _ bare: ONNXProgram
  ) throws(ONNXError) -> Double {
    var worst = [Double](repeating: 0, count: parts.outputs.count)
    for (seed, (batch, steps)) in [(2, 5), (3, 4)].enumerated() {
      let (trial, tensors) = try locating(nil, in: model.name) { () throws(ONNXRefusal) in
        let trial = try ONNXSequenceTrial(
          parts, order: reading.inputOrder, batch: batch, steps: steps, isRagged: seed > 0, seed: UInt64(seed),
          budget)
        return (trial, try trial.tensors(for: parts))
      }
      let found = try run(bare, tensors)
      let inputs = trial.inputs(as: Scalar.self)
      let layout = reading.readout == .everyStep ? inputs.layout : nil
      let predictions = candidate(inputs).predictions
      var comparisons = [(found, predictions.activated(by: nil))]
      if let activation = parts.activation {
        try model.check(tensors, budget)
        comparisons.append((try run(model.program, tensors), predictions.activated(by: activation.operation)))
      }
      for (found, wanted) in comparisons {
        for (index, output) in parts.outputs.enumerated() {
          let numbers = found[output]?.elements.doubles ?? []
          let difference = trial.difference(numbers, wanted, layout, order: reading.outputOrder)
          worst[index] = max(worst[index], difference)
        }
      }
    }
    return worst.min() ?? .infinity
  }

  private func run(_ program: ONNXProgram, _ inputs: [String: Tensor]) throws(ONNXError) -> [String: Tensor] {
    defer { budget.releaseAll() }
    return try model.run(program, inputs, budget)
  }
}

extension ONNXSequenceHead {
  /// The map that changes nothing.
  fileprivate init(identity size: Int) {
    weight = [Double](repeating: 0, count: size * size)
    for index in 0..<size { weight[index * size + index] = 1 }
    bias = [Double](repeating: 0, count: size)
  }
}

extension Matrix where Element: BLASScalar {
  /// Softmax or LogSoftmax of each row, the sigmoid of each number, or the numbers as they are.
  fileprivate func activated(by operation: String?) -> Matrix<Double> {
    let rows = (0..<self.rows).map { index in
      let row = self.row(index).map { Double($0) }
      if operation == nil { return row }
      if operation == "Sigmoid" { return row.map { 1 / (1 + Double._exp(-$0)) } }
      let largest = row.max() ?? 0
      let logarithm = largest + Double._log(row.reduce(0) { $0 + Double._exp($1 - largest) })
      return row.map { operation == "Softmax" ? Double._exp($0 - logarithm) : $0 - logarithm }
    }
    return Matrix<Double>(rows: self.rows, columns: columns, rows.flatMap { $0 })
  }
}
#endif
