import Kernels
import Models
import TestSupport
import Testing

@Suite struct PreparedDecoderTests {
  private static let variants = DecoderVariant.all + DecoderVariant.attentive

  @Test(arguments: DecoderVariant.all)
  func stepsOfAConditionedDecoderAreItsPassOverTheWholeSequence(_ variant: DecoderVariant) throws {
    let model = try variant.conditioned(as: Double.self)
    let contexts = DecoderVariant.contexts(as: Double.self)
    let tokens: [[Int32]] = [[0, 3, 2], [0, 6, 6], [0, 5, 1], [0, 2, 4]]
    let wanted = model(PackedSequence(tokens), context: contexts)
    let (decoder, start) = (model.decoder(), model.state(for: contexts))
    var state = start
    for t in 0..<3 {
      let logits = decoder.step(tokens.map { $0[t] }, &state)
      #expect(maximumRelativeDifference(logits, wanted.step(t)) < Tolerance.gemm(k: 50, Double.self))
    }
    #expect(decoder.vocabularySize == 7 && start.batch == 4)
  }

  @Test(arguments: variants)
  func stepsOfATranslationAreThePassOverTheWholeTarget(_ variant: DecoderVariant) throws {
    let model = try variant.encoderDecoder(as: Double.self)
    let tokens: [[Int32]] = [[0, 3, 2], [0, 6, 6], [0, 5, 1], [0, 2, 4]]
    let wanted = model(PackedSequence(tokens), sources: PackedSequence(DecoderVariant.sources))
    let decoder = model.decoder()
    var state = model.state(for: DecoderVariant.sources)
    for t in 0..<3 {
      let logits = decoder.step(tokens.map { $0[t] }, &state)
      #expect(maximumRelativeDifference(logits, wanted.step(t)) < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test(arguments: variants)
  func aForkGoesOnAsWhatItWasForkedFrom(_ variant: DecoderVariant) throws {
    let model = try variant.encoderDecoder(as: Double.self)
    let decoder = model.decoder()
    var state = model.state(for: DecoderVariant.sources)
    _ = decoder.step([0, 0, 0, 0], &state)
    let chosen = [3, 2, 2, 0, 3]
    var fork = state.selecting(chosen)
    #expect(fork.batch == 5)
    let wanted = decoder.step([4, 2, 6, 5], &state)
    let found = decoder.step([5, 6, 6, 4, 5], &fork)
    #expect(
      maximumRelativeDifference(found, wanted.selectingRows(chosen)) < Tolerance.gemm(k: 50, Double.self))
  }

  @Test func aTrainedModelWritesWhatItWasTaught() throws {
    // The target is the source backwards, one token higher.
    var generator = SeededGenerator(seed: 4)
    let sources = (0..<60).map { _ in
      (0..<generator.uniform(in: 1..<4)).map { _ in Int32(generator.uniform(in: 2..<5)) }
    }
    let targets = sources.map { $0.reversed().map { $0 + 1 } }
    let encoder = try TokenEncoder(
      embedding: EmbeddingTable(vocabularySize: 6, dimension: 7),
      recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 7, hiddenSize: 12), isBidirectional: true))
    let decoder = try TokenDecoder(
      embedding: EmbeddingTable(vocabularySize: 6, dimension: 7),
      recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 7, hiddenSize: 16)),
      attention: .multiplicative(querySize: 16, memorySize: 24), readoutSize: 7, tiesEmbedding: true)
    var model = EncoderDecoder<Float>(try EncoderDecoderArchitecture(encoder: encoder, decoder: decoder), seed: 1)
    model.execution = Execution(threads: 1)
    try model.train(
      on: EncoderDecoderExamples(sources: sources, targets: targets, startToken: 0, endToken: 1),
      TrainingOptions(epochs: 25, batchSize: 10, schedule: .constant(0.02), seed: 2))
    let written = try model.decoder().beamSearch(
      from: sources.map { _ in [0] }, state: model.state(for: sources),
      options: BeamSearchOptions(width: 3, maximumLength: 6, endToken: 1))
    let right = zip(written, targets).count { $0[0].tokens == $1 }
    #expect(right >= 57, "\(right) of 60")
    let alone = try model.decoder().generate(
      from: [0], state: model.state(for: [[2, 4, 3]]),
      options: GenerationOptions(strategy: .greedy, maximumLength: 6, endToken: 1))
    #expect(alone.tokens == [4, 5, 3] && alone.isFinished)
  }
}

extension PackedSequence where Element: BLASScalar {
  /// What all sequences have at step `t`, in the caller's order; each must have one.
  fileprivate func step(_ t: Int) -> Matrix<Element> {
    rows.selectingRows((0..<batch).map { layout.row(of: $0, at: t) })
  }
}
