import DataIO
import Kernels
import Models
import Testing

@testable import Interchange

@Suite struct SequenceModelNamedTensorsTests {
  private let features = {
    var model = try! SequenceModel<Double>(
      SequenceArchitecture(
        recurrent: RecurrentStack(
          .lstm(inputSize: 2, hiddenSize: 4, projectionSize: 3), isBidirectional: true),
        outputSize: 2, loss: .meanSquaredError), seed: 5)
    model.parameters["head.bias"] = Matrix(rows: 2, columns: 1, [0.5, -0.25])
    return model
  }()
  private let tokens = try! SequenceModel<Float>(
    SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 9, dimension: 3),
      recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 3, hiddenSize: 4)), readout: .finalState,
      outputSize: 2, loss: .softmaxCrossEntropy), seed: 5)

  @Test func outputsAreThoseOfTheCallPaddedWithTheBias() throws {
    let numbers = (0..<2 * 5 * 2).map { Double($0 % 7) / 5 - 0.6 }
    let outputs = try features.outputs(of: [
      "inputs": Tensor(shape: [2, 5, 2], .double(numbers)), "lengths": Tensor(shape: [2], .int32([1, 3])),
    ])
    let packed = PackedSequence(padded: numbers, .batchMajor, lengths: [1, 3], features: 2)
    let (predictions, state) = features(packed)
    let bias = features.parameters["head.bias"].elements
    var wanted = (0..<2 * 5).flatMap { _ in bias }
    wanted.replaceSubrange(0..<2, with: predictions.sequence(0).elements)
    wanted.replaceSubrange(10..<16, with: predictions.sequence(1).elements)
    #expect(outputs["predictions"] == Tensor(shape: [2, 5, 2], .double(wanted)))
    #expect(outputs["h_n"] == Tensor(shape: [2, 2, 3], .double(state.hidden.flatMap(\.elements))))
    #expect(outputs["c_n"] == Tensor(shape: [2, 2, 4], .double(state.cell.flatMap(\.elements))))
    #expect(Set(outputs.keys) == Set(features.outputNames))
  }

  @Test func aFinalStateCanBeTheInitialState() throws {
    let whole = try tokens.outputs(of: ["tokens": Tensor(shape: [1, 4], .uint8([1, 8, 0, 3]))])
    let first = try tokens.outputs(of: ["tokens": Tensor(shape: [1, 2], .int64([1, 8]))])
    let second = try tokens.outputs(of: ["tokens": Tensor(shape: [1, 2], .int64([0, 3])), "h_0": first["h_n"]!])
    #expect(second == whole)
    #expect(whole["predictions"]?.shape == [1, 2])
  }

  @Test func anEmptyBatchIsLegal() throws {
    let outputs = try features.outputs(of: ["inputs": Tensor(shape: [0, 3, 2], .double([]))])
    #expect(outputs["predictions"] == Tensor(shape: [0, 3, 2], .double([])))
    #expect(outputs["h_n"] == Tensor(shape: [2, 0, 3], .double([])))
  }

  /// A batch of any size without steps is a file of a few bytes.
  @Test(arguments: [1 << 31, 1 << 40, 1 << 62, Int.max]) func sizesThatNoNumbersJustifyAreRefused(_ size: Int) {
    for shape in [[size, 0, 2], [0, size, 2]] {
      let inputs = ["inputs": Tensor(shape: shape, .double([]))]
      let error = #expect(throws: NamedTensorError.self) { try features.outputs(of: inputs) }
      #expect(error?.found.hasPrefix("a batch of shape \(shape) takes ") == true)
      #expect(error?.wanted.hasPrefix("at most 6") == true)
    }
    for shape in [[size, 0], [0, size]] {
      let inputs = ["tokens": Tensor(shape: shape, .int64([]))]
      #expect(throws: NamedTensorError.self) { try tokens.outputs(of: inputs) }
    }
  }

  @Test func sequencesWithoutStepsAreLegal() throws {
    let outputs = try features.outputs(of: ["inputs": Tensor(shape: [3, 0, 2], .double([]))])
    #expect(outputs["predictions"] == Tensor(shape: [3, 0, 2], .double([])))
    #expect(outputs["h_n"]?.shape == [2, 3, 3])
    #expect(try tokens.outputs(of: ["tokens": Tensor(shape: [3, 0], .int64([]))])["predictions"]?.shape == [3, 2])
  }

  @Test func aRunTakesNoMoreThanItsLimits() throws {
    let inputs = ["inputs": Tensor(shape: [2, 5, 2], .double([Double](repeating: 1, count: 20)))]
    _ = try features.outputs(of: inputs)
    #expect(throws: NamedTensorError.self) { try features.outputs(of: inputs, limits: RunLimits(memory: 1000)) }
    #expect(throws: NamedTensorError.self) { try features.outputs(of: inputs, limits: RunLimits(operations: 1000)) }
  }

  /// 64 sequences of 256 characters through 256 units. Inference keeps no gates of every step, so a batch like this
  /// takes little more than the outputs of its layers.
  @Test(arguments: [1, 2]) func anOrdinaryBatchIsWithinTheLimitsOfItsOwn(_ layers: Int) throws {
    let model = SequenceModel<Float>(
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 65, dimension: 64),
        recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 64, hiddenSize: 256), layers: layers),
        outputSize: 65, loss: .softmaxCrossEntropy), seed: 3)
    let (batch, steps) = (64, 256)
    let tokens = Tensor(shape: [batch, steps], .int64((0..<batch * steps).map { Int64($0 % 65) }))
    let outputs = try model.outputs(of: ["tokens": tokens])
    #expect(outputs["predictions"]?.shape == [batch, steps, 65])
    // What is alive at least: outputs of all layers, and predictions twice.
    let alive = batch * steps * (layers * 256 + 2 * 65) * MemoryLayout<Float>.size
    #expect(throws: NamedTensorError.self) {
      try model.outputs(of: ["tokens": tokens], limits: RunLimits(memory: alive))
    }
    #expect(throws: Never.self) {
      try model.outputs(of: ["tokens": tokens], limits: RunLimits(memory: 2 * alive))
    }
  }

  @Test func inputsThatDoNotFitAreRefused() {
    func error(_ model: some NamedTensorModel, _ inputs: [String: Tensor]) -> String {
      do { return "\(try model.outputs(of: inputs))" } catch { return "\(error)" }
    }
    let inputs = Tensor(shape: [1, 2, 2], .double([1, 2, 3, 4]))
    #expect(error(features, [:]) == "input inputs: no such tensor, but nothing, wanted one of this name")
    #expect(
      error(features, ["x": inputs]) == "input inputs: no such tensor, but x, wanted one of this name")
    #expect(
      error(features, ["inputs": Tensor(shape: [2, 2], [0, 0, 0, 0])])
        == "input inputs: shape [2, 2], wanted [batch, steps, 2]")
    #expect(
      error(features, ["inputs": inputs, "lengths": Tensor(shape: [1], [2])])
        == "input lengths: float32, wanted integers")
    #expect(
      error(features, ["inputs": inputs, "lengths": Tensor(shape: [1], .int64([3]))])
        == "input lengths: 3, wanted 0 to 2")
    #expect(
      error(features, ["inputs": inputs, "lengths": Tensor(shape: [2], .int64([1, 1]))])
        == "input lengths: shape [2], wanted [1]")
    #expect(
      error(features, ["inputs": inputs, "c_0": Tensor(shape: [2, 1, 3], .double([0, 0, 0, 0, 0, 0]))])
        == "input c_0: shape [2, 1, 3], wanted [2, 1, 4]")
    #expect(
      error(tokens, ["tokens": Tensor(shape: [1, 2], .int64([8, 9]))]) == "input tokens: token 9, wanted 0 to 8")
    #expect(
      error(tokens, ["tokens": Tensor(shape: [1, 2], [8, 9])]) == "input tokens: float32, wanted integers")
    #expect(
      error(tokens, ["tokens": Tensor(shape: [2], .int64([8, 9]))]) == "input tokens: shape [2], wanted [batch, steps]")
  }
}
