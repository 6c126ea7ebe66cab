@testable import Interchange
import Kernels
import Models
import TestSupport
import Testing

@Suite struct PyTorchStateDictModelTests {
  /// Five units over four features, six predictions; an embedding of eleven tokens or none.
  private func model(embedding: Bool, dimension: Int = 4) throws -> SequenceModel<Double> {
    let architecture = try SequenceArchitecture(
      embedding: embedding ? EmbeddingTable(vocabularySize: 11, dimension: dimension) : nil,
      recurrent: RecurrentStack(.gru(inputSize: dimension, hiddenSize: 5), layers: 2),
      readout: .finalState, outputSize: 6, loss: .softmaxCrossEntropy)
    return SequenceModel(architecture, scheme: .pyTorch(hiddenSize: 5), seed: 1)
  }

  private func weights(
    _ model: SequenceModel<Double>, _ more: (inout SafetensorsContents) -> Void = { _ in },
    renaming names: [String: String] = [:], leavingOut: Set<String> = []
  ) throws -> PyTorchStateDict {
    try PyTorchStateDict(
      file { contents in
        for shape in model.parameters.layout.shapes where !leavingOut.contains(shape.name) {
          let part = String(shape.name.prefix { $0 != "." })
          contents.setTensor(
            (names[part] ?? part) + shape.name.dropFirst(part.count),
            shape: shape.isVector ? [shape.rows] : [shape.rows, shape.columns],
            elements: model.parameters[shape.name].elements)
        }
        more(&contents)
      })
  }

  @Test(arguments: [true, false])
  func partsAreFoundBySizeWhateverTheirNames(_ embedding: Bool) throws {
    let model = try model(embedding: embedding)
    let weights = try weights(model, renaming: ["embedding": "tokens.table", "recurrent": "net", "head": "a.b.c"])
    let read: SequenceModel<Double> = try weights.sequenceModel(readout: .finalState, loss: .softmaxCrossEntropy)
    #expect(read.architecture == model.architecture)
    #expect(read.parameters == model.parameters)
  }

  @Test func aHeadWithoutBiasGetsOneOfZero() throws {
    let model = try model(embedding: true)
    let read: SequenceModel<Double> = try weights(model, leavingOut: ["head.bias"]).sequenceModel(
      readout: .finalState, loss: .softmaxCrossEntropy)
    #expect(read.parameters["head.bias"].elements == [0, 0, 0, 0, 0, 0])
    #expect(read.parameters["head.weight"] == model.parameters["head.weight"])
  }

  @Test func tensorsOfNoPartAreNamedUnlessIgnored() throws {
    let model = try model(embedding: false)
    let weights = try weights(model, { $0.setTensor("norm.scale", shape: [2], elements: [1, 2] as [Float]) })
    let error = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(readout: .everyStep, loss: .meanSquaredError)
    }
    #expect(error?.found == "tensors beside the model's: norm.scale")
    let read: SequenceModel<Double> = try weights.sequenceModel(
      readout: .everyStep, loss: .meanSquaredError, ignoresOtherTensors: true)
    #expect(read.parameters == model.parameters)
  }

  @Test func severalHeadsAskForAName() throws {
    let model = try model(embedding: false)
    let other = Linear<Double>(try LinearMap(inputSize: 5, outputSize: 2))
    let weights = try weights(model, { $0.setParameters(other.parameters, prefix: "other.") })
    let error = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(
        readout: .everyStep, loss: .meanSquaredError, ignoresOtherTensors: true)
    }
    #expect(error?.found == "heads for 5 features: “head”, “other”")
    let read: SequenceModel<Double> = try weights.sequenceModel(
      head: "other", readout: .everyStep, loss: .meanSquaredError, ignoresOtherTensors: true)
    #expect(read.architecture.head.outputSize == 2)
  }

  @Test func matricesThatCouldBeEitherAskForNames() throws {
    let model = try model(embedding: true, dimension: 5)
    let weights = try weights(model, leavingOut: ["head.bias"])
    #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(readout: .finalState, loss: .softmaxCrossEntropy)
    }
    let read: SequenceModel<Double> = try weights.sequenceModel(
      embedding: "embedding", readout: .finalState, loss: .softmaxCrossEntropy)
    #expect(read.architecture == model.architecture)
    #expect(read.parameters["embedding.weight"] == model.parameters["embedding.weight"])
  }

  @Test func severalEmbeddingsAskForAName() throws {
    let model = try model(embedding: true)
    let other = Embedding<Double>(try EmbeddingTable(vocabularySize: 3, dimension: 4))
    let weights = try weights(model, { $0.setParameters(other.parameters, prefix: "other.") })
    let error = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(readout: .finalState, loss: .softmaxCrossEntropy)
    }
    #expect(error?.found == "embeddings of 4 features: “embedding”, “other”")
  }

  @Test func partsThatDoNotFitAreRefused() throws {
    let model = try model(embedding: true)
    let other = Linear<Double>(try LinearMap(inputSize: 7, outputSize: 2))
    let table = Embedding<Double>(try EmbeddingTable(vocabularySize: 3, dimension: 9))
    let weights = try weights(
      model,
      {
        $0.setParameters(other.parameters, prefix: "other.")
        $0.setParameters(table.parameters, prefix: "table.")
      })
    let head = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(
        head: "other", readout: .finalState, loss: .softmaxCrossEntropy)
    }
    #expect(head?.found == "a head for 7 features")
    let embedding = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Double> = try weights.sequenceModel(
        embedding: "table", readout: .finalState, loss: .softmaxCrossEntropy, ignoresOtherTensors: true)
    }
    #expect(embedding?.item == "module “table”")
  }
}
