import DataIO
import Foundation
@testable import Interchange
import Kernels
import Models
import TestSupport
import Testing

/// What `Scripts/interchange/keras_models.py` had Keras compute, computed here, and ours for Keras to compute.
@Suite(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
struct KerasModelsTests {
  /// Keras computes in float32, and its torch backend adds in another order than we do.
  private static let tolerance = 1e-6

  private var names: [String] {
    fileNames(in: InterchangeFolder.part("keras_models")).filter { $0.hasSuffix(".vectors.npz") }
      .map { String($0.dropLast(".vectors.npz".count)) }.sorted()
  }

  #if HDF5
  @Test func everyModelGivesKerasPredictions() throws {
    try compare("HDF5") { try KerasModel(path: $0 + ".keras").sequenceModel() }
  }

  @Test func weightsAloneGiveKerasPredictions() throws {
    try compare("weights.h5") {
      try KerasModel(path: $0 + ".weights.h5").sequenceModel(assuming: assumptions($0))
    }
    try compare("weights.h5 and settings") {
      try KerasModel(path: $0 + ".weights.h5", configuredBy: $0 + ".keras").sequenceModel()
    }
  }
  #endif

  @Test(arguments: [".npz", ".safetensors"])
  func exportsGiveKerasPredictions(_ suffix: String) throws {
    try compare(suffix) { try KerasModel(path: $0 + suffix).sequenceModel(assuming: assumptions($0)) }
    try compare("\(suffix) and settings") {
      try KerasModel(path: $0 + suffix, configuredBy: $0 + ".keras").sequenceModel()
    }
  }

  @Test func oursAreWrittenForKerasToRead() throws {
    let folder = InterchangeFolder.part("keras_models")
    try FileManager.default.createDirectory(atPath: folder + "/ours", withIntermediateDirectories: true)
    for name in names {
      let keras = try KerasModel(path: "\(folder)/\(name).npz", configuredBy: "\(folder)/\(name).keras")
      let architecture = (try keras.sequenceModel() as SequenceModel<Float>).architecture
      let vectors = try NumPyArchive.read("\(folder)/\(name).vectors.npz")
      let inputs = try inputs(vectors)
      let model = trainedStep(SequenceModel<Float>(architecture, seed: 11), inputs)
      let layers = 0..<architecture.recurrent.layers
      let names = KerasLayerNames(
        architecture, model: name.hasSuffix("sequential") ? "net" : nil, embedding: "table",
        recurrent: layers.map { "\(architecture.recurrent.isBidirectional ? "both" : "memory")_\($0)" },
        wrapped: layers.map { "memory_\($0)" }, head: "out")
      try KerasModel.write(model, names: names, to: "\(folder)/ours/\(name).npz")
      let predictions = batchMajor(model(inputs).predictions, inputs, architecture.readout)
      try NumPyArchive.write(
        [
          ("inputs", try #require(vectors["inputs"])),
          ("predictions", Tensor(shape: [predictions.count], .float(predictions))),
        ], to: "\(folder)/ours/\(name).vectors.npz")
    }
  }

  private func compare(_ source: String, _ open: (String) throws -> SequenceModel<Float>) throws {
    let folder = InterchangeFolder.part("keras_models")
    #expect(names.count > 40)
    var largest = 0.0
    for name in names {
      let vectors = try NumPyArchive.read("\(folder)/\(name).vectors.npz")
      let model = try open("\(folder)/\(name)")
      let inputs = try inputs(vectors)
      let wanted = try #require(vectors["predictions"]).elements.doubles
      let found = batchMajor(model(inputs).predictions, inputs, model.architecture.readout)
      let difference = maximumRelativeDifference(found, wanted)
      #expect(difference <= Self.tolerance, "\(name)")
      largest = max(largest, difference)
    }
    print("keras_models, \(source): at most \(largest) of the largest prediction")
  }

  /// What weights alone do not show.
  private func assumptions(_ path: String) -> KerasAssumptions {
    let name = path.split(separator: "/").last ?? ""
    return KerasAssumptions(
      nonlinearity: name.hasPrefix("rnn_relu") ? .relu : .tanh,
      reset: name.hasPrefix("gru_before") ? .beforeProduct : .afterProduct,
      readout: name.contains("everystep") ? .everyStep : .finalState, loss: .meanSquaredError)
  }

  private func inputs(_ vectors: [String: Tensor]) throws -> SequenceInputs<Float> {
    let inputs = try #require(vectors["inputs"])
    let lengths = [Int](repeating: inputs.shape[1], count: inputs.shape[0])
    if let tokens = inputs.elements.integers {
      return .tokens(PackedSequence(padded: tokens.map { Int32($0) }, .batchMajor, lengths: lengths, features: 1))
    }
    return .features(
      PackedSequence(padded: inputs.elements.floats, .batchMajor, lengths: lengths, features: inputs.shape[2]))
  }

  private func batchMajor(
    _ predictions: Matrix<Float>, _ inputs: SequenceInputs<Float>, _ readout: SequenceArchitecture.Readout
  ) -> [Float] {
    readout == .finalState
      ? predictions.elements
      : PackedSequence(layout: inputs.layout, rows: predictions).padded(.batchMajor, with: 0)
  }

  /// The model after a step of gradient descent on random targets, with which no bias stays zero.
  private func trainedStep(_ model: SequenceModel<Float>, _ inputs: SequenceInputs<Float>) -> SequenceModel<Float> {
    var model = model
    let outputSize = model.architecture.head.outputSize
    let isFinal = model.architecture.readout == .finalState
    var generator = SeededGenerator(seed: 3)
    let rows = isFinal ? inputs.layout.batch : inputs.layout.rowCount
    let targets: SequenceTargets<Float>
    if model.architecture.loss == .softmaxCrossEntropy {
      targets = .finalClasses((0..<rows).map { Int32($0 % outputSize) })
    } else {
      let values = Matrix(
        rows: rows, columns: outputSize, (0..<rows * outputSize).map { _ in generator.uniform(in: 0..<Float(1)) })
      targets = isFinal ? .finalValues(values) : .values(PackedSequence(layout: inputs.layout, rows: values))
    }
    var tape = model.makeTape(seed: 1)
    var gradient = ParameterVector<Float>.zeros(model.parameters.layout)
    _ = model.accumulateGradient(
      of: SequenceBatch(inputs: inputs, targets: targets), window: 0, tape: &tape, into: &gradient)
    model.parameters.add(gradient, scaledBy: -0.5)
    return model
  }
}
