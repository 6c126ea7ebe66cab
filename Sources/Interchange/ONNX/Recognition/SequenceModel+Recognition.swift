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
  ///   - limits: What all trials together may take. Those left open also follow from a batch and steps that the graph
  ///     fixes, up to 1 GiB and 2³⁸ operations more.
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
    budget = parts.budget(limits, byteCount: model.byteCount, nodeCount: model.graph.nodes.count)
  }

  /// How far apart the two engines may be, relative to the largest prediction.
  static var tolerance: Double { 1e-5 }

  /// The first candidate that agrees with the graph.
  func closest() throws(ONNXError) -> SequenceModel<Scalar> {
    let bare = try ONNXProgram(withoutActivation(), file: model.name, foldedLimit: 0)
    let candidates = try [candidate(.everyStep), candidate(.finalState)]
    if !allowsNonFinite { try candidates[0].parameters.checkAreFinite(in: model.name) }
    var (best, failure) = (Double.infinity, nil as ONNXError?)
    for order in [PaddedOrder.batchMajor, .timeMajor] {
      var attempts: [Attempt] = []
      for reading in ONNXSequenceReading.all where reading.inputOrder == order {
        for candidate in candidates where candidate.architecture.readout == reading.readout {
          attempts.append(Attempt(reading: reading, candidate: candidate, outputCount: parts.outputs.count))
        }
      }
      do {
        let found = try compare(&attempts, order, bare)
        failure = failure ?? found
      } catch {
        failure = failure ?? error
        continue
      }
      if let attempt = attempts.first(where: \.agrees) { return attempt.candidate }
      best = min(best, attempts.map(\.difference).min() ?? .infinity)
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

  /// A reading of the graph, the candidate for it, and how far both were apart until now.
  private struct Attempt {
    let reading: ONNXSequenceReading
    let candidate: SequenceModel<Scalar>
    /// The largest difference of each output that may be the predictions.
    private(set) var differences: [Double]

    init(reading: ONNXSequenceReading, candidate: SequenceModel<Scalar>, outputCount: Int) {
      self.reading = reading
      self.candidate = candidate
      differences = [Double](repeating: 0, count: outputCount)
    }

    /// That of the output that is closest.
    var difference: Double { differences.min() ?? .infinity }
    var agrees: Bool { difference <= ONNXSequenceRecognition<Scalar>.tolerance }

    mutating func add(_ found: [Double]) { differences = zip(differences, found).map { max($0, $1) } }
  }

  /// What the graph computes in a trial: the outputs by name, with the predictions as they are after `activation`.
  private struct GraphResult {
    let activation: String?
    let outputs: [String: Tensor]
  }

  /// Runs the graph in every trial whose input has this order, and compares it with the candidates that agree until
  /// then. Throws where the graph cannot be run; returns why a candidate could not.
  private func compare(
    _ attempts: inout [Attempt], _ order: PaddedOrder, _ bare: ONNXProgram
  ) throws(ONNXError) -> ONNXError? {
    var failure: ONNXError?
    for number in ONNXSequenceTrial.sizes.indices where attempts.contains(where: \.agrees) {
      let (trial, tensors) = try locating(nil, in: model.name) { () throws(ONNXRefusal) in
        let trial = try ONNXSequenceTrial(
          parts, order: order, number: number, scalarSize: MemoryLayout<Scalar>.size, budget)
        return (trial, try trial.tensors(for: parts))
      }
      // What a run leaves held are its outputs, which are compared.
      defer { budget.releaseAll() }
      var results = [GraphResult(activation: nil, outputs: try model.run(bare, tensors, budget))]
      if let activation = parts.activation {
        try model.check(tensors, budget)
        let outputs = try model.run(model.program, tensors, budget)
        results.append(GraphResult(activation: activation.operation, outputs: outputs))
      }
      for index in attempts.indices where attempts[index].agrees {
        do {
          let found = try differences(attempts[index], trial, results)
          attempts[index].add(found)
        } catch {
          failure = failure ?? error
          attempts[index].add(parts.outputs.map { _ in .infinity })
        }
      }
    }
    return failure
  }

  /// For each output that may be the predictions, how far it is from those of a candidate, before and after the
  /// activation; infinite where it has another number of them.
  private func differences(
    _ attempt: Attempt, _ trial: ONNXSequenceTrial, _ results: [GraphResult]
  ) throws(ONNXError) -> [Double] {
    var differences = [Double](repeating: .infinity, count: parts.outputs.count)
    let (candidate, reading) = (attempt.candidate, attempt.reading)
    let count = trial.predictionCount(candidate.architecture)
    let fitting = parts.outputs.indices.filter { index in
      results.allSatisfy { $0.outputs[parts.outputs[index]]?.count == count }
    }
    guard !fitting.isEmpty else { return differences }
    try locating(nil, in: model.name) { () throws(ONNXRefusal) in try trial.count(candidate) }
    let inputs = trial.inputs(as: Scalar.self)
    let predictions = candidate(inputs).predictions
    let layout = reading.readout == .everyStep ? inputs.layout : nil
    for index in fitting {
      differences[index] = 0
      for result in results {
        let found = result.outputs[parts.outputs[index]]?.elements.doubles ?? []
        let difference = trial.difference(found, size: predictions.columns, layout, order: reading.outputOrder) {
          predictions.row($0, activatedBy: result.activation)
        }
        differences[index] = max(differences[index], difference)
      }
    }
    return differences
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
  /// Softmax or LogSoftmax of a row, the sigmoid of its numbers, or the numbers as they are.
  fileprivate func row(_ index: Int, activatedBy operation: String?) -> [Double] {
    let row = self.row(index).map { Double($0) }
    if operation == nil { return row }
    if operation == "Sigmoid" { return row.map { 1 / (1 + Double._exp(-$0)) } }
    let largest = row.max() ?? 0
    let logarithm = largest + Double._log(row.reduce(0) { $0 + Double._exp($1 - largest) })
    return row.map { operation == "Softmax" ? Double._exp($0 - logarithm) : $0 - logarithm }
  }
}
#endif
