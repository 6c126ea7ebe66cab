import Kernels
import Models

/// The pinball loss (Koenker & Bassett 1978): its minimum is not the mean of the targets but their quantiles. Predictions and
/// targets have a column for each quantile.
struct PinballLoss: ElementwiseLoss {
  let quantiles: [Double]

  func term(prediction: Double, target: Double, column: Int) -> (loss: Double, slope: Double) {
    let (quantile, error) = (quantiles[column], target - prediction)
    return error >= 0 ? (quantile * error, -quantile) : ((quantile - 1) * error, 1 - quantile)
  }
}

/// Forecasts three quantiles of what follows a noisy wave, with a GRU and a head that has a hidden layer; returns the share of
/// targets below each.
func forecastQuantiles() throws -> [Double] {
  let loss = PinballLoss(quantiles: [0.1, 0.5, 0.9])
  let architecture = try SequenceArchitecture(
    recurrent: RecurrentStack(.gru(inputSize: 1, hiddenSize: 16)), outputSize: 3, loss: .meanAbsoluteError,
    headSizes: [8])
  let wave = noisyWave(steps: 33, count: 200)
  let examples = try SequenceExamples<Float>(
    inputs: .features(wave.map { Matrix($0.dropLast().map { [$0] }) }),
    targets: .values(wave.map { Matrix($0.dropFirst().map { [$0, $0, $0] }) }))

  var training = SequenceModel<Float>(architecture, seed: 1).minimizing(loss)
  try training.train(on: examples, TrainingOptions(epochs: 15, schedule: .constant(5e-3)))

  let batch = examples.batch(Array(wave.indices))
  guard case .values(let targets) = batch.targets else { return [] }
  let predictions = training.model(batch.inputs).predictions
  let worst = SequenceModel<Double>(architecture, seed: 1).minimizing(loss).checkGradient(on: doubles(batch)).worst
  print("Pinball loss: worst error of the gradient", worst?.relativeError ?? .infinity)
  return loss.quantiles.indices.map { column in
    let below = (0..<predictions.rows).count { targets.rows[$0, column] < predictions[$0, column] }
    return Double(below) / Double(predictions.rows)
  }
}

private func noisyWave(steps: Int, count: Int) -> [[Float]] {
  var generator = SeededGenerator(seed: 2)
  return (0..<count).map { _ in
    var (value, previous) = (generator.normal(Float.self), generator.normal(Float.self))
    return (0..<steps).map { _ in
      (value, previous) = (1.6 * value - 0.8 * previous + 0.3 * generator.normal(Float.self), value)
      return value
    }
  }
}

/// A few sequences of `batch` in `Double`, in which differences of a loss resolve a gradient.
private func doubles(_ batch: SequenceBatch<Float>) -> SequenceBatch<Double> {
  guard case .features(let inputs) = batch.inputs, case .values(let targets) = batch.targets else {
    fatalError("a batch of features and values")
  }
  func converted(_ sequence: PackedSequence<Float>) -> PackedSequence<Double> {
    PackedSequence(
      (0..<3).map { index in Matrix(sequence.sequence(index).nestedRows.map { $0.map(Double.init) }) },
      features: sequence.features)
  }
  return SequenceBatch(inputs: .features(converted(inputs)), targets: .values(converted(targets)))
}
