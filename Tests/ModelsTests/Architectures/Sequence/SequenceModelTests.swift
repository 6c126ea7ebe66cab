import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceModelTests {
  // MARK: Gradients

  @Test(arguments: ModelVariant.all)
  func gradientMatchesFiniteDifferences(_ variant: ModelVariant) throws {
    let check = try variant.model(as: Double.self).checkGradient(on: variant.batch(), atMost: 12)
    let worst = try #require(check.worst)
    #expect(worst.relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func gradientMatchesFiniteDifferencesFromAGivenState(_ kind: RecurrentCell.Kind) throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: kind)
    let model: SequenceModel<Double> = try variant.model()
    var batch = variant.batch()
    batch.initialState = model(variant.inputs([2, 3, 1, 5])).state
    #expect(try #require(model.checkGradient(on: batch, atMost: 12).worst).relativeError < Tolerance.finiteDifference)
  }

  @Test func theGradientIsAddedToWhatIsThere() throws {
    let variant = ModelVariant.all[1]
    let (model, batch) = (try variant.model(as: Double.self), variant.batch())
    var tape = model.makeTape(seed: 0)
    var once = ParameterVector<Double>.zeros(model.parameters.layout)
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &once)
    var twice = once
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &twice)
    twice.add(once, scaledBy: -2)
    #expect(twice.norm <= once.norm * Tolerance.operations(4, Double.self))
  }

  @Test func theTrainingLossIsTheLossWithoutDropout() throws {
    for variant in ModelVariant.all {
      let (model, batch) = (try variant.model(as: Double.self), variant.batch())
      var tape = model.makeTape(seed: 0)
      var gradient = ParameterVector<Double>.zeros(model.parameters.layout)
      let loss = model.loss(of: batch, tape: &tape)
      #expect(model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient) == loss)
      #expect(loss.count > 0 && loss.mean > 0)
    }
  }

  @Test func whatIsMaskedDoesNotCount() throws {
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .gru)
    let model: SequenceModel<Double> = try variant.model()
    let inputs: SequenceInputs<Double> = variant.inputs([3, 2])
    func evaluate(_ classes: [[Int32]]) -> (LossValue, ParameterVector<Double>) {
      var (tape, gradient) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
      let batch = SequenceBatch(inputs: inputs, targets: .classes(PackedSequence(classes)))
      return (model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient), gradient)
    }
    let (loss, gradient) = evaluate([[2, -1, -1], [-1, 4]])
    let (first, _) = evaluate([[2, -1, -1], [-1, -1]])
    let (second, _) = evaluate([[-1, -1, -1], [-1, 4]])
    #expect(loss.count == 2 && first.count == 1 && second.count == 1)
    #expect(abs(loss.mean - (first.mean + second.mean) / 2) <= loss.mean * Tolerance.operations(4, Double.self))
    #expect(gradient.norm > 0)
    let (none, zero) = evaluate([[-1, -1, -1], [-1, -1]])
    #expect(none == LossValue(mean: 0, count: 0) && zero.norm == 0)
  }

  // MARK: Tied embeddings

  private static func tied(
    _ kind: RecurrentCell.Kind, readout: SequenceArchitecture.Readout = .everyStep, isBidirectional: Bool = false
  ) throws -> SequenceModel<Double> {
    let hidden = isBidirectional ? 2 : 4
    var model = SequenceModel<Double>(
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
        recurrent: RecurrentStack(
          RecurrentCell(kind, inputSize: 4, hiddenSize: hidden), layers: 2, isBidirectional: isBidirectional),
        readout: readout, outputSize: 7, loss: .softmaxCrossEntropy, tiesEmbedding: true),
      scheme: .pyTorch(hiddenSize: 5), seed: 3)
    model.execution = Execution(path: .blas, threads: 1)
    return model
  }

  @Test(arguments: SequenceArchitecture.Readout.allCases, [false, true])
  func theGradientOfATiedModelMatchesFiniteDifferences(
    _ readout: SequenceArchitecture.Readout, _ isBidirectional: Bool
  ) throws {
    let model = try Self.tied(.gru, readout: readout, isBidirectional: isBidirectional)
    let variant = ModelVariant(readsTokens: true, readout: readout, isBidirectional: isBidirectional, kind: .gru)
    let check = model.checkGradient(on: variant.batch())
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
    #expect(check.entries.map(\.parameter).filter { $0.hasPrefix("head") } == ["head.bias"])
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func aTiedModelPredictsWhatItsUntiedCopyDoes(_ kind: RecurrentCell.Kind) throws {
    let model = try Self.tied(kind)
    let untied = model.untied()
    #expect(untied.parameters.count == model.parameters.count + 7 * 4)
    #expect(untied.parameters["head.weight"] == model.parameters["embedding.weight"])
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: kind)
    #expect(untied(variant.inputs()).predictions == model(variant.inputs()).predictions)
    #expect(untied.untied().parameters == untied.parameters)
    var (a, b) = (untied.zeroState(batch: 2), untied.zeroState(batch: 2))
    #expect(try untied.decoder().step([3, 6], &a) == model.decoder().step([3, 6], &b))
  }

  @Test func theRowsOfATiedTableBeginWithLengthOne() throws {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 200, dimension: 50),
      recurrent: RecurrentStack(.gru(inputSize: 50, hiddenSize: 50)), outputSize: 200,
      loss: .softmaxCrossEntropy, tiesEmbedding: true)
    let norm = SequenceModel<Double>(architecture, seed: 1).parameters.norm(of: "embedding.weight")
    #expect(abs(norm * norm / 200 - 1) <= (2.0 / 50).squareRoot() * Tolerance.mean(ofDraws: 200))
  }

  @Test func whatCannotBeTiedIsAnError() {
    func setting(embedding: EmbeddingTable?, inputSize: Int = 4, hiddenSize: Int = 4, outputSize: Int = 7) -> String? {
      #expect(throws: ConfigurationError.self) {
        try SequenceArchitecture(
          embedding: embedding, recurrent: RecurrentStack(.gru(inputSize: inputSize, hiddenSize: hiddenSize)),
          outputSize: outputSize, loss: .softmaxCrossEntropy, tiesEmbedding: true)
      }?.setting
    }
    let table = try? EmbeddingTable(vocabularySize: 7, dimension: 4)
    #expect(setting(embedding: nil) == "tied embedding")
    #expect(setting(embedding: table, hiddenSize: 5) == "size that a tied head reads")
    #expect(setting(embedding: table, outputSize: 6) == "output size of a tied head")
  }

  // MARK: Truncated backpropagation through time

  private static let truncatable = ModelVariant.all.filter { $0.readout == .everyStep && !$0.isBidirectional }

  @Test(arguments: truncatable)
  func aWindowAsLongAsTheSequenceIsNoTruncation(_ variant: ModelVariant) throws {
    let batch = variant.batch()
    func evaluate(_ model: SequenceModel<Double>) -> (LossValue, ParameterVector<Double>) {
      var (tape, gradient) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
      #expect(model.windowCount(of: batch) == 1)
      return (model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient), gradient)
    }
    let whole = evaluate(try variant.model())
    for length in [9, 10, Int.max] {
      let windowed = evaluate(try variant.model(truncation: length))
      #expect(windowed.0 == whole.0 && windowed.1 == whole.1)
    }
  }

  @Test(arguments: truncatable, [1, 2, 4, 8])
  func theWindowsCarryTheStateAndCutTheGradient(_ variant: ModelVariant, length: Int) throws {
    let (model, batch) = (try variant.model(truncation: length, as: Double.self), variant.batch())
    let whole: SequenceModel<Double> = try variant.model()
    var tape = model.makeTape(seed: 0)
    var total = LossValue(mean: 0, count: 0)
    let windows = model.windowCount(of: batch)
    #expect(windows == (9 + length - 1) / length)
    for window in 0..<windows {
      var gradient = ParameterVector<Double>.zeros(model.parameters.layout)
      let loss = model.accumulateGradient(of: batch, window: window, tape: &tape, into: &gradient)
      total.add(loss)

      // The same steps alone, from the state that the steps before lead to, which is a constant to them.
      let start = window * length
      var alone = SequenceBatch(
        inputs: batch.inputs.steps(start..<start + length), targets: batch.targets.steps(start..<start + length))
      alone.initialState = whole(batch.inputs.steps(0..<start)).state
      var (wantedTape, wanted) = (whole.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
      let wantedLoss = whole.accumulateGradient(of: alone, window: 0, tape: &wantedTape, into: &wanted)
      #expect(loss.count == wantedLoss.count)
      let tolerance = Tolerance.gemm(k: 64, Double.self)
      #expect(abs(loss.mean - wantedLoss.mean) <= tolerance * wantedLoss.mean)
      let norm = wanted.norm
      wanted.add(gradient, scaledBy: -1)
      #expect(wanted.norm <= tolerance * norm)
    }
    let loss = whole.loss(of: batch, tape: &tape)
    #expect(total.count == loss.count && abs(total.mean - loss.mean) <= 1e-13 * loss.mean)
  }

  @Test func truncationThatCannotBeIsAnError() throws {
    let error = #expect(throws: ConfigurationError.self) { try ModelVariant.all[0].architecture(truncation: 0) }
    #expect(error?.setting == "truncation")
    for variant in ModelVariant.all where variant.isBidirectional || variant.readout != .everyStep {
      #expect(throws: ConfigurationError.self) { try variant.architecture(truncation: 5) }
    }
  }

  // MARK: Predictions

  @Test(arguments: truncatable, ComputePath.allCases)
  func splittingASequenceChangesNothing(_ variant: ModelVariant, _ path: ComputePath) throws {
    let model = try variant.model(path: path, as: Double.self)
    let inputs: SequenceInputs<Double> = variant.inputs()
    let whole = model(inputs)
    var state = model.zeroState(batch: inputs.layout.batch)
    for t in 0..<inputs.layout.steps {
      let step = model(inputs.steps(t..<t + 1), from: state)
      state = step.state
      for (b, length) in inputs.layout.lengths.enumerated() where t < length {
        let found = step.predictions.row(inputs.steps(t..<t + 1).layout.row(of: b, at: 0))
        let wanted = whole.predictions.row(inputs.layout.row(of: b, at: t))
        let difference = maximumRelativeDifference(found, wanted)
        #expect(path == .naive ? difference == 0 : difference <= Tolerance.gemm(k: 64, Double.self))
      }
    }
    #expect(path != .naive || state == whole.state)
  }

  @Test(arguments: ModelVariant.all)
  func resultsDoNotDependOnTheBatch(_ variant: ModelVariant) throws {
    let model: SequenceModel<Double> = try variant.model()
    let inputs: SequenceInputs<Double> = variant.inputs()
    let together = model(inputs).predictions
    for (b, length) in ModelVariant.lengths.enumerated() {
      let alone: SequenceInputs<Double> =
        switch inputs {
        case .features(let sequence): .features(PackedSequence([sequence.sequence(b)], features: 3))
        case .tokens(let sequence): .tokens(PackedSequence([sequence.sequence(b)], features: 1))
        }
      let rows = variant.readout != .everyStep ? [b] : (0..<length).map { inputs.layout.row(of: b, at: $0) }
      let found = together.selectingRows(rows).elements
      let wanted = model(alone).predictions.elements
      #expect(found.count == wanted.count)
      #expect(maximumRelativeDifference(found, wanted) <= Tolerance.gemm(k: 64, Double.self))
    }
  }

  @Test(arguments: ModelVariant.all)
  func omittedStateEqualsZeroState(_ variant: ModelVariant) throws {
    let model: SequenceModel<Float> = try variant.model()
    let omitted = model(variant.inputs())
    let zero = model(variant.inputs(), from: model.zeroState(batch: ModelVariant.lengths.count))
    #expect(omitted.predictions == zero.predictions && omitted.state == zero.state)
  }

  @Test(arguments: ModelVariant.all)
  func matchesTheNaivePath(_ variant: ModelVariant) throws {
    let blas = try variant.model(path: .blas, as: Double.self)(variant.inputs()).predictions
    let naive = try variant.model(path: .naive, as: Double.self)(variant.inputs()).predictions
    #expect(maximumRelativeDifference(blas, naive) <= Tolerance.gemm(k: 64, Double.self))
  }

  @Test func anEmbeddingOfAnotherSizeIsAnError() throws {
    let stack = try RecurrentStack(RecurrentCell.gru(inputSize: 3, hiddenSize: 5))
    let error = #expect(throws: ConfigurationError.self) {
      try SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 4), recurrent: stack, outputSize: 2,
        loss: .meanSquaredError)
    }
    #expect(error?.setting == "recurrent input size" && error?.found == "3")
  }
}
