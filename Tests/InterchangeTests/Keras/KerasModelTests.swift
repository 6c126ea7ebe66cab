import DataIO
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import Interchange

@Suite struct KerasModelTests {
  private func refusal(_ model: SmallKerasModel, configured: Bool = true) throws -> WeightsError? {
    #expect(throws: WeightsError.self) {
      let _: SequenceModel<Float> = try model.opened(configured: configured).sequenceModel()
    }
  }

  @Test func layersAreListedWithTheirSettings() throws {
    let model = try SmallKerasModel.labeller().opened()
    #expect(model.layers.map(\.name) == ["input_layer", "lstm", "out"])
    #expect(model.layers[0].kind == .input)
    #expect(model.layers[1].recurrentSettings?.returnsSequences == true)
    #expect(model.layers[2].kind == .dense(activation: "linear"))
  }

  @Test func theActivationOfTheHeadDecidesTheLoss() throws {
    for (activation, loss) in [
      ("linear", Loss.meanSquaredError), ("softmax", .softmaxCrossEntropy), ("sigmoid", .binaryCrossEntropy),
    ] {
      let model: SequenceModel<Float> = try SmallKerasModel.labeller(dense: #""activation": "\#(activation)""#)
        .opened().sequenceModel()
      #expect(model.architecture.loss == loss)
      #expect(model.architecture.readout == .everyStep)
    }
    let error = try refusal(.labeller(dense: #""activation": "relu""#))
    #expect(error?.item == "layer out" && error?.found == "activation relu")
  }

  @Test(arguments: [
    (#""activation": "relu""#, "activation relu"), (#""recurrent_activation": "tanh""#, "recurrent_activation tanh"),
    (#""go_backwards": true"#, "go_backwards=True"), (#""stateful": true"#, "stateful=True"),
    (#""return_state": true"#, "return_state=True"), (#""dropout": 0.5"#, "dropout 0.5"),
    (#""recurrent_dropout": 1"#, "recurrent_dropout 1.0"), (#""use_bias": false"#, "a bias"),
    (#""activation": {"class_name": "function"}"#, "activation a function of the user's"),
  ])
  func aSettingWithoutCounterpartIsNamed(_ setting: String, _ found: String) throws {
    var model = SmallKerasModel.labeller()
    // The last of two equal keys would be one decoder's choice: replace the setting.
    let key = setting.prefix { $0 != ":" }
    let kept = SmallKerasModel.lstm().components(separatedBy: ", ").filter { !$0.hasPrefix(key) }
    model.layers[1] = SmallKerasModel.layer("LSTM", "lstm", (kept + [setting]).joined(separator: ", "))
    let error = try refusal(model)
    #expect(error?.item == "layer lstm")
    #expect(error?.found == found)
  }

  @Test func dropoutIsIgnoredWhereTheCallerSaysSo() throws {
    var model = SmallKerasModel.labeller(lstm: #""dropout": 0.5, "recurrent_dropout": 0.25"#)
    model.layers.insert(SmallKerasModel.layer("Dropout", "dropout"), at: 2)
    #expect(try refusal(model)?.item == "layer dropout")
    let read: SequenceModel<Float> = try model.opened().sequenceModel(ignoresDropout: true)
    #expect(read.architecture.recurrent.recurrentDropout == 0.25)
    #expect(throws: WeightsError.self) {
      let _: RecurrentLayer<Float> = try model.opened().recurrentLayer(named: "lstm")
    }
  }

  @Test func masksAndUnknownLayersAreRefused() throws {
    var masked = SmallKerasModel.labeller()
    masked.layers.insert(SmallKerasModel.layer("Embedding", "table", #""mask_zero": true"#), at: 1)
    masked.set("net/table/embeddings", [11, 4])
    #expect(try refusal(masked)?.found == "mask_zero=True")
    var other = SmallKerasModel.labeller()
    other.layers.insert(SmallKerasModel.layer("LayerNormalization", "norm"), at: 2)
    #expect(try refusal(other)?.description.contains("layer norm: a layer of class LayerNormalization") == true)
    var late = SmallKerasModel.labeller()
    late.layers.swapAt(1, 2)
    #expect(try refusal(late)?.found == "a layer of class LSTM at this place")
  }

  @Test func anEmbeddingBelongsToTheModel() throws {
    var model = SmallKerasModel.labeller()
    model.layers.insert(SmallKerasModel.layer("Embedding", "table", #""mask_zero": false"#), at: 1)
    model.set("net/table/embeddings", [11, 4])
    let read: SequenceModel<Float> = try model.opened().sequenceModel()
    #expect(read.architecture.embedding?.vocabularySize == 11)
  }

  @Test func bidirectionalLayersMustConcatenate() throws {
    func model(_ mergeMode: String, backward: String = "") throws -> KerasModel {
      var model = SmallKerasModel()
      let inner = SmallKerasModel.layer("LSTM", "forward_lstm", SmallKerasModel.lstm())
      model.add("Bidirectional", "both", #""merge_mode": \#(mergeMode), "layer": \#(inner)\#(backward)"#)
      model.setCell("net/both/forward_lstm/lstm_cell", gates: 4)
      model.setCell("net/both/backward_lstm/lstm_cell", gates: 4)
      return try model.opened()
    }
    func refused(_ model: KerasModel) -> String? {
      #expect(throws: WeightsError.self) {
        let _: RecurrentLayer<Float> = try model.recurrentLayer(named: "both")
      }?.found
    }
    let layer: RecurrentLayer<Float> = try model(#""concat""#).recurrentLayer(named: "both")
    #expect(layer.architecture.isBidirectional)
    #expect(refused(try model(#""sum""#)) == "merge_mode sum")
    #expect(refused(try model("null")) == "merge_mode None")
    let same = SmallKerasModel.layer("LSTM", "backward_lstm", SmallKerasModel.lstm(#""go_backwards": true"#))
    _ =
      try model(#""concat""#, backward: #", "backward_layer": \#(same)"#).recurrentLayer(named: "both")
      as RecurrentLayer<Float>
    let other = SmallKerasModel.layer("GRU", "backward_gru", SmallKerasModel.lstm())
    #expect(
      refused(try model(#""concat""#, backward: #", "backward_layer": \#(other)"#))
        == "a backward_layer with other settings")
  }

  @Test func layersOfDifferentSizesAreRefusedByName() throws {
    var model = SmallKerasModel.labeller()
    model.layers.insert(SmallKerasModel.layer("LSTM", "lstm_1", SmallKerasModel.lstm()), at: 2)
    model.setCell("net/lstm_1/lstm_cell", gates: 4, inputSize: 5, units: 3)
    #expect(try refusal(model)?.item == "layer lstm_1")
    var cut = SmallKerasModel.labeller()
    let last = SmallKerasModel.lstm().replacing("\"return_sequences\": true", with: "\"return_sequences\": false")
    cut.layers[1] = SmallKerasModel.layer("LSTM", "lstm", last)
    cut.layers.insert(SmallKerasModel.layer("LSTM", "lstm_1", SmallKerasModel.lstm()), at: 2)
    cut.setCell("net/lstm_1/lstm_cell", gates: 4, inputSize: 5)
    #expect(try refusal(cut)?.found == "return_sequences=False below another layer")
  }

  @Test func whatWeightsAloneDoNotShowIsAskedFor() throws {
    let model = SmallKerasModel.labeller()
    #expect(try refusal(model, configured: false)?.wanted == "an assumption about the readout")
    let keras = try model.opened(configured: false)
    let error = #expect(throws: WeightsError.self) {
      let _: SequenceModel<Float> = try keras.sequenceModel(assuming: KerasAssumptions(readout: .finalState))
    }
    #expect(error?.wanted == "an assumption about the loss")
    let read: SequenceModel<Float> = try keras.sequenceModel(
      assuming: KerasAssumptions(readout: .finalState, loss: .softmaxCrossEntropy))
    #expect(read.architecture.recurrent.cells == [.lstm(inputSize: 4, hiddenSize: 5)])
  }

  @Test func resetAndNonlinearityComeFromTheBiasOrTheCaller() throws {
    func cell(_ keras: KerasModel, _ assumptions: KerasAssumptions = KerasAssumptions()) throws -> RecurrentCell {
      let layer: RecurrentLayer<Float> = try keras.recurrentLayer(named: "x", assuming: assumptions)
      return layer.architecture.cells[0]
    }
    for (bias, reset) in [([2, 15], RecurrentCell.ResetConvention.afterProduct), ([15], .beforeProduct)] {
      var model = SmallKerasModel()
      model.setCell("x/gru_cell", gates: 3, bias: bias)
      #expect(try cell(model.opened(configured: false)) == .gru(inputSize: 4, hiddenSize: 5, reset: reset))
    }
    var bare = SmallKerasModel()
    bare.setCell("x/gru_cell", gates: 3)
    bare.weights.removeLast()
    #expect(throws: WeightsError.self) { _ = try cell(bare.opened(configured: false)) }
    #expect(
      try cell(bare.opened(configured: false), KerasAssumptions(reset: .beforeProduct))
        == .gru(inputSize: 4, hiddenSize: 5, reset: .beforeProduct, hasBias: false))
    var vanilla = SmallKerasModel()
    vanilla.setCell("x/simple_rnn_cell", gates: 1)
    #expect(throws: WeightsError.self) { _ = try cell(vanilla.opened(configured: false)) }
    #expect(
      try cell(vanilla.opened(configured: false), KerasAssumptions(nonlinearity: .relu))
        == .vanilla(inputSize: 4, hiddenSize: 5, activation: .relu))
    var contrary = SmallKerasModel()
    contrary.setCell("x/gru_cell", gates: 3, bias: [15])
    contrary.add("GRU", "x", #""activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": true"#)
    #expect(throws: WeightsError.self) { _ = try cell(contrary.opened()) }
  }

  @Test func theOrderOfBareLayersIsThatOfTheirNumbersOrTheCallers() throws {
    func model(_ names: [String]) throws -> KerasModel {
      var model = SmallKerasModel()
      for (index, name) in names.enumerated() {
        model.setCell("\(name)/lstm_cell", gates: 4, inputSize: index == 0 ? 4 : 5)
      }
      model.set("out/kernel", [5, 6])
      model.weights.reverse()
      return try model.opened(configured: false)
    }
    func read(_ keras: KerasModel, _ order: [String]? = nil) throws -> SequenceModel<Float> {
      try keras.sequenceModel(
        assuming: KerasAssumptions(readout: .everyStep, loss: .meanSquaredError, recurrentLayers: order))
    }
    #expect(try read(model(["lstm", "lstm_1", "lstm_10"])).architecture.recurrent.layers == 3)
    let named = try model(["top", "bottom"])
    #expect(throws: WeightsError.self) { _ = try read(named) }
    #expect(throws: WeightsError.self) { _ = try read(named, ["top"]) }
    #expect(try read(named, ["top", "bottom"]).parameters["head.bias"].elements == [0, 0, 0, 0, 0, 0])
  }

  @Test(arguments: [
    ("net/lstm/lstm_cell/kernel", [4, 19]), ("net/lstm/lstm_cell/kernel", [0, 20]),
    ("net/lstm/lstm_cell/recurrent_kernel", [5, 20, 1]), ("net/lstm/lstm_cell/recurrent_kernel", [20]),
    ("net/lstm/lstm_cell/recurrent_kernel", [4, 20]), ("net/lstm/lstm_cell/bias", [2, 20]),
    ("net/lstm/lstm_cell/bias", [19]), ("net/out/kernel", [4, 6]), ("net/out/bias", [5]),
  ])
  func arraysThatDoNotFitAreRefused(_ path: String, _ shape: [Int]) throws {
    var model = SmallKerasModel.labeller()
    model.weights.removeAll { $0.path == path }
    model.set(path, shape)
    #expect(try refusal(model)?.item == (path.contains("out") ? "layer out" : "layer lstm"))
  }

  @Test func arraysThatAreMissingAreNamed() throws {
    for path in SmallKerasModel.labeller().weights.map(\.path) where path != "net/out/bias" {
      var model = SmallKerasModel.labeller()
      model.weights.removeAll { $0.path == path }
      #expect(throws: WeightsError.self, "\(path)") { let _: SequenceModel<Float> = try model.opened().sequenceModel() }
    }
  }

  @Test func integersAreNoWeights() throws {
    var model = SmallKerasModel.labeller()
    model.weights.removeAll { $0.path == "net/out/kernel" }
    model.weights.append(("net/out/kernel", Tensor(shape: [5, 6], .int32([Int32](repeating: 1, count: 30)))))
    #expect(try refusal(model)?.found == "kernel of shape [5, 6], int32")
  }

  @Test func unknownNamesAndExtensionsAreErrors() throws {
    let model = try SmallKerasModel.labeller().opened()
    #expect(throws: WeightsError.self) { let _: Linear<Float> = try model.linear(named: "nowhere") }
    #expect(throws: WeightsError.self) { let _: Linear<Float> = try model.linear(named: "lstm") }
    #expect(throws: WeightsError.self) { let _: Embedding<Float> = try model.embedding(named: "out") }
    #expect(throws: WeightsError.self) {
      let _: RecurrentLayer<Float> = try model.recurrentLayer(named: "out")
    }
    for path in ["/nowhere/x.keras", "/nowhere/x.h5", "/nowhere/x.npz", "/nowhere/x.safetensors", "/nowhere/x.pt"] {
      #expect(throws: WeightsError.self) { _ = try KerasModel(path: path) }
    }
  }
}
