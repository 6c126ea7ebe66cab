import Foundation
@testable import Interchange
import Kernels
import Models
import TestSupport
import Testing

/// What `Scripts/interchange/torch_models.py` had PyTorch compute, computed here, and ours for PyTorch to compute.
@Suite(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
struct TorchModelsTests {
  @Test func everyModelGivesPyTorchsOutputs() throws {
    let folder = InterchangeFolder.part("torch_models")
    let names = fileNames(in: folder).filter { $0.hasSuffix(".expected.safetensors") }.sorted()
    #expect(names.count > 100)
    var largest = 0.0
    for name in names.map({ String($0.dropLast(".expected.safetensors".count)) }) {
      let expected = try SafetensorsFile(path: "\(folder)/\(name).expected.safetensors")
      let weights = try PyTorchStateDict(path: "\(folder)/\(name).safetensors")
      if expected.metadata["dtype"] == "float64" {
        let difference = try TorchCase<Double>(name, expected, weights).largestDifference()
        #expect(difference <= 1e-12, "\(name)")
      } else {
        let difference = try TorchCase<Float>(name, expected, weights).largestDifference()
        #expect(difference <= 1e-6, "\(name)")
        largest = max(largest, difference)
      }
    }
    print("torch_models: at most \(largest) of the largest output in float32")
  }

  @Test func oursAreWrittenForPyTorchToRead() throws {
    let folder = InterchangeFolder.part("torch_models")
    let names = fileNames(in: folder).filter { $0.hasSuffix(".expected.safetensors") && !$0.hasPrefix("mixed.") }
    try FileManager.default.createDirectory(atPath: folder + "/ours", withIntermediateDirectories: true)
    for name in names.map({ String($0.dropLast(".expected.safetensors".count)) }) {
      let expected = try SafetensorsFile(path: "\(folder)/\(name).expected.safetensors")
      let weights = try PyTorchStateDict(path: "\(folder)/\(name).safetensors")
      // A head of ours has a bias: there is nothing of ours to write for a module whose head has none.
      guard !name.contains("headnobias") else { continue }
      if expected.metadata["dtype"] == "float64" {
        try TorchCase<Double>(name, expected, weights).writeOurs(to: folder + "/ours")
      } else {
        try TorchCase<Float>(name, expected, weights).writeOurs(to: folder + "/ours")
      }
    }
  }
}

/// One case: a state dict, and what it gives.
struct TorchCase<Scalar: BLASScalar & SafetensorsElement> {
  let name: String
  let expected: SafetensorsFile
  let weights: PyTorchStateDict
  let nonlinearity: RecurrentCell.Activation?

  init(_ name: String, _ expected: SafetensorsFile, _ weights: PyTorchStateDict) {
    (self.name, self.expected, self.weights) = (name, expected, weights)
    nonlinearity =
      switch expected.metadata["cell"] {
      case "rnn_tanh": .tanh
      case "rnn_relu": .relu
      default: nil
      }
  }

  /// The largest difference from PyTorch's numbers, relative to the largest of them.
  func largestDifference() throws -> Double {
    var largest = 0.0
    for (name, found) in try results(layer: { try weights.recurrentLayer(nonlinearity: nonlinearity) }, model: model) {
      let wanted = try expected.tensor(name, as: Double.self).elements
      #expect(found.count == wanted.count)
      largest = max(largest, maximumRelativeDifference(found.map { Double($0) }, wanted))
    }
    return largest
  }

  /// A network of ours of the same architecture, newly drawn and trained a step, with its outputs.
  func writeOurs(to folder: String) throws {
    var layer: RecurrentLayer<Scalar> = try weights.recurrentLayer(nonlinearity: nonlinearity)
    layer = RecurrentLayer(layer.architecture, seed: 11)
    var model = expected.metadata["model"] == "alone" ? nil : try model()
    let path = "\(folder)/\(name).safetensors"
    if let architecture = model?.architecture {
      model = try trainedStep(SequenceModel(architecture, seed: 11))
      let names = expected.metadata["model"] == "classifier" ? ("encoder", "classify") : ("rnn", "out")
      try PyTorchStateDict.write(model!, embedding: "embed", recurrent: names.0, head: names.1, to: path)
    } else {
      layer = try trainedStep(layer)
      try PyTorchStateDict.write(layer, to: path)
    }
    var contents = SafetensorsContents()
    for (name, numbers) in try results(layer: { layer }, model: { model! }) {
      contents.setTensor(name, shape: [numbers.count], elements: numbers)
    }
    if expected.metadata["model"] == "classifier" {
      let (shape, tokens) = try expected.tensor("inputs", as: Int64.self)
      contents.setTensor("inputs", shape: shape, elements: tokens)
    } else {
      let (shape, inputs) = try expected.tensor("inputs", as: Scalar.self)
      contents.setTensor("inputs", shape: shape, elements: inputs)
    }
    try contents.write(to: "\(folder)/\(name).expected.safetensors")
  }

  private func model() throws -> SequenceModel<Scalar> {
    try weights.sequenceModel(
      readout: expected.metadata["model"] == "classifier" ? .finalState : .everyStep, loss: .meanSquaredError,
      nonlinearity: nonlinearity)
  }

  /// All that the network gives, by PyTorch's names, time first.
  private func results(
    layer: () throws -> RecurrentLayer<Scalar>, model: () throws -> SequenceModel<Scalar>
  ) throws -> [String: [Scalar]] {
    let inputs = try inputs()
    guard expected.metadata["model"] == "alone" else { return ["outputs": try model()(inputs).predictions.elements] }
    guard case .features(let features) = inputs else { return [:] }
    let (outputs, state) = try layer()(features)
    var results = [
      "outputs": outputs.padded(.timeMajor, with: 0), "hidden": state.hidden.flatMap(\.elements),
    ]
    if !state.cell.isEmpty { results["cell"] = state.cell.flatMap(\.elements) }
    return results
  }

  private func inputs() throws -> SequenceInputs<Scalar> {
    if expected.metadata["model"] == "classifier" {
      let (shape, tokens) = try expected.tensor("inputs", as: Int64.self)
      let lengths = [Int](repeating: shape[0], count: shape[1])
      return .tokens(PackedSequence(padded: tokens.map { Int32($0) }, .timeMajor, lengths: lengths, features: 1))
    }
    let (shape, inputs) = try expected.tensor("inputs", as: Scalar.self)
    let lengths = [Int](repeating: shape[0], count: shape[1])
    return .features(PackedSequence(padded: inputs, .timeMajor, lengths: lengths, features: shape[2]))
  }

  /// The model after a step of gradient descent towards predictions of 1.
  private func trainedStep(_ model: SequenceModel<Scalar>) throws -> SequenceModel<Scalar> {
    var model = model
    let inputs = try inputs()
    let outputs = Matrix(repeating: Scalar(1), rows: inputs.layout.rowCount, columns: 6)
    let targets: SequenceTargets<Scalar> =
      model.architecture.readout == .everyStep
      ? .values(PackedSequence(layout: inputs.layout, rows: outputs))
      : .finalValues(Matrix(repeating: 1, rows: inputs.layout.batch, columns: 6))
    var tape = model.makeTape(seed: 1)
    var gradient = ParameterVector<Scalar>.zeros(model.parameters.layout)
    _ = model.accumulateGradient(
      of: SequenceBatch(inputs: inputs, targets: targets), window: 0, tape: &tape, into: &gradient)
    model.parameters.add(gradient, scaledBy: -0.1)
    return model
  }

  /// The layer after a step towards a larger sum of outputs: a smaller one would kill the units of a ReLU.
  private func trainedStep(
    _ layer: RecurrentLayer<Scalar>
  ) throws -> RecurrentLayer<Scalar> {
    guard case .features(let inputs) = try inputs() else { return layer }
    var layer = layer
    var tape = RecurrentTape<Scalar>()
    let (outputs, _) = layer.forward(inputs, recordingInto: &tape, mode: .recording)
    var gradient = ParameterVector<Scalar>.zeros(layer.parameters.layout)
    let ones = Matrix(repeating: Scalar(1), rows: outputs.rows.rows, columns: outputs.features)
    _ = layer.backward(
      through: &tape, dOutputs: PackedSequence(layout: outputs.layout, rows: ones), accumulatingInto: &gradient)
    layer.parameters.add(gradient, scaledBy: 0.01)
    return layer
  }
}
