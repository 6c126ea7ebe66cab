import Kernels
import Models
import TestSupport
import Testing

/// What the usual mistakes of a user get. What is wrong with data is an error before training begins, which names the
/// example; what is wrong with a program ends the process with the reason, in release as in debug.
@Suite struct UsualMistakesTests {
  private static func model(
    readout: SequenceArchitecture.Readout = .everyStep, loss: Loss = .meanSquaredError, tokens: Bool = false
  ) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        embedding: tokens ? EmbeddingTable(vocabularySize: 7, dimension: 3) : nil,
        recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5)), readout: readout, outputSize: 2, loss: loss),
      seed: 1)
  }

  /// Three examples of 4, 6 and 5 steps.
  private static let lengths = [4, 6, 5]

  private static func matrices(_ columns: Int) -> [Matrix<Float>] {
    lengths.map { Matrix(repeating: 0.5, rows: $0, columns: columns) }
  }

  private static let features = SequenceExamples<Float>.Inputs.features(matrices(3))

  /// What training says.
  private func refusal(
    _ model: SequenceModel<Float>, _ inputs: SequenceExamples<Float>.Inputs, _ targets: SequenceExamples<Float>.Targets
  ) throws -> String? {
    var model = model
    let before = model.parameters
    let examples = try SequenceExamples(inputs: inputs, targets: targets)
    let error = #expect(throws: ConfigurationError.self) {
      try model.train(on: examples, TrainingOptions(epochs: 1, batchSize: 2))
    }
    #expect(model.parameters == before, "training had begun")
    return error?.description
  }

  // MARK: - Data

  @Test func featuresOfAnotherWidthAreAnError() throws {
    let text = try refusal(Self.model(), .features(Self.matrices(4)), .values(Self.matrices(2)))
    #expect(text == "number of features of example 0 is 4; wanted 3")
  }

  @Test func aLabelOutOfRangeIsAnErrorThatNamesTheExample() throws {
    let model = try Self.model(readout: .finalState, loss: .softmaxCrossEntropy)
    let text = try refusal(model, Self.features, .finalClasses([0, -1, 2]))
    #expect(text == "label of example 2 is 2; wanted 0 to 1, or -1 to leave it out")
  }

  @Test func aTokenOutsideTheVocabularyIsAnError() throws {
    let tokens = Self.lengths.map { [Int32](repeating: Int32($0 + 1), count: $0) }
    let text = try refusal(Self.model(tokens: true), .tokens(tokens), .values(Self.matrices(2)))
    #expect(text == "token of example 1 is 7; wanted 0 to 6")
  }

  @Test func tokensForAModelOfFeaturesAreAnError() throws {
    let tokens = Self.lengths.map { [Int32](repeating: 1, count: $0) }
    let text = try refusal(Self.model(), .tokens(tokens), .values(Self.matrices(2)))
    #expect(text == "input of example 0 is tokens; wanted features: the model has no embedding")
  }

  @Test func targetsForEveryStepOfAModelThatPredictsOnceAreAnError() throws {
    let text = try refusal(Self.model(readout: .finalState), Self.features, .values(Self.matrices(2)))
    #expect(
      text == "targets of example 0 is one for every step; wanted one for a sequence: the head reads finalState")
  }

  @Test func targetsOfAnotherWidthAreAnError() throws {
    let text = try refusal(Self.model(), Self.features, .values(Self.matrices(3)))
    #expect(text == "numbers in a target of example 0 is 3; wanted 2, as many as a prediction has")
  }

  @Test func numbersForALossOfClassesAreAnError() throws {
    let text = try refusal(Self.model(loss: .softmaxCrossEntropy), Self.features, .values(Self.matrices(2)))
    #expect(text == "targets of example 0 is numbers; wanted classes, for softmaxCrossEntropy")
  }

  @Test func validationIsCheckedBeforeTheFirstStepToo() throws {
    var model = try Self.model()
    let before = model.parameters
    let good = try SequenceExamples(inputs: Self.features, targets: .values(Self.matrices(2)))
    let bad = try SequenceExamples(inputs: Self.features, targets: .values(Self.matrices(1)))
    let error = #expect(throws: ConfigurationError.self) { try model.train(on: good, validatingOn: bad) }
    #expect(error?.setting == "numbers in a target of validation example 0")
    #expect(model.parameters == before)
    #expect(throws: ConfigurationError.self) { try model.loss(over: bad) }
  }

  @Test func examplesThatDoNotFitEachOtherAreAnError() {
    func refusal(_ inputs: SequenceExamples<Float>.Inputs, _ targets: SequenceExamples<Float>.Targets) -> String? {
      #expect(throws: ConfigurationError.self) { try SequenceExamples(inputs: inputs, targets: targets) }?.description
    }
    #expect(refusal(Self.features, .finalClasses([0, 1])) == "number of targets is 2; wanted 3, as many as inputs")
    #expect(
      refusal(Self.features, .classes([[0, 0, 0, 0], [0], [0, 0, 0, 0, 0]]))
        == "length of target 1 is 1; wanted 6, as the input has")
    #expect(
      refusal(
        .features([Matrix(repeating: 0, rows: 2, columns: 3), Matrix(repeating: 0, rows: 2, columns: 4)]),
        .finalClasses([0, 1]))
        == "number of features of example 1 is 4; wanted 3, as the first has")
    #expect(
      refusal(Self.features, .finalValues([[1, 2], [1], [1, 2]]))
        == "numbers in target 1 is 1; wanted 2, as the first has")
  }

  @Test func tooFewTokensForTheirStreamsAreAnError() {
    let error = #expect(throws: ConfigurationError.self) {
      try TokenStreams<Float>([1, 2, 3, 4], streams: 2, window: 3)
    }
    #expect(error?.description == "number of tokens is 4; wanted at least 9: 2 streams longer than a window of 3")
  }

  @Test func sizesThatNoNetworkHasAreAnError() {
    #expect(throws: ConfigurationError(setting: "hiddenSize", found: "0", wanted: "at least 1")) {
      try LSTM<Float>(inputSize: 3, hiddenSize: 0)
    }
  }

  // MARK: - Programs

  private func text(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test func aCellWithoutUnitsStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RecurrentCell.lstm(inputSize: 3, hiddenSize: 0)
    }
    #expect(text(result).contains("the sizes of a cell must be positive, not 3 inputs and 0 units"))
  }

  @Test func inputsOfAnotherWidthStopWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      _ = lstm(PackedSequence([Matrix(repeating: 0, rows: 2, columns: 4)], features: 4))
    }
    #expect(text(result).contains("the inputs must be 2 × 3, not 2 × 4"))
  }

  @Test func theStateOfAnotherNetworkStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (lstm, other) = (try LSTM<Float>(inputSize: 3, hiddenSize: 5), try LSTM<Float>(inputSize: 3, hiddenSize: 7))
      _ = lstm(
        PackedSequence([Matrix(repeating: 0, rows: 2, columns: 3)], features: 3), from: other.zeroState(batch: 1))
    }
    #expect(text(result).contains("the hidden state must be 1 matrices of 1 × 5"))
  }

  @Test func theStateOfAnotherNetworkStopsAStepWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (lstm, other) = (try LSTM<Float>(inputSize: 3, hiddenSize: 5), try LSTM<Float>(inputSize: 3, hiddenSize: 7))
      var state = other.zeroState(batch: 1)
      _ = lstm.step(Matrix(repeating: 0, rows: 1, columns: 3), &state)
    }
    #expect(text(result).contains("the hidden state must be 1 matrices of 1 × 5"))
  }

  @Test func aStepOfBothDirectionsStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 5, isBidirectional: true)
      var state = lstm.zeroState(batch: 1)
      _ = lstm.step(Matrix(repeating: 0, rows: 1, columns: 3), &state)
    }
    #expect(text(result).contains("a bidirectional network cannot step: it needs the future"))
  }

  @Test func aBackwardPassWithoutARecordingStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lstm = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      var (tape, gradient) = (RecurrentTape<Float>(), ParameterVector<Float>.zeros(lstm.parameters.layout))
      _ = lstm.backward(
        through: &tape, dOutputs: PackedSequence([Matrix(repeating: 0, rows: 2, columns: 5)], features: 5),
        accumulatingInto: &gradient)
    }
    #expect(text(result).contains("the tape holds no recording"))
  }

  @Test func aParameterThatIsNotThereStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try LSTM<Float>(inputSize: 3, hiddenSize: 5).parameters["weight_ih_l1"]
    }
    #expect(text(result).contains("no parameter is named weight_ih_l1"))
  }

  @Test func anElementOutsideAMatrixStopsWithTheReason() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Matrix<Float>(repeating: 0, rows: 2, columns: 3)[2, 0]
    }
    #expect(text(result).contains("row 2, column 0 of a matrix of 2 × 3"))
  }
}
