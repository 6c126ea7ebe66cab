import Kernels
import Models
import TestSupport
import Testing

@Suite struct EncoderDecoderTests {
  private static let variants = DecoderVariant.all + DecoderVariant.attentive

  @Test(arguments: variants)
  func gradientMatchesFiniteDifferences(_ variant: DecoderVariant) throws {
    let check = try variant.encoderDecoder(as: Double.self).checkGradient(
      on: DecoderVariant.pairBatch(), atMost: 10, seed: 2)
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test func theGradientIsAddedToWhatIsThere() throws {
    let model = try DecoderVariant.attentive[1].encoderDecoder(as: Double.self)
    let batch: EncoderDecoderBatch<Double> = DecoderVariant.pairBatch()
    var (tape, once) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &once)
    var twice = once
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &twice)
    twice.add(once, scaledBy: -2)
    #expect(twice.norm <= once.norm * Tolerance.operations(4, Double.self))
  }

  @Test(arguments: DecoderVariant.attentive)
  func resultsDoNotDependOnTheBatch(_ variant: DecoderVariant) throws {
    let model = try variant.encoderDecoder(as: Double.self)
    let batch = DecoderVariant.pairBatch(as: Double.self)
    let together = model(batch.inputs, sources: batch.sources)
    for index in 0..<4 {
      let alone = model(
        PackedSequence([batch.inputs.sequence(index)], features: 1),
        sources: PackedSequence([batch.sources.sequence(index)], features: 1))
      #expect(maximumRelativeDifference(alone.rows, together.sequence(index)) < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test(arguments: ComputePath.allCases)
  func thePathsAgree(_ path: ComputePath) throws {
    for variant in DecoderVariant.attentive.prefix(2) {
      var model = try variant.encoderDecoder(as: Double.self)
      let batch = DecoderVariant.pairBatch(as: Double.self)
      let wanted = model(batch.inputs, sources: batch.sources)
      model.execution = Execution(path: path, threads: 2)
      let found = model(batch.inputs, sources: batch.sources)
      #expect(maximumRelativeDifference(found.rows, wanted.rows) < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test func attentionWeightsAreAMeanOverTheSource() throws {
    let model = try DecoderVariant.attentive[0].encoderDecoder(as: Double.self)
    let weights = model.attentionWeights(of: [0, 3, 2], source: [1, 6, 6, 4, 2])
    #expect(weights.rows == 3 && weights.columns == 5)
    for row in weights.nestedRows {
      #expect(abs(row.reduce(0, +) - 1) < 1e-14 && row.allSatisfy { $0 > 0 })
    }
  }

  @Test func theTrainingLossIsTheLossWithoutDropout() throws {
    let model = try DecoderVariant.attentive[1].encoderDecoder(as: Double.self)
    let batch = DecoderVariant.pairBatch(as: Double.self)
    var (tape, gradient) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
    let loss = model.loss(of: batch, tape: &tape)
    #expect(model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient) == loss)
    #expect(loss.count == DecoderVariant.sequences.map { $0.count + 1 }.reduce(0, +) - 1)
  }

  @Test func whatTheDecoderWroteItselfIsReadOnlyInTraining() throws {
    let sampled = try DecoderVariant.attentive[3].encoderDecoder(as: Double.self)
    let batch = DecoderVariant.pairBatch(as: Double.self)
    var (tape, gradient) = (sampled.makeTape(seed: 0), ParameterVector<Double>.zeros(sampled.parameters.layout))
    let loss = sampled.loss(of: batch, tape: &tape)
    func trainingLoss(step: Int, seed: UInt64) -> Double {
      sampled.reseed(&tape, with: seed)
      sampled.prepare(&tape, forStep: step)
      return sampled.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient).mean
    }
    let late = trainingLoss(step: 100, seed: 7)
    #expect(late != loss.mean && late == trainingLoss(step: 100, seed: 7) && late != trainingLoss(step: 100, seed: 8))
    #expect(sampled.loss(of: batch, tape: &tape) == loss)
  }

  @Test func anExampleHasItsSourceAndItsTargetWithStartAndEnd() {
    let examples = EncoderDecoderExamples<Float>(
      sources: [[5], [6, 7, 6]], targets: [[2, 3], [4]], startToken: 8, endToken: 9)
    #expect(examples.lengths == [3, 2])
    let batch = examples.batch([1, 0])
    #expect(batch.sources == PackedSequence([[6, 7, 6], [5]]))
    #expect(
      batch.inputs == PackedSequence([[8, 4], [8, 2, 3]]) && batch.targets == PackedSequence([[4, 9], [2, 3, 9]]))
  }
}
