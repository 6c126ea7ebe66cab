import Kernels
import Models
import TestSupport
import Testing

/// What a choice of memory promises for every model: the same bits, in less memory.
@Suite struct TapeMemoryTests {
  private static let steps = 60

  private static func tokens() -> [[Int32]] {
    var generator = SeededGenerator(seed: 4)
    return [steps, steps - 3, 7].map { length in (0..<length).map { _ in Int32(generator.uniform(below: 6)) } }
  }

  private static func stack(_ inputSize: Int, isBidirectional: Bool = false) throws -> RecurrentStack {
    try RecurrentStack(
      RecurrentCell(.lstm, inputSize: inputSize, hiddenSize: 33), layers: 2, isBidirectional: isBidirectional,
      dropout: 0.25)
  }

  private func check<Model: TrainableModel<Float>>(
    _ model: Model, on batch: Model.Batch, sourceLocation: SourceLocation = #_sourceLocation
  ) where Model.Tape: RecordingTape {
    func run(_ memory: TapeMemory) -> (LossValue, ParameterVector<Float>, bytes: Int) {
      var (tape, gradient) = (
        model.makeTape(seed: 5, memory: memory), ParameterVector<Float>.zeros(model.parameters.layout)
      )
      let loss = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient)
      return (loss, gradient, tape.byteCount)
    }
    let everything = run(.everything)
    let least = run(.least)
    #expect(least.0 == everything.0 && least.1 == everything.1, sourceLocation: sourceLocation)
    #expect(least.bytes < everything.bytes * 3 / 4, sourceLocation: sourceLocation)
    #expect(run(.budget(bytes: 1)).bytes == least.bytes, sourceLocation: sourceLocation)
    let ample = run(.budget(bytes: everything.bytes))
    #expect(ample.bytes == everything.bytes && ample.1 == everything.1, sourceLocation: sourceLocation)
  }

  @Test func sequenceModel() throws {
    let tokens = Self.tokens()
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 6, dimension: 5), recurrent: Self.stack(5, isBidirectional: true),
      outputSize: 6, loss: .softmaxCrossEntropy)
    check(
      SequenceModel<Float>(architecture),
      on: SequenceBatch(inputs: .tokens(PackedSequence(tokens)), targets: .classes(PackedSequence(tokens))))
  }

  @Test func gapModel() throws {
    let architecture = try GapArchitecture(
      embedding: EmbeddingTable(vocabularySize: 6, dimension: 5), recurrent: Self.stack(5), dropout: 0.25)
    check(GapModel<Float>(architecture), on: GapExamples(Self.tokens(), unknown: -1).batch([0, 1, 2]))
  }

  @Test func conditionedDecoder() throws {
    let architecture = try ConditionedArchitecture(
      contextSize: 3,
      decoder: TokenDecoder(embedding: EmbeddingTable(vocabularySize: 6, dimension: 5), recurrent: Self.stack(5)))
    let examples = ConditionedExamples<Float>(
      contexts: .zeros(rows: 3, columns: 3), sequences: Self.tokens(), startToken: 0, endToken: 1)
    check(ConditionedDecoder<Float>(architecture), on: examples.batch([0, 1, 2]))
  }

  @Test func encoderDecoder() throws {
    let embedding = try EmbeddingTable(vocabularySize: 6, dimension: 5)
    let architecture = try EncoderDecoderArchitecture(
      encoder: TokenEncoder(embedding: embedding, recurrent: Self.stack(5, isBidirectional: true)),
      decoder: TokenDecoder(embedding: embedding, recurrent: Self.stack(5)))
    let examples = EncoderDecoderExamples<Float>(
      sources: Self.tokens(), targets: Self.tokens(), startToken: 0, endToken: 1)
    check(EncoderDecoder<Float>(architecture), on: examples.batch([0, 1, 2]))
  }

  @Test func trainingObeysAndGivesTheSameBits() throws {
    let examples = SmallTasks.echo(count: 40, seed: 7)
    let models = try [TapeMemory.everything, .least, .budget(bytes: 2000)].map { memory in
      var model = try SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4)
      try model.train(on: examples, TrainingOptions(epochs: 2, batchSize: 6, seed: 3, memory: memory))
      return model
    }
    #expect(models[1].parameters == models[0].parameters && models[2].parameters == models[0].parameters)
  }

  @Test func aBudgetThatIsNotPositiveIsAnError() throws {
    #expect(throws: ConfigurationError.self) {
      try Trainer(SmallTasks.model(), TrainingOptions(memory: .budget(bytes: 0)))
    }
  }
}
