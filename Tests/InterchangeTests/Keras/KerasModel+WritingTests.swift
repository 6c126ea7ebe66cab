import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Interchange

@Suite struct KerasModelWritingTests {
  private func model(_ cell: RecurrentCell, isBidirectional: Bool = true) throws -> SequenceModel<Double> {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 11, dimension: 4),
      recurrent: RecurrentStack(cell, layers: 2, isBidirectional: isBidirectional), readout: .finalState,
      outputSize: 6, loss: .softmaxCrossEntropy)
    return SequenceModel(architecture, scheme: .pyTorch(hiddenSize: 5), seed: 1)
  }

  @Test(arguments: KerasCell.all, [".npz", ".safetensors"])
  func aWrittenModelPredictsTheSameWhenReadAgain(_ kind: KerasCell, _ suffix: String) throws {
    for isBidirectional in [true, false] {
      let model = try model(kind.cell(inputSize: 4, hiddenSize: 5), isBidirectional: isBidirectional)
      try withTemporaryFolder { folder in
        try KerasModel.write(model, to: folder + "/ours" + suffix)
        let read: SequenceModel<Double> = try KerasModel(path: folder + "/ours" + suffix).sequenceModel(
          assuming: KerasAssumptions(
            nonlinearity: kind == .simpleRNNWithReLU ? .relu : .tanh, readout: .finalState, loss: .softmaxCrossEntropy))
        #expect(read.architecture == model.architecture)
        let tokens = SequenceInputs<Double>.tokens(PackedSequence([[1, 2, 3], [10, 0], [4, 5, 6, 7]]))
        #expect(
          maximumRelativeDifference(read(tokens).predictions, model(tokens).predictions) < 1e-14)
      }
    }
  }

  @Test func namesAreThoseOfKerasVariables() throws {
    let model = try model(.lstm(inputSize: 4, hiddenSize: 5))
    let names = KerasLayerNames(model.architecture, model: "net", recurrent: ["a", "b"], wrapped: ["x", "y"])
    let arrays = try KerasModel.arrays(of: model, names: names, file: "x")
    #expect(arrays.count == 1 + 4 * 3 + 2)
    #expect(
      arrays.map(\.name).filter { $0.hasSuffix("bias") } == [
        "net/a/forward_x/lstm_cell/bias", "net/a/backward_x/lstm_cell/bias", "net/b/forward_y/lstm_cell/bias",
        "net/b/backward_y/lstm_cell/bias", "net/dense/bias",
      ])
    #expect(KerasLayerNames(model.architecture).recurrent == ["bidirectional", "bidirectional_1"])
  }

  @Test func whatKerasHasNoLayerForIsRefusedBeforeAnythingIsWritten() throws {
    try withTemporaryFolder { folder in
      for (cell, found) in [
        (RecurrentCell.lstm(inputSize: 4, hiddenSize: 5, projectionSize: 3), "a projection"),
        (RecurrentCell.lstm(inputSize: 4, hiddenSize: 5, hasPeepholes: true), "peepholes"),
      ] {
        let model = try model(cell)
        let error = #expect(throws: WeightsError.self) { try KerasModel.write(model, to: folder + "/x.npz") }
        #expect(error?.found == "an LSTM with \(found), which Keras has no layer for")
      }
      let model = try model(.gru(inputSize: 4, hiddenSize: 5))
      for names in [
        KerasLayerNames(model.architecture, recurrent: ["a"]),
        KerasLayerNames(model.architecture, recurrent: ["a", "a"]),
        KerasLayerNames(model.architecture, wrapped: ["a"]),
      ] {
        #expect(throws: WeightsError.self) { try KerasModel.write(model, names: names, to: folder + "/x.npz") }
      }
      for path in [folder + "/x.h5", "/nowhere/x.npz", "/nowhere/x.safetensors"] {
        #expect(throws: WeightsError.self) { try KerasModel.write(model, to: path) }
      }
      #expect(fileNames(in: folder) == [])
    }
  }
}
