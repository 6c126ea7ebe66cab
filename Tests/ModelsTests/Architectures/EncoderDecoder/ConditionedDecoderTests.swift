import Kernels
import Models
import TestSupport
import Testing

@Suite struct ConditionedDecoderTests {
  @Test(arguments: DecoderVariant.all)
  func gradientMatchesFiniteDifferences(_ variant: DecoderVariant) throws {
    let check = try variant.conditioned(as: Double.self).checkGradient(
      on: DecoderVariant.conditionedBatch(), atMost: 12, seed: 2)
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test func theGradientIsAddedToWhatIsThere() throws {
    let model = try DecoderVariant.all[5].conditioned(as: Double.self)
    let batch: ConditionedBatch<Double> = DecoderVariant.conditionedBatch()
    var (tape, once) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &once)
    var twice = once
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &twice)
    twice.add(once, scaledBy: -2)
    #expect(twice.norm <= once.norm * Tolerance.operations(4, Double.self))
  }

  @Test func theContextDecidesTheSequence() throws {
    let model = try DecoderVariant(kind: .gru).conditioned(as: Double.self)
    let inputs = PackedSequence<Int32>([[0, 2], [0, 2]])
    let logits = model(inputs, context: Matrix([[1, 0, -1], [0, 1, 0.5]]))
    #expect(logits.sequence(0) != logits.sequence(1))
    #expect(logits == model(inputs, context: Matrix([[1, 0, -1], [0, 1, 0.5]])))
  }

  @Test func resultsDoNotDependOnTheBatch() throws {
    let model = try DecoderVariant.all[5].conditioned(as: Double.self)
    let (batch, contexts) = (DecoderVariant.conditionedBatch(as: Double.self), DecoderVariant.contexts(as: Double.self))
    let together = model(batch.inputs, context: contexts)
    for index in 0..<4 {
      let alone = model(
        PackedSequence([batch.inputs.sequence(index)], features: 1), context: contexts.selectingRows([index]))
      #expect(maximumRelativeDifference(alone.rows, together.sequence(index)) < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test func anExampleBeginsWithTheStartAndEndsWithTheEnd() {
    let examples = ConditionedExamples<Float>(
      contexts: Matrix([[1, 2], [3, 4]]), sequences: [[5], [6, 7]], startToken: 8, endToken: 9)
    #expect(examples.lengths == [2, 3])
    let batch = examples.batch([1])
    #expect(batch.context == Matrix([[3, 4]]))
    #expect(batch.inputs == PackedSequence([[8, 6, 7]]) && batch.targets == PackedSequence([[6, 7, 9]]))
  }

  @Test func itLearnsToSpell() throws {
    var model = ConditionedDecoder<Float>(
      try ConditionedArchitecture(
        contextSize: 2,
        decoder: TokenDecoder(
          embedding: EmbeddingTable(vocabularySize: 6, dimension: 5),
          recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 5, hiddenSize: 16)))), seed: 1)
    let examples = ConditionedExamples<Float>(
      contexts: Matrix([[1, 0], [0, 1], [1, 1]]), sequences: [[2, 3, 2], [3, 4, 5, 5, 2], [4]], startToken: 0,
      endToken: 1)
    let report = try model.train(
      on: examples, TrainingOptions(epochs: 120, batchSize: 3, schedule: .constant(0.02), seed: 2))
    #expect(report.losses[0] > 1 && report.losses[119] < 0.05)
  }
}
