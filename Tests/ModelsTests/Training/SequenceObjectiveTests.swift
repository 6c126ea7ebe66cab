import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceObjectiveTests {
  /// The pinball loss of a forecast of quantiles: the example in ``ElementwiseLoss``.
  private struct PinballLoss: ElementwiseLoss {
    let quantiles: [Double]

    func term(prediction: Double, target: Double, column: Int) -> (loss: Double, slope: Double) {
      let quantile = quantiles[column % quantiles.count]
      let error = target - prediction
      return error >= 0 ? (quantile * error, -quantile) : ((quantile - 1) * error, 1 - quantile)
    }
  }

  /// The mean squared error, written anew.
  private struct SquaredError: ElementwiseLoss {
    func term(prediction: Double, target: Double, column: Int) -> (loss: Double, slope: Double) {
      ((prediction - target) * (prediction - target), 2 * (prediction - target))
    }
  }

  private static let variants = ModelVariant.all.filter { !$0.readsTokens }

  @Test(arguments: variants)
  func theGradientOfALossOfOnesOwnMatchesFiniteDifferences(_ variant: ModelVariant) throws {
    let objective = try variant.model(as: Double.self).minimizing(PinballLoss(quantiles: [0.2, 0.75]))
    let check = objective.checkGradient(on: variant.batch(), atMost: 12)
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test func theSameLossWrittenAnewGivesTheSameGradient() throws {
    let variant = ModelVariant(readsTokens: false, readout: .everyStep, isBidirectional: false, kind: .lstm)
    for truncation in [nil, 4] {
      let model = try variant.model(truncation: truncation, as: Double.self)
      func run<Model: TrainableModel>(_ model: Model) -> [(LossValue, ParameterVector<Model.Scalar>)]
      where Model.Batch == SequenceBatch<Double> {
        var tape = model.makeTape(seed: 0)
        return (0..<model.windowCount(of: variant.batch())).map { window in
          var gradient = ParameterVector<Model.Scalar>.zeros(model.parameters.layout)
          let loss = model.accumulateGradient(of: variant.batch(), window: window, tape: &tape, into: &gradient)
          return (loss, gradient)
        }
      }
      let (found, wanted) = (run(model.minimizing(SquaredError())), run(model))
      #expect(found.count == wanted.count)
      for (a, b) in zip(found, wanted) { #expect(a.0 == b.0 && a.1 == b.1) }
    }
  }

  @Test func maskedTargetsDoNotReachTheLoss() {
    let predictions = Matrix<Float>([[1, 2], [3, 4]])
    let targets = Matrix<Float>([[2, .nan], [.nan, 3]])
    var gradient = Matrix<Float>(repeating: 9, rows: 2, columns: 2)
    let loss = withViews(mutating: &gradient, reading: predictions, targets) {
      PinballLoss(quantiles: [0.25, 0.5])($1, .values($2), gradientInto: $0)
    }
    #expect(loss == (0.25 + 0.5) / 2)
    #expect(gradient == Matrix([[-0.125, 0], [0, 0.25]]))
  }

  /// The median of numbers minimises the pinball loss at one half, and the other quantiles theirs.
  @Test func trainingFindsTheQuantiles() throws {
    let quantiles = [0.1, 0.5, 0.9]
    var objective = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.gru(inputSize: 1, hiddenSize: 3)), readout: .finalState, outputSize: 3,
        loss: .meanAbsoluteError), seed: 1
    ).minimizing(PinballLoss(quantiles: quantiles))
    let count = 101
    let examples = try SequenceExamples<Float>(
      inputs: .features(Array(repeating: Matrix([[1]]), count: count)),
      targets: .finalValues((0..<count).map { [Float](repeating: Float($0) / Float(count - 1), count: 3) }))
    try objective.train(
      on: examples,
      TrainingOptions(
        epochs: 150, batchSize: count, schedule: .cosine(peak: 0.05, final: 0.001, totalSteps: 150)))
    let input = SequenceInputs<Float>.features(PackedSequence([Matrix([[1]])], features: 1))
    for (found, wanted) in zip(objective.model(input).predictions.row(0), quantiles) {
      #expect(abs(Double(found) - wanted) < 0.05)
    }
  }

  @Test func theParametersAreTheModels() throws {
    let variant = Self.variants[0]
    var objective = try variant.model(as: Double.self).minimizing(SquaredError())
    objective.parameters.setToZero()
    #expect(objective.model.parameters.norm == 0)
  }
}
