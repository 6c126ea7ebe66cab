public import DataIO
internal import Kernels
public import Models

/// A sequence model by the names of ``SequenceTensorName``.
extension SequenceModel: NamedTensorModel where Scalar: TensorScalar {
  /// `inputs` or `tokens`.
  public var requiredInputs: [String] { [inputName.rawValue] }

  /// Lengths and the initial state.
  public var optionalInputs: [String] {
    let names: [SequenceTensorName] =
      hasCellState ? [.lengths, .initialHidden, .initialCell] : [.lengths, .initialHidden]
    return names.map(\.rawValue)
  }

  /// Predictions and the final state.
  public var outputNames: [String] {
    let names: [SequenceTensorName] =
      hasCellState ? [.predictions, .finalHidden, .finalCell] : [.predictions, .finalHidden]
    return names.map(\.rawValue)
  }

  /// Runs the model on named tensors. Throws ``NamedTensorError`` where one is missing or does not fit.
  public func outputs(of inputs: [String: Tensor], limits: RunLimits) throws -> [String: Tensor] {
    let bytes = parameters.count * MemoryLayout<Scalar>.size
    return try outputs(of: NamedInputs(inputs), RunBudget(limits, modelBytes: bytes, inputs: inputs.values))
  }

  private func outputs(of given: NamedInputs, _ budget: RunBudget) throws(NamedTensorError) -> [String: Tensor] {
    let tensor = try given.required(inputName)
    try count(tensor, budget)
    let (inputs, steps) = try inputs(tensor, lengths: given[.lengths])
    let (predictions, final) = self(inputs, from: try state(given, batch: inputs.layout.batch))
    let (layout, size) = (inputs.layout, architecture.head.outputSize)
    var result = [SequenceTensorName.finalHidden.rawValue: Self.stacked(final.hidden, batch: layout.batch)]
    if hasCellState { result[SequenceTensorName.finalCell.rawValue] = Self.stacked(final.cell, batch: layout.batch) }
    result[SequenceTensorName.predictions.rawValue] =
      switch architecture.readout {
      case .finalState, .meanState, .maxState: Scalar.tensor([layout.batch, size], predictions.elements)
      case .everyStep: padded(PackedSequence(layout: layout, rows: predictions), steps: steps)
      }
    return result
  }

  /// Counts what is made of inputs of `tensor`'s shape: packed inputs, what inference takes, and padded predictions. A
  /// batch without steps, of any size, is a file of a few bytes.
  private func count(_ tensor: Tensor, _ budget: RunBudget) throws(NamedTensorError) {
    let shape = tensor.shape
    guard shape.count >= 2 else { return }
    let (batch, steps, stack) = (shape[0], shape[1], architecture.recurrent)
    let (cell, size, outputSize) = (stack.cells[0], MemoryLayout<Scalar>.size, architecture.head.outputSize)
    // Tokens are an `Int` each, an `Int32`, and packed; features are converted and packed.
    let inputSize = architecture.embedding == nil ? 2 * size : MemoryLayout<Int>.size + 2 * MemoryLayout<Int32>.size
    let isEveryStep = architecture.readout == .everyStep
    let copies: [RunBudget.Part] = [
      .init(shape: shape, elementSize: inputSize),
      // All predictions once more, and those of a sequence while they are padded.
      .init(shape: isEveryStep ? [batch, steps, outputSize] : [batch, outputSize], elementSize: size),
      .init(shape: isEveryStep ? [2, steps, outputSize] : [], elementSize: size),
      // States that are given, and those that are results.
      .init(
        shape: [3, stack.layers * stack.directions, batch, cell.outputSize + cell.cellStateSize], elementSize: size),
    ]
    let inference = architecture.inferenceMemory(
      batch: batch, steps: steps, path: execution.path, scalarSize: size)
    do throws(RunExcess) {
      try budget.allow(copies + inference, for: "a batch")
      try budget.charge([batch, steps, parameters.count], for: "a batch")
    } catch { throw NamedTensorError(name: inputName.rawValue, found: error.found, wanted: error.wanted) }
  }

  private var inputName: SequenceTensorName { architecture.embedding == nil ? .inputs : .tokens }
  private var hasCellState: Bool { architecture.recurrent.cells[0].cellStateSize > 0 }

  /// The packed inputs, and the number of steps that `tensor` is padded to.
  private func inputs(
    _ tensor: Tensor, lengths: Tensor?
  ) throws(NamedTensorError) -> (inputs: SequenceInputs<Scalar>, steps: Int) {
    let shape = tensor.shape
    func fail(_ found: String, _ wanted: String) -> NamedTensorError {
      NamedTensorError(name: inputName.rawValue, found: found, wanted: wanted)
    }
    if let embedding = architecture.embedding {
      guard shape.count == 2 else { throw fail("shape \(shape)", "[batch, steps]") }
      guard let tokens = tensor.elements.integers else { throw fail(tensor.typeName, "integers") }
      if let wrong = tokens.first(where: { !(0..<embedding.vocabularySize).contains($0) }) {
        throw fail("token \(wrong)", "0 to \(embedding.vocabularySize - 1)")
      }
      let lengths = try Self.lengths(lengths, batch: shape[0], steps: shape[1])
      let packed = PackedSequence(padded: tokens.map(Int32.init), .batchMajor, lengths: lengths, features: 1)
      return (.tokens(packed), shape[1])
    }
    let features = architecture.recurrent.inputSize
    guard shape.count == 3, shape[2] == features else {
      throw fail("shape \(shape)", "[batch, steps, \(features)]")
    }
    let lengths = try Self.lengths(lengths, batch: shape[0], steps: shape[1])
    let packed = PackedSequence(
      padded: Scalar.elements(of: tensor), .batchMajor, lengths: lengths, features: features)
    return (.features(packed), shape[1])
  }

  private static func lengths(_ tensor: Tensor?, batch: Int, steps: Int) throws(NamedTensorError) -> [Int] {
    guard let tensor else { return [Int](repeating: steps, count: batch) }
    func fail(_ found: String, _ wanted: String) -> NamedTensorError {
      NamedTensorError(name: SequenceTensorName.lengths.rawValue, found: found, wanted: wanted)
    }
    guard tensor.shape == [batch] else { throw fail("shape \(tensor.shape)", "[\(batch)]") }
    guard let lengths = tensor.elements.integers else { throw fail(tensor.typeName, "integers") }
    if let wrong = lengths.first(where: { !(0...steps).contains($0) }) { throw fail("\(wrong)", "0 to \(steps)") }
    return lengths
  }

  private func state(_ given: NamedInputs, batch: Int) throws(NamedTensorError) -> RecurrentState<Scalar> {
    let shape = architecture.recurrent.cells[0]
    var state = zeroState(batch: batch)
    if let hidden = try matrices(given, .initialHidden, batch: batch, columns: shape.outputSize) {
      state.hidden = hidden
    }
    if hasCellState, let cell = try matrices(given, .initialCell, batch: batch, columns: shape.cellStateSize) {
      state.cell = cell
    }
    return state
  }

  /// The `L·D` matrices of a given state.
  private func matrices(
    _ given: NamedInputs, _ name: SequenceTensorName, batch: Int, columns: Int
  ) throws(NamedTensorError) -> [Matrix<Scalar>]? {
    guard let tensor = given[name] else { return nil }
    let wanted = [architecture.recurrent.layers * architecture.recurrent.directions, batch, columns]
    guard tensor.shape == wanted else {
      throw NamedTensorError(name: name.rawValue, found: "shape \(tensor.shape)", wanted: "\(wanted)")
    }
    let (elements, size) = (Scalar.elements(of: tensor), batch * columns)
    return (0..<wanted[0]).map {
      Matrix(rows: batch, columns: columns, Array(elements[$0 * size..<($0 + 1) * size]))
    }
  }

  private static func stacked(_ matrices: [Matrix<Scalar>], batch: Int) -> Tensor {
    Scalar.tensor([matrices.count, batch, matrices[0].columns], matrices.flatMap(\.elements))
  }

  /// `[B × T × O]`. Past a sequence's end, also where `steps` exceeds the longest, predictions are what the head gives
  /// for a state of zero, its bias: that is what a head over padded zeros computes in PyTorch and ONNX.
  private func padded(_ sequence: PackedSequence<Scalar>, steps: Int) -> Tensor {
    let bias = parameters["head.bias"].elements
    var elements: [Scalar] = []
    elements.reserveCapacity(sequence.batch * steps * sequence.features)
    for b in 0..<sequence.batch {
      let rows = sequence.sequence(b)
      elements += rows.elements
      for _ in rows.rows..<steps { elements += bias }
    }
    return Scalar.tensor([sequence.batch, steps, sequence.features], elements)
  }
}

/// Named tensors, asked for by role.
private struct NamedInputs {
  private let tensors: [String: Tensor]

  init(_ tensors: [String: Tensor]) { self.tensors = tensors }

  subscript(name: SequenceTensorName) -> Tensor? { tensors[name.rawValue] }

  func required(_ name: SequenceTensorName) throws(NamedTensorError) -> Tensor {
    guard let tensor = self[name] else {
      let found = tensors.isEmpty ? "nothing" : tensors.keys.sorted().joined(separator: ", ")
      throw NamedTensorError(name: name.rawValue, found: "no such tensor, but \(found)", wanted: "one of this name")
    }
    return tensor
  }
}
