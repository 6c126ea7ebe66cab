import Testing

@testable import Interchange

@Suite struct KerasConfigurationTests {
  private func layers(_ model: SmallKerasModel) throws -> [String] {
    try KerasConfiguration(Array(model.configuration.utf8), file: "x").layers.map(\.name)
  }

  @Test func aFunctionalModelIsReadFromItsInputOn() throws {
    var model = SmallKerasModel(isFunctional: true)
    model.add("Dense", "out", after: "lstm")
    model.add("LSTM", "lstm", after: "in")
    model.add("InputLayer", "in")
    #expect(try layers(model) == ["in", "lstm", "out"])
  }

  @Test func aModelThatIsNoChainIsRefused() throws {
    var branching = SmallKerasModel(isFunctional: true)
    branching.add("InputLayer", "in")
    branching.add("LSTM", "a", after: "in")
    branching.add("LSTM", "b", after: "in")
    var twoInputs = SmallKerasModel(isFunctional: true)
    twoInputs.add("InputLayer", "in")
    twoInputs.add("InputLayer", "in2")
    var cyclic = SmallKerasModel(isFunctional: true)
    cyclic.add("InputLayer", "in")
    cyclic.add("LSTM", "a", after: "b")
    cyclic.add("LSTM", "b", after: "a")
    var allCyclic = SmallKerasModel(isFunctional: true)
    allCyclic.add("LSTM", "a", after: "a")
    var twice = SmallKerasModel()
    twice.add("LSTM", "a")
    twice.add("LSTM", "a")
    for model in [branching, twoInputs, cyclic, allCyclic, twice] {
      #expect(throws: WeightsError.self) { _ = try layers(model) }
    }
  }

  @Test func otherJSONIsRefused() {
    for text in [
      "", "[]", "{}", #"{"class_name": "Sequential", "config": {"layers": [1]}}"#,
      #"{"class_name": "Subclass", "config": {"layers": []}}"#,
    ] {
      #expect(throws: WeightsError.self) { _ = try KerasConfiguration(Array(text.utf8), file: "x") }
    }
  }

  @Test func weightsAreCalledAfterTheirClassAndNumbered() throws {
    var model = SmallKerasModel()
    for (index, name) in ["LSTM", "SimpleRNN", "LSTM", "GRU", "Bidirectional", "LSTM"].enumerated() {
      model.add(name, "layer\(index)")
    }
    let names = try KerasConfiguration(Array(model.configuration.utf8), file: "x").layers.map(\.weightsName)
    #expect(names == ["lstm", "simple_rnn", "lstm_1", "gru", "bidirectional", "lstm_2"])
    #expect(
      ["InputLayer", "TimeDistributed", "SpatialDropout1D", "PReLU", "ConvLSTM2D"].map(KerasConfiguration.snakeCase)
        == ["input_layer", "time_distributed", "spatial_dropout1d", "p_re_lu", "conv_lstm2d"])
  }
}
