import CRecurrent
import Kernels
import Models
import TestSupport
import Testing

@testable import RecurrentC

@Suite struct TrainerContentsTests {
  private let model: SequenceModel<Float>
  private let lengths = [4, 6, 5]
  private let features: [Float] = (0..<45).map { Float($0 * 7 % 19) / 19 - 0.5 }
  private let values: [Float] = (0..<30).map { Float($0 * 5 % 13) / 13 - 0.5 }

  init() throws { model = try Self.model() }

  private static func model(truncation: Int? = nil) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5)), outputSize: 2, loss: .meanSquaredError,
        truncation: truncation),
      seed: 1)
  }

  private var batch: SequenceBatch<Float> {
    func pack(_ numbers: [Float], _ width: Int) -> PackedSequence<Float> {
      var (start, sequences): (Int, [Matrix<Float>]) = (0, [])
      for length in lengths {
        sequences.append(Matrix(rows: length, columns: width, numbers[start..<start + length * width]))
        start += length * width
      }
      return PackedSequence(sequences, features: width)
    }
    return SequenceBatch(inputs: .features(pack(features, 3)), targets: .values(pack(values, 2)))
  }

  private func trainer(
    of model: SequenceModel<Float>, _ options: recurrent_training_options? = nil
  ) throws -> Held {
    try withTemporaryFolder { folder in
      try model.write(to: folder + "/model")
      return try .trainer(.model(at: folder + "/model"), options)
    }
  }

  private func parameters(_ trainer: Held) throws -> [Float] {
    var numbers = [Float](repeating: .nan, count: model.parameters.count)
    try check(recurrent_trainer_get_parameters(trainer.pointer, &numbers, numbers.count))
    return numbers
  }

  private func step(_ trainer: Held) throws -> Double {
    var loss = Double.nan
    try withSequences(lengths, features: features) { sequences in
      try withTargets(values: values) {
        try check(recurrent_trainer_step(trainer.pointer, sequences, $0, &loss))
      }
    }
    return loss
  }

  private func gradient(_ trainer: Held) throws -> (loss: Double, gradient: [Float]) {
    var (loss, gradient) = (Double.nan, [Float](repeating: .nan, count: model.parameters.count))
    try withSequences(lengths, features: features) { sequences in
      try withTargets(values: values) {
        try check(
          recurrent_trainer_gradient(trainer.pointer, sequences, $0, &gradient, gradient.count, &loss))
      }
    }
    return (loss, gradient)
  }

  private func numbers(_ parameters: ParameterVector<Float>) -> [Float] {
    parameters.withUnsafeBufferPointer { Array($0) }
  }

  @Test func theGradientIsTheEngines() throws {
    var (tape, expected) = (model.makeTape(seed: 0), ParameterVector<Float>.zeros(model.parameters.layout))
    let loss = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &expected)
    let found = try gradient(trainer(of: model))
    #expect(found.gradient == numbers(expected))
    #expect(found.loss == loss.mean)
  }

  @Test func anUpdateOfTheCallersBuffersIsTheOptimizers() throws {
    let trainer = try trainer(of: model)
    let gradient = try gradient(trainer).gradient
    var parameters = try parameters(trainer)
    try check(recurrent_trainer_update(trainer.pointer, &parameters, gradient, gradient.count))
    var (expected, vector) = (model.parameters, ParameterVector<Float>.zeros(model.parameters.layout))
    vector.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: gradient) }
    var optimizer = Optimizer<Float>(.adam(), count: gradient.count)
    optimizer.update(&expected, gradient: vector, learningRate: 1e-3)
    #expect(parameters == numbers(expected))
    #expect(try self.parameters(trainer) == parameters)
  }

  @Test func aStepIsAGradientAndAnUpdate() throws {
    let (whole, parts) = (try trainer(of: model), try trainer(of: model))
    for _ in 0..<3 {
      let loss = try step(whole)
      let (same, gradient) = try gradient(parts)
      try check(recurrent_trainer_update(parts.pointer, nil, gradient, gradient.count))
      #expect(loss == same)
    }
    #expect(try parameters(whole) == parameters(parts))
  }

  @Test(arguments: [RECURRENT_ADAM, RECURRENT_ADAMW, RECURRENT_RMSPROP, RECURRENT_SGD])
  func everyOptimizerLowersTheLoss(_ optimizer: recurrent_optimizer) throws {
    var options = recurrent_training_options()
    options.optimizer = optimizer
    options.learning_rate = optimizer == RECURRENT_SGD ? 0.1 : 0.01
    options.gradient_norm_limit = 1
    let trainer = try trainer(of: model, options)
    let first = try step(trainer)
    for _ in 0..<20 { _ = try step(trainer) }
    #expect(try step(trainer) < first)
  }

  @Test func aTruncatedModelStepsOnceForEachWindow() throws {
    let truncated = try Self.model(truncation: 2)
    let trainer = try trainer(of: truncated)
    let loss = try step(trainer)
    #expect(loss.isFinite)
    #expect(try parameters(trainer) != numbers(model.parameters))
    // A failure in the last window undoes the first ones.
    let before = try parameters(trainer)
    var spoiled = features
    // The last step of the longest sequence, which is in the last window.
    spoiled.replaceSubrange(27..<29, with: [.infinity, -.infinity])
    let status = withSequences(lengths, features: spoiled) { sequences in
      withTargets(values: values) { recurrent_trainer_step(trainer.pointer, sequences, $0, nil) }
    }
    #expect(status == RECURRENT_NOT_FINITE)
    #expect(try parameters(trainer) == before)
  }

  @Test func aFailedStepDoesNotChangeWhatDropoutDropsNext() throws {
    let dropping = SequenceModel<Float>(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5), layers: 2, dropout: 0.5), outputSize: 2,
        loss: .meanSquaredError),
      seed: 1)
    let (failing, other) = (try trainer(of: dropping), try trainer(of: dropping))
    var spoiled = features
    spoiled.replaceSubrange(0..<2, with: [.infinity, -.infinity])
    let status = withSequences(lengths, features: spoiled) { sequences in
      withTargets(values: values) { recurrent_trainer_step(failing.pointer, sequences, $0, nil) }
    }
    #expect(status == RECURRENT_NOT_FINITE)
    #expect(try step(failing) == step(other))
  }

  @Test func theTrainedModelHasTheParameters() throws {
    let trainer = try trainer(of: model)
    _ = try step(trainer)
    let trained = try Held.model(of: trainer)
    try withTemporaryFolder { folder in
      try check(recurrent_model_write(trained.pointer, folder + "/trained"))
      let read = try SequenceModel<Float>.read(from: folder + "/trained").model
      #expect(try numbers(read.parameters) == parameters(trainer))
    }
  }
}
