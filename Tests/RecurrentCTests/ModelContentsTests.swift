import CRecurrent
import Foundation
import Interchange
import Kernels
import Models
import TestSupport
import Testing

@testable import RecurrentC

@Suite struct ModelContentsTests {
  private let classifier: SequenceModel<Float>

  init() throws {
    classifier = SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.gru(inputSize: 3, hiddenSize: 5), layers: 2), readout: .finalState, outputSize: 4,
        loss: .softmaxCrossEntropy),
      seed: 1)
  }

  private func describe(_ model: Held) throws -> recurrent_model_info {
    var info = recurrent_model_info()
    info.size = MemoryLayout<recurrent_model_info>.size
    try check(recurrent_model_describe(model.pointer, &info))
    return info
  }

  private func identity(_ info: recurrent_model_info) -> String {
    withUnsafeBytes(of: info.identity) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  @Test func describesWhatTheModelIs() throws {
    try withTemporaryFolder { folder in
      try classifier.write(to: folder + "/model")
      let info = try describe(.model(at: folder + "/model"))
      #expect(info.reads_tokens == 0 && info.predicts_every_step == 0 && info.is_bidirectional == 0)
      #expect(info.readout == RECURRENT_FINAL_STATE && info.loss == RECURRENT_SOFTMAX_CROSS_ENTROPY)
      #expect(info.input_size == 3 && info.hidden_size == 5 && info.layers == 2 && info.output_size == 4)
      #expect(info.can_be_trained == 1 && info.has_scaling == 0)
      #expect(info.parameter_count == classifier.parameters.count)
      #expect(identity(info) == classifier.prepared().identity.description)
    }
  }

  @Test func aFileOfPyTorchNeedsToBeToldWhatItsHeadReads() throws {
    try withTemporaryFolder { folder in
      try PyTorchStateDict.write(classifier, to: folder + "/weights")
      let failure = #expect(throws: CallFailure.self) { try Held.model(at: folder + "/weights") }
      #expect(failure?.status == RECURRENT_INVALID_ARGUMENT)
      var options = recurrent_load_options()
      options.readout = RECURRENT_FINAL_STATE
      options.loss = RECURRENT_SOFTMAX_CROSS_ENTROPY
      let info = try describe(.model(at: folder + "/weights", options))
      #expect(identity(info) == classifier.prepared().identity.description)
    }
  }

  @Test func aLayerOfPyTorchAloneGivesItsHiddenStates() throws {
    let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5, seed: 1)
    try withTemporaryFolder { folder in
      try layer.writeParameters(to: folder + "/layer")
      let model = try Held.model(at: folder + "/layer")
      let info = try describe(model)
      #expect(info.output_size == 5 && info.can_be_trained == 0 && info.loss == RECURRENT_LOSS_UNKNOWN)
      #expect(identity(info) == layer.prepared().identity.description)
      var trainer: OpaquePointer?
      #expect(recurrent_trainer_create(model.pointer, nil, &trainer) == RECURRENT_UNSUPPORTED)
      #expect(recurrent_model_write(model.pointer, folder + "/other") == RECURRENT_UNSUPPORTED)
    }
  }

  #if ONNX
  @Test func aFileOfONNXIsKnownByItsContents() throws {
    try withTemporaryFolder { folder in
      try ONNXExport(classifier).write(to: folder + "/model")
      let info = try describe(.model(at: folder + "/model"))
      #expect(identity(info) == classifier.prepared().identity.description)
    }
  }
  #endif

  @Test func aModelOfDoublesIsRounded() throws {
    let doubles = SequenceModel<Double>(classifier.architecture, seed: 2)
    try withTemporaryFolder { folder in
      try doubles.write(to: folder + "/model")
      let rounded = try SequenceModel<Float>.read(from: folder + "/model").model
      #expect(try identity(describe(.model(at: folder + "/model"))) == rounded.prepared().identity.description)
    }
  }

  @Test func probabilitiesAreASoftmaxOfThePredictions() throws {
    try withTemporaryFolder { folder in
      try classifier.write(to: folder + "/model")
      var options = recurrent_load_options()
      options.probabilities = 1
      let model = try Held.model(at: folder + "/model", options)
      let (workspace, session) = (try Held.workspace(model), try Held.session(model))
      let prepared = try classifier.preparedForProbabilities()
      var own = try prepared.session()
      for x: [Float] in [[0.5, -1, 2], [1, 0, 0.25]] {
        var outputs = [Float](repeating: 0, count: 4)
        try check(recurrent_step(workspace.pointer, session.pointer, x, 3, &outputs, 4))
        #expect(try outputs == prepared.step(x, &own, in: prepared.workspace()))
        #expect(abs(outputs.reduce(0, +) - 1) < 1e-6)
      }
    }
  }

  @Test func aWrittenModelIsTheSame() throws {
    try withTemporaryFolder { folder in
      let scaling = try FeatureScaling(offsets: [1, 2, 3], scales: [4, 5, 7])
      try classifier.write(to: folder + "/model", preprocessing: Preprocessing(inputScaling: scaling))
      let model = try Held.model(at: folder + "/model")
      #expect(try describe(model).has_scaling == 1)
      try check(recurrent_model_write(model.pointer, folder + "/copy"))
      let contents = try [folder + "/model", folder + "/copy"].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
      #expect(contents[0] == contents[1])
    }
  }

  @Test func theVersionIsThePackages() throws {
    #expect(try String(cString: #require(recurrent_version())) == PackageVersion.current)
  }
}
