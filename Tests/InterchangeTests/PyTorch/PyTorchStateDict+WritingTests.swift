@testable import Interchange
import Kernels
import Models
import TestSupport
import Testing

@Suite struct PyTorchStateDictWritingTests {
  @Test func aWrittenModelHasTheModulesNamesAndComesBack() throws {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 11, dimension: 4),
      recurrent: RecurrentStack(
        .lstm(inputSize: 4, hiddenSize: 5, projectionSize: 2), layers: 2, isBidirectional: true),
      readout: .finalState, outputSize: 6, loss: .softmaxCrossEntropy)
    let model = SequenceModel<Float>(architecture, scheme: .pyTorch(hiddenSize: 5), seed: 1)
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try PyTorchStateDict.write(model, embedding: "embed", recurrent: "net.lstm", head: "out", to: path)
      let weights = try PyTorchStateDict(path: path)
      #expect(weights.modules.map(\.prefix) == ["embed", "net.lstm", "out"])
      #expect(weights.file.tensors["net.lstm.bias_hh_l1_reverse"]?.shape == [20])
      let read: SequenceModel<Float> = try weights.sequenceModel(readout: .finalState, loss: .softmaxCrossEntropy)
      #expect(read.parameters == model.parameters)
    }
  }

  @Test func aTiedWeightIsWrittenUnderBothNames() throws {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 11, dimension: 4),
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 4)), outputSize: 11,
      loss: .softmaxCrossEntropy, tiesEmbedding: true)
    let model = SequenceModel<Float>(architecture, seed: 1)
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try PyTorchStateDict.write(model, to: path)
      let read: SequenceModel<Float> = try PyTorchStateDict(path: path)
        .sequenceModel(embedding: "embedding", head: "head", readout: .everyStep, loss: .softmaxCrossEntropy)
      #expect(read.parameters == model.untied().parameters)
    }
  }

  @Test func aWrittenLayerComesBack() throws {
    let layer = RecurrentLayer<Double>(try RecurrentStack(RecurrentCell.gru(inputSize: 3, hiddenSize: 5)), seed: 1)
    try withTemporaryFolder { folder in
      let path = folder + "/layer.safetensors"
      try PyTorchStateDict.write(layer, to: path)
      let read: RecurrentLayer<Double> = try PyTorchStateDict(path: path).recurrentLayer()
      #expect(read.parameters == layer.parameters)
    }
  }

  @Test func aHeadWithHiddenLayersIsRefusedBeforeAnythingIsWritten() throws {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 5)), outputSize: 2, loss: .softmaxCrossEntropy,
      headSizes: [3])
    try withTemporaryFolder { folder in
      let error = #expect(throws: WeightsError.self) {
        try PyTorchStateDict.write(SequenceModel<Float>(architecture), to: folder + "/model.safetensors")
      }
      #expect(error?.item == "head" && fileNames(in: folder) == [])
      #expect(throws: WeightsError.self) {
        try KerasModel.write(SequenceModel<Float>(architecture), to: folder + "/x.npz")
      }
      #expect(fileNames(in: folder) == [])
    }
  }

  @Test func whatPyTorchHasNoModuleForIsRefusedBeforeAnythingIsWritten() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/layer.safetensors"
      func refusal(_ cell: RecurrentCell) throws -> String? {
        let layer = RecurrentLayer<Float>(try RecurrentStack(cell))
        return #expect(throws: WeightsError.self) { try PyTorchStateDict.write(layer, to: path) }?.found
      }
      let peepholes = try refusal(.lstm(inputSize: 3, hiddenSize: 5, hasPeepholes: true))
      let before = try refusal(.gru(inputSize: 3, hiddenSize: 5, reset: .beforeProduct))
      #expect(peepholes == "an LSTM with peepholes, which PyTorch has no module for")
      #expect(before == "a GRU that resets before the product, which PyTorch has no module for")
      #expect(fileNames(in: folder) == [])
    }
  }

  @Test func twoPartsOfOneNameAreRefused() throws {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 11, dimension: 4),
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 5)), outputSize: 6, loss: .meanSquaredError)
    let model = SequenceModel<Float>(architecture)
    #expect(throws: WeightsError.self) {
      try PyTorchStateDict.write(model, embedding: "same", recurrent: "net", head: "same", to: "/nowhere/x")
    }
  }

  @Test func aFolderThatIsNotThereIsAnError() throws {
    let layer = try RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: 5)
    #expect(throws: WeightsError.self) { try PyTorchStateDict.write(layer, to: "/nowhere/x.safetensors") }
  }
}
