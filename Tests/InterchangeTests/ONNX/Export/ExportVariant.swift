#if ONNX
import DataIO
import Interchange
import Kernels
import Models
import TestSupport
import Testing

/// A model to export and how, with sizes that all differ and no parameter that is zero.
struct ExportVariant: CustomTestStringConvertible, Sendable {
  let cell: CellVariant
  let layers: Int
  let isBidirectional: Bool
  let readsTokens: Bool
  let readout: SequenceArchitecture.Readout
  let hasBias: Bool
  let hasLengths: Bool
  let hasStates: Bool

  enum CellVariant: String, CaseIterable {
    case tanh, relu, lstm, peepholes, projected, projectedPeepholes, gruAfter, gruBefore
  }

  /// Every cell as every kind of stack with every option; the rest varies so that each value is combined with every
  /// cell.
  static let all: [ExportVariant] = CellVariant.allCases.flatMap { cell in
    (0..<16).map { index in
      ExportVariant(
        cell: cell, layers: index & 1 == 0 ? 1 : 3, isBidirectional: index & 2 != 0, readsTokens: index % 3 == 0,
        readout: (index ^ index >> 2) & 1 == 0 ? .everyStep : .finalState, hasBias: index % 5 != 1,
        hasLengths: index & 4 != 0, hasStates: index & 8 != 0)
    }
  }

  var testDescription: String { name }
  var name: String {
    [
      cell.rawValue, "\(layers)", isBidirectional ? "twoway" : "oneway", readsTokens ? "tokens" : "features",
      readout.rawValue, hasBias ? "bias" : "nobias", hasLengths ? "lengths" : "dense",
      hasStates ? "states" : "stateless",
    ].joined(separator: "-")
  }

  var isProjected: Bool { cell == .projected || cell == .projectedPeepholes }
  var options: ONNXExport.Options { ONNXExport.Options(hasLengths: hasLengths, hasStates: hasStates) }

  private static let (inputSize, hiddenSize, outputSize, vocabularySize) = (3, 5, 2, 11)

  func architecture() throws -> SequenceArchitecture {
    let (inputs, hidden) = (Self.inputSize, Self.hiddenSize)
    func lstm(projectionSize: Int? = nil, hasPeepholes: Bool = false) -> RecurrentCell {
      .lstm(
        inputSize: inputs, hiddenSize: hidden, projectionSize: projectionSize, hasPeepholes: hasPeepholes,
        hasBias: hasBias)
    }
    let cell: RecurrentCell =
      switch self.cell {
      case .tanh: .vanilla(inputSize: inputs, hiddenSize: hidden, hasBias: hasBias)
      case .relu: .vanilla(inputSize: inputs, hiddenSize: hidden, activation: .relu, hasBias: hasBias)
      case .lstm: lstm()
      case .peepholes: lstm(hasPeepholes: true)
      case .projected: lstm(projectionSize: 4)
      case .projectedPeepholes: lstm(projectionSize: 4, hasPeepholes: true)
      case .gruAfter: .gru(inputSize: inputs, hiddenSize: hidden, hasBias: hasBias)
      case .gruBefore: .gru(inputSize: inputs, hiddenSize: hidden, reset: .beforeProduct, hasBias: hasBias)
      }
    return try SequenceArchitecture(
      embedding: readsTokens ? EmbeddingTable(vocabularySize: Self.vocabularySize, dimension: inputs) : nil,
      recurrent: RecurrentStack(cell, layers: layers, isBidirectional: isBidirectional), readout: readout,
      outputSize: Self.outputSize, loss: .meanSquaredError)
  }

  func model<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) throws -> SequenceModel<Scalar> {
    var model = SequenceModel<Scalar>(try architecture())
    var generator = SeededGenerator(seed: 9)
    model.parameters.withUnsafeMutableBufferPointer { parameters in
      for i in parameters.indices { parameters[i] = Scalar(generator.uniform(in: -0.7..<0.7)) }
    }
    model.execution = Execution(path: .blas, threads: 1)
    return model
  }

  /// Batches of several sizes and lengths. Where the exported model takes no lengths, all sequences have the batch's.
  func batches<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) throws -> [ExportedBatch<Scalar>] {
    let sizes: [(steps: Int, lengths: [Int])] = [(7, [4, 0, 7, 1]), (1, [1]), (6, [3, 5]), (2, [2, 2, 2])]
    var generator = SeededGenerator(seed: 21)
    return try sizes.map { steps, lengths in
      let lengths = hasLengths ? lengths : lengths.map { _ in steps }
      let stack = try architecture().recurrent
      func states(size: Int) -> [Matrix<Scalar>] {
        (0..<layers * stack.directions).map { _ in
          .random(rows: lengths.count, columns: size, from: &generator)
        }
      }
      let shape = stack.cells[0]
      let state = RecurrentState(
        hidden: states(size: shape.outputSize), cell: shape.cellStateSize > 0 ? states(size: shape.cellStateSize) : [])
      let count = steps * lengths.count
      let tokens = (0..<count).map { _ in Int32(generator.uniform(below: Self.vocabularySize)) }
      let features = Matrix<Scalar>.random(rows: count, columns: Self.inputSize, from: &generator).elements
      return ExportedBatch(
        steps: steps, lengths: lengths, state: hasStates ? state : nil,
        inputs: readsTokens ? .tokens(tokens) : .features(features))
    }
  }
}

/// A batch for an exported model, padded to more steps than its longest sequence may have.
struct ExportedBatch<Scalar: BLASScalar> {
  let steps: Int
  let lengths: [Int]
  let state: RecurrentState<Scalar>?
  let inputs: Inputs

  /// Padded, batch-major.
  enum Inputs {
    case tokens([Int32])
    case features([Scalar])
  }

  /// For our model.
  var packed: SequenceInputs<Scalar> {
    switch inputs {
    case .tokens(let tokens): .tokens(PackedSequence(padded: tokens, .batchMajor, lengths: lengths, features: 1))
    case .features(let features):
      .features(
        PackedSequence(
          padded: features, .batchMajor, lengths: lengths, features: features.count / (steps * lengths.count)))
    }
  }

  /// For the exported model, by name; the lengths only where it takes some.
  func tensors(hasLengths: Bool) -> [String: Tensor] {
    let batch = lengths.count
    var tensors: [String: Tensor] = [:]
    switch inputs {
    case .tokens(let tokens): tensors["tokens"] = Tensor(shape: [batch, steps], .int64(tokens.map(Int64.init)))
    case .features(let features):
      tensors["inputs"] = .of(features, shape: [batch, steps, features.count / (steps * batch)])
    }
    if hasLengths { tensors["lengths"] = Tensor(shape: [batch], .int32(lengths.map(Int32.init))) }
    if let state { tensors.merge(state.tensors("0")) { $1 } }
    return tensors
  }

  /// What `model` computes, by the names of the exported model's outputs. Predictions past a sequence's end are 0.
  func outputs(of model: SequenceModel<Scalar>) -> [String: Tensor] {
    let (predictions, state) = model(packed, from: self.state)
    let outputSize = model.architecture.head.outputSize
    var tensors = self.state == nil ? [:] : state.tensors("n")
    if model.architecture.readout == .finalState {
      tensors["predictions"] = .of(predictions.elements, shape: [lengths.count, outputSize])
    } else {
      var padded = [Scalar](repeating: 0, count: lengths.count * steps * outputSize)
      for (b, length) in lengths.enumerated() {
        for t in 0..<length {
          let row = predictions.row(packed.layout.row(of: b, at: t))
          for (j, number) in row.enumerated() { padded[(b * steps + t) * outputSize + j] = number }
        }
      }
      tensors["predictions"] = .of(padded, shape: [lengths.count, steps, outputSize])
    }
    return tensors
  }
}

extension ExportedBatch<Float> {
  /// Predictions with zeros past each sequence's end, where there is one for every step.
  func withoutPadding(_ predictions: Tensor) -> Tensor {
    guard predictions.shape.count == 3 else { return predictions }
    var numbers = predictions.elements.floats
    let size = predictions.shape[2]
    for (b, length) in lengths.enumerated() {
      for index in (b * steps + length) * size..<(b + 1) * steps * size { numbers[index] = 0 }
    }
    return Tensor(shape: predictions.shape, numbers)
  }
}

extension RecurrentState {
  /// Both parts as PyTorch has them, `h_…` and `c_…`.
  fileprivate func tensors(_ suffix: String) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, matrices) in [("h_", hidden), ("c_", cell)] where !matrices.isEmpty {
      tensors[name + suffix] = .of(
        matrices.flatMap(\.elements), shape: [matrices.count, matrices[0].rows, matrices[0].columns])
    }
    return tensors
  }
}

extension Tensor {
  /// A tensor of the type of `numbers`.
  static func of<Scalar: BLASScalar>(_ numbers: [Scalar], shape: [Int]) -> Tensor {
    Scalar.bitWidth == 32
      ? Tensor(shape: shape, .float(numbers.map(Float.init))) : Tensor(shape: shape, .double(numbers.map(Double.init)))
  }
}
#endif
