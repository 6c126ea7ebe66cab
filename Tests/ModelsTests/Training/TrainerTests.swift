import Kernels
import Models
import TestSupport
import Testing

@Suite struct TrainerTests {
  @Test(arguments: SmallTasks.cells)
  func everyCellLearnsASmallTask(_ cell: RecurrentCell) throws {
    var model = try SmallTasks.model(cell)
    let heldOut = SmallTasks.echo(count: 50, seed: 8)
    let before = try model.loss(over: heldOut).mean
    let report = try model.train(
      on: SmallTasks.echo(count: 200, seed: 7), validatingOn: heldOut,
      TrainingOptions(epochs: 30, batchSize: 9, schedule: .constant(0.01), seed: 3))
    #expect(report.ending == .allEpochs)
    #expect(report.losses.count == 30 && report.validationLosses.count == 30)
    #expect(report.losses[29] < report.losses[0] / 5)
    #expect(try model.loss(over: heldOut).mean < before / 10)
  }

  // MARK: Randomness and resumption

  @Test func theSameSeedGivesTheSameWeightsToTheBit() throws {
    func train(seed: UInt64) throws -> SequenceModel<Float> {
      var model = try SmallTasks.model(layers: 2, dropout: 0.3)
      try model.train(on: SmallTasks.echo(count: 40, seed: 7), TrainingOptions(epochs: 3, batchSize: 6, seed: seed))
      return model
    }
    let model = try train(seed: 3)
    #expect(try train(seed: 3).parameters == model.parameters)
    #expect(try train(seed: 4).parameters != model.parameters)
  }

  @Test(arguments: [1, 5, 6, 20, 27])
  func aStoppedRunGoesOnToTheSameBits(stoppedAt step: Int) throws {
    let (examples, heldOut) = (SmallTasks.echo(count: 40, seed: 7), SmallTasks.echo(count: 10, seed: 8))
    // Windows of four steps: some stops are in the middle of a batch.
    let model = try SmallTasks.model(layers: 2, dropout: 0.3, truncation: 4)
    let options = TrainingOptions(
      epochs: 3, batchSize: 6, schedule: .reduceOnPlateau(initial: 0.1, factor: 0.5, patience: 0), seed: 3)
    var whole = try Trainer(model, options)
    let report = try whole.run(on: examples, validatingOn: heldOut)
    var stopped = try Trainer(model, options)
    let first = try stopped.run(on: examples, validatingOn: heldOut) { $0.step < step ? .continue : .stop }
    #expect(first.ending == .stopped && first.steps == step)
    let second = try stopped.run(on: examples, validatingOn: heldOut)
    #expect(stopped.model.parameters == whole.model.parameters)
    #expect(stopped.state.optimizer == whole.state.optimizer && stopped.state.best == whole.state.best)
    #expect(second.losses == report.losses && second.validationLosses == report.validationLosses)
    #expect(second.steps == report.steps && second.ending == .allEpochs)
  }

  // MARK: Early stopping and being stopped

  /// Training pulls the numbers from 0 to 10 and beyond the 3 that validation wants.
  private let pulled = (
    examples: Numbers(values: [9, 10, 11]), validation: Numbers(values: [3]),
    options: TrainingOptions(
      epochs: 50, batchSize: 3, optimizer: .sgd(), schedule: .constant(0.2), gradientNormLimit: nil, patience: 4)
  )

  @Test func earlyStoppingKeepsTheBestEpoch() throws {
    var model = QuadraticModel([0.5, 0, -0.5])
    let report = try model.train(on: pulled.examples, validatingOn: pulled.validation, pulled.options)
    let best = try #require(report.bestEpoch)
    #expect(report.ending == .outOfPatience)
    #expect(report.validationLosses.count == best + 4 && report.losses.count == best + 4)
    #expect(report.validationLosses.firstIndex(of: report.validationLosses.min()!) == best - 1)
    #expect(try model.loss(over: pulled.validation).mean == report.validationLosses[best - 1])

    var untilThen = QuadraticModel([0.5, 0, -0.5])
    var options = pulled.options
    (options.epochs, options.patience) = (best, nil)
    try untilThen.train(on: pulled.examples, options)
    #expect(model.parameters == untilThen.parameters)
  }

  @Test func withoutPatienceTheBestEpochIsKeptToo() throws {
    var model = QuadraticModel([0.5, 0, -0.5])
    var options = pulled.options
    (options.epochs, options.patience) = (12, nil)
    let report = try model.train(on: pulled.examples, validatingOn: pulled.validation, options)
    #expect(report.ending == .allEpochs && report.losses.count == 12)
    #expect(try model.loss(over: pulled.validation).mean == report.validationLosses.min())
  }

  @Test func stoppingKeepsTheBestEpochSoFar() throws {
    var model = QuadraticModel([0.5, 0, -0.5])
    let report = try model.train(on: pulled.examples, validatingOn: pulled.validation, pulled.options) {
      $0.epoch < 9 ? .continue : .stop
    }
    #expect(report.ending == .stopped && report.losses.count == 8 && report.steps == 9)
    #expect(try model.loss(over: pulled.validation).mean == report.validationLosses.min())
  }

  @Test func stoppingWithoutValidationKeepsTheLatestModel() throws {
    var (model, other) = (QuadraticModel([0.5, 0, -0.5]), QuadraticModel([0.5, 0, -0.5]))
    var options = pulled.options
    options.patience = nil
    let report = try model.train(on: pulled.examples, options) { $0.step < 7 ? .continue : .stop }
    #expect(report.ending == .stopped && report.bestEpoch == nil)
    options.epochs = 7
    try other.train(on: pulled.examples, options)
    #expect(model.parameters == other.parameters)
  }

  @Test func cancellingTheTaskStops() async throws {
    let (examples, options) = (pulled.examples, TrainingOptions(epochs: 1_000_000))
    let task = Task.detached {
      var model = QuadraticModel([1, 2, 3])
      let report = try model.train(on: examples, options) { progress in
        if progress.step == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        return .continue
      }
      return (report, model)
    }
    let (report, model) = try await task.value
    #expect(report.ending == .stopped && report.steps == 3)
    #expect(model.numbers != [1, 2, 3] && model.numbers.allSatisfy(\.isFinite))
  }

  // MARK: Steps

  @Test func theScheduleSetsTheRateOfEveryStep() throws {
    var model = QuadraticModel([4, 4])
    var wanted = 4.0
    let schedule = LearningRateSchedule.stepDecay(initial: 0.5, factor: 0.5, interval: 2)
    let scheduler = LearningRateScheduler(schedule)
    let options = TrainingOptions(
      epochs: 5, batchSize: 1, optimizer: .sgd(), schedule: schedule, gradientNormLimit: nil)
    try model.train(on: Numbers(values: [1]), options) { progress in
      if !progress.isEndOfEpoch {
        #expect(progress.learningRate == scheduler.rate(at: progress.step - 1))
        wanted -= progress.learningRate * (wanted - 1) / 2
      }
      return .continue
    }
    #expect(model.numbers == [wanted, wanted])
  }

  @Test func aLongGradientIsClippedBeforeTheUpdate() throws {
    var model = QuadraticModel([30, 0, 0, 40])
    var norm = 0.0
    let options = TrainingOptions(
      epochs: 1, optimizer: .sgd(), schedule: .constant(1), gradientNormLimit: 0.5)
    try model.train(on: Numbers(values: [1e-300]), options) {
      norm = $0.gradientNorm
      return .continue
    }
    // The gradient is a quarter of the numbers: (7.5, 0, 0, 10), 12.5 long.
    #expect(maximumRelativeDifference([norm], [12.5]) <= Tolerance.operations(4, Double.self))
    #expect(maximumRelativeDifference(model.numbers, [29.7, 0, 0, 39.6]) <= Tolerance.operations(4, Double.self))
  }

  @Test func aBatchInWhichNothingCountsMovesNothing() throws {
    var model = QuadraticModel([4, 5])
    let options = TrainingOptions(epochs: 3, batchSize: 1, optimizer: .adamW(weightDecay: 0.5))
    let report = try model.train(on: Numbers(values: [0, 0]), options)
    #expect(model.numbers == [4, 5] && report.steps == 6)
  }

  @Test func progressCountsEpochsBatchesAndSteps() throws {
    var model = QuadraticModel([4, 5])
    var seen: [[Int]] = []
    var last: TrainingProgress?
    let report = try model.train(
      on: Numbers(values: [1, 2, 3, 4, 5]), validatingOn: Numbers(values: [2]), TrainingOptions(epochs: 2, batchSize: 2)
    ) { progress in
      #expect(progress.epochs == 2 && progress.batches == 3)
      #expect(progress.examplesPerSecond > 0 && progress.secondsLeft >= 0)
      #expect((progress.validationLoss == nil) == (progress.epoch == 1 && !progress.isEndOfEpoch))
      seen.append([progress.epoch, progress.batch, progress.step, progress.isEndOfEpoch ? 1 : 0])
      last = progress
      return .continue
    }
    #expect(
      seen == [
        [1, 1, 1, 0], [1, 2, 2, 0], [1, 3, 3, 0], [1, 3, 3, 1], [2, 1, 4, 0], [2, 2, 5, 0], [2, 3, 6, 0], [2, 3, 6, 1],
      ])
    #expect(last?.epochLoss == report.losses[1] && last?.validationLoss == report.validationLosses[1])
    #expect(last?.secondsLeft == 0)
  }

  // MARK: Numbers that are not finite

  @Test func aLossThatIsNotFiniteStopsBeforeTheUpdate() throws {
    var model = QuadraticModel([4, 5, 6])
    let error = #expect(throws: TrainingError.self) {
      try model.train(on: Numbers(values: [.nan]), TrainingOptions(epochs: 2))
    }
    #expect(error?.quantity == .loss && error?.epoch == 1 && error?.batch == 1)
    #expect(error?.examples == [0] && error?.parameter == "first")
    #expect(model.numbers == [4, 5, 6])
    #expect("\(try #require(error))".hasSuffix("the loss is nan, first in the gradient of first (examples 0)"))
  }

  @Test func aGradientThatIsNotFiniteStopsBeforeTheUpdate() throws {
    var model = QuadraticModel([4, 5, 6])
    model.gradientMistake = .infinity
    let error = #expect(throws: TrainingError.self) {
      try model.train(on: Numbers(values: [1, 2, 3]), TrainingOptions(epochs: 2, gradientNormLimit: nil))
    }
    #expect(error?.quantity == .gradient && error?.value == .infinity && error?.parameter == "first")
    #expect(model.numbers == [4, 5, 6])
  }

  @Test func aValidationLossThatIsNotFiniteStops() throws {
    var model = QuadraticModel([4, 5, 6])
    let error = #expect(throws: TrainingError.self) {
      try model.train(
        on: Numbers(values: [1, 2]), validatingOn: Numbers(values: [1, 2, .infinity]), TrainingOptions(batchSize: 1))
    }
    #expect(error?.quantity == .validationLoss && error?.batch == 3 && error?.examples == [2])
    #expect(error?.parameter == nil && model.numbers.allSatisfy(\.isFinite))
  }

  @Test func aFailureKeepsTheBestEpochSoFar() throws {
    // The rate doubles and doubles until the numbers overflow.
    var model = QuadraticModel([0.5, 0, -0.5])
    var options = pulled.options
    (options.epochs, options.patience) = (4000, nil)
    options.schedule = .stepDecay(initial: 0.1, factor: 2, interval: 1)
    var lowest = Double.infinity
    #expect(throws: TrainingError.self) {
      try model.train(on: pulled.examples, validatingOn: pulled.validation, options) {
        lowest = min(lowest, $0.validationLoss ?? .infinity)
        return .continue
      }
    }
    #expect(try model.loss(over: pulled.validation).mean == lowest)
  }

  @Test func aSequenceWithANaNIsNamedWithTheLayer() throws {
    var model = try SmallTasks.model()
    let before = model.parameters
    var examples = SmallTasks.echo(count: 5, seed: 7)
    guard case .features(var inputs) = examples.inputs else { return }
    inputs[3] = .init(repeating: .nan, rows: examples.lengths[3], columns: 3)
    examples = try SequenceExamples(inputs: .features(inputs), targets: examples.targets)
    let error = #expect(throws: TrainingError.self) {
      try model.train(on: examples, TrainingOptions(epochs: 1, batchSize: 5))
    }
    #expect(error?.parameter == "recurrent.weight_ih_l0" && error?.examples.contains(3) == true)
    #expect(model.parameters == before)
  }

  // MARK: Settings

  @Test(arguments: [
    ("epochs", TrainingOptions(epochs: 0)), ("batchSize", TrainingOptions(batchSize: -1)),
    ("gradientNormLimit", TrainingOptions(gradientNormLimit: 0)),
    ("gradientNormLimit", TrainingOptions(gradientNormLimit: .nan)), ("patience", TrainingOptions(patience: 0)),
    ("momentum", TrainingOptions(optimizer: .sgd(momentum: 1))),
    ("learning rate", TrainingOptions(schedule: .constant(-1))), ("patience", TrainingOptions(patience: 3)),
  ])
  func aSettingThatCannotBeIsAnError(_ setting: String, _ options: TrainingOptions) {
    var model = QuadraticModel([4, 5])
    let error = #expect(throws: ConfigurationError.self) { try model.train(on: Numbers(values: [1]), options) }
    #expect(error?.setting == setting)
  }

  @Test func noExamplesAreAnError() {
    var model = QuadraticModel([4, 5])
    let error = #expect(throws: ConfigurationError.self) { try model.train(on: Numbers(values: [])) }
    #expect(error?.setting == "training examples")
    let other = #expect(throws: ConfigurationError.self) {
      try model.train(on: Numbers(values: [1]), validatingOn: Numbers(values: []))
    }
    #expect(other?.setting == "validation examples")
  }
}
