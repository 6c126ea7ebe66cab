import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceModelDecoderTests {
  private static func model(
    _ kind: RecurrentCell.Kind, path: ComputePath = .fused, readout: SequenceArchitecture.Readout = .everyStep,
    isBidirectional: Bool = false, outputSize: Int = 6, loss: Loss = .softmaxCrossEntropy
  ) throws -> SequenceModel<Float> {
    let cell: RecurrentCell =
      switch kind {
      case .vanilla: .vanilla(inputSize: 4, hiddenSize: 17)
      case .lstm: .lstm(inputSize: 4, hiddenSize: 17)
      case .gru: .gru(inputSize: 4, hiddenSize: 17)
      }
    var model = SequenceModel<Float>(
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
        recurrent: RecurrentStack(cell, layers: 2, isBidirectional: isBidirectional), readout: readout,
        outputSize: outputSize, loss: loss), scheme: .pyTorch(hiddenSize: 2), seed: 4)
    model.execution.path = path
    return model
  }

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func carryingTheStateEqualsReadingEverythingAgain(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let model = try Self.model(kind, path: path)
    let decoder = try model.decoder()
    let prompts: [[Int32]] = [[6, 1, 3], [2, 5, 0]]
    var (state, texts) = (decoder.zeroState(batch: 2), prompts.map { [$0[0]] })
    for position in 1..<12 {
      let logits = decoder.step(texts.map { $0.last! }, &state)
      let again = model(.tokens(PackedSequence(texts))).predictions
      let last = again.selectingRows([again.rows - 2, again.rows - 1]).converted(to: Double.self)
      #expect(maximumRelativeDifference(logits, last) <= Tolerance.gemm(k: 64, Float.self))
      for (index, prompt) in prompts.enumerated() {
        let row = logits.row(index)
        texts[index].append(
          position < prompt.count ? prompt[position] : Int32(row.indices.max { row[$0] < row[$1] }!))
      }
    }
    let generated = try decoder.generate(
      from: prompts, state: decoder.zeroState(batch: 2),
      options: GenerationOptions(strategy: .greedy, maximumLength: 9))
    #expect(zip(prompts, generated).map { $0 + $1.tokens } == texts)
  }

  @Test func aForkedStateGoesItsOwnWay() throws {
    let decoder = try Self.model(.lstm).decoder()
    var state = decoder.zeroState(batch: 2)
    _ = decoder.step([3, 5], &state)
    var forked = state.selecting([1, 0, 1])
    let logits = decoder.step([2, 4, 6], &forked)
    for (row, (sequence, token)) in [(1, 2), (0, 4), (1, 6)].enumerated() {
      var alone = state.selecting([sequence])
      let wanted = decoder.step([Int32(token)], &alone).converted(to: Double.self)
      #expect(maximumRelativeDifference(logits.row(row), wanted.row(0)) <= Tolerance.gemm(k: 17, Float.self))
    }
  }

  @Test func laterChangesToTheModelDoNotReachIt() throws {
    var model = try Self.model(.gru)
    let decoder = try model.decoder()
    var (before, after) = (decoder.zeroState(batch: 1), decoder.zeroState(batch: 1))
    let wanted = decoder.step([3], &before)
    model.parameters.scale(by: 2)
    #expect(decoder.step([3], &after) == wanted)
    after = decoder.zeroState(batch: 1)
    #expect(try model.decoder().step([3], &after) != wanted)
  }

  @Test func aModelThatDoesNotSayWhatFollowsIsAnError() throws {
    let features = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.gru(inputSize: 3, hiddenSize: 5)), outputSize: 2,
        loss: .softmaxCrossEntropy))
    let broken: [(setting: String, model: SequenceModel<Float>)] = [
      ("inputs of a decoder", features),
      ("readout of a decoder", try Self.model(.gru, readout: .finalState)),
      ("directions of a decoder", try Self.model(.gru, isBidirectional: true)),
      ("output size of a decoder", try Self.model(.gru, outputSize: 8)),
      ("loss of a decoder", try Self.model(.gru, loss: .meanSquaredError)),
    ]
    for (setting, model) in broken {
      let error = #expect(throws: ConfigurationError.self) { try model.decoder() }
      #expect(error?.setting == setting)
    }
  }
}
