internal import Kernels

extension TrainableModel {
  /// Trains this model.
  ///
  ///     let report = try model.train(on: examples, validatingOn: heldOut, TrainingOptions(epochs: 50, patience: 5)) {
  ///       print($0.epoch, $0.loss)
  ///       return .continue
  ///     }
  ///
  /// Afterwards it has the parameters of the epoch with the lowest validation loss, or the last ones without validation;
  /// so too where training was stopped before its end or failed.
  ///
  /// - Parameters:
  ///   - examples: What to learn from.
  ///   - validation: What to measure on after each epoch.
  ///   - options: How to train.
  ///   - progress: Called after every step and once more at the end of every epoch; its answer goes on or stops.
  ///     Cancelling the task that training runs in stops it too.
  /// - Returns: What happened.
  /// - Throws: ``ConfigurationError`` for settings that cannot be and, before the first step, for examples that
  ///   cannot be this model's (see ``check(_:)``) or are none, ``TrainingError`` at the
  ///   first loss or gradient that is not finite, before it reaches the parameters.
  @discardableResult
  public mutating func train<Examples: TrainingExamples<Batch>>(
    on examples: Examples, validatingOn validation: Examples? = nil, _ options: TrainingOptions = TrainingOptions(),
    progress: (TrainingProgress) -> TrainingDecision = { _ in .continue }
  ) throws -> TrainingReport {
    var trainer = try Trainer(self, options)
    trainer.keepsCheckpoints = false
    defer { self = trainer.best }
    return try trainer.run(on: examples, validatingOn: validation, progress: progress)
  }
}

/// A training run under way: a model, the options and the state. A value; a copy goes its own way.
///
/// ``TrainableModel/train(on:validatingOn:_:progress:)`` is the short way. With a trainer of one's own a run that was
/// stopped continues, to the same parameters, to the bit, as if it had not been:
///
///     var trainer = try Trainer(model, options)
///     try trainer.run(on: examples) { $0.step < 1000 ? .continue : .stop }
///     try trainer.run(on: examples)
///     let model = trainer.best
///
/// A step is a forward and a backward pass, one reduction and one update over the parameters; it allocates nothing but
/// the batch.
public struct Trainer<Model: TrainableModel>: Sendable {
  /// The model as trained so far.
  public private(set) var model: Model
  /// The settings.
  public let options: TrainingOptions
  /// The state of the run.
  public private(set) var state: TrainingState<Model.Scalar>

  /// Whether checkpoints are written: only they need a sum over the examples.
  var keepsCheckpoints = true
  /// What the run is of, for its checkpoints.
  var identity: RunIdentity
  /// The checkpoint that the run goes on from, until the examples were found to be those that it is of.
  var resumedFile: String?

  private let sampler: BatchSampler
  /// Decides what is random in each step, by its number.
  private let tapeSeed: UInt64
  /// Decides what is random in the examples of each batch, by its epoch and number.
  private let exampleSeed: UInt64
  private var tape: Model.Tape
  private var gradient: ParameterVector<Model.Scalar>

  /// A run that has not begun. Throws for the first setting that cannot be.
  public init(_ model: Model, _ options: TrainingOptions) throws(ConfigurationError) {
    try options.check()
    self.model = model
    self.options = options
    state = TrainingState(options, count: model.parameters.count)
    var seeds = SeededGenerator(seed: options.seed)
    sampler = try BatchSampler(batchSize: options.batchSize, seed: seeds.next())
    tapeSeed = seeds.next()
    exampleSeed = seeds.next()
    tape = model.makeTape(seed: tapeSeed, memory: options.memory)
    gradient = .zeros(model.parameters.layout)
    identity = RunIdentity(of: model)
  }

  /// The instruction sets, OpenBLAS cores and numbers of threads that the run was trained with so far, such as
  /// `avx2, OpenBLAS Haswell, 2 threads`. Where they are several, because it was resumed elsewhere, its parameters may differ
  /// in their last bits from those of a run that was not.
  public var kernels: [String] { identity.kernels }

  /// The model with the parameters of the lowest validation loss so far, or as trained so far without validation.
  public var best: Model {
    guard let parameters = state.best else { return model }
    var best = model
    best.parameters = parameters
    return best
  }

  /// What the tape carries from the last window to the next; nothing between batches.
  var carriedState: [Matrix<Model.Scalar>] { state.course.window > 0 ? model.carriedState(of: tape) : [] }

  /// Continues from the state of another run of the same options. Returns whether `carried` can be the model's.
  mutating func restore(
    _ state: TrainingState<Model.Scalar>, parameters: ParameterVector<Model.Scalar>,
    carrying carried: [Matrix<Model.Scalar>]
  ) -> Bool {
    guard state.course.window == 0 ? carried.isEmpty : model.carry(carried, on: &tape) else { return false }
    self.state = state
    model.parameters = parameters
    return true
  }

  /// Trains until all epochs are done, patience is over or it is stopped; continues where the last call stopped.
  ///
  /// Parameters, result and errors are those of ``TrainableModel/train(on:validatingOn:_:progress:)``. A further call
  /// must be given the same examples; after ``resume(fromCheckpoint:allowsNonFinite:)`` others are a
  /// ``SafetensorsError``. The first call reads all examples once more than training does, for the sum by which a
  /// checkpoint knows them.
  @discardableResult
  public mutating func run<Examples: TrainingExamples<Model.Batch>>(
    on examples: Examples, validatingOn validation: Examples? = nil,
    progress report: (TrainingProgress) -> TrainingDecision = { _ in .continue }
  ) throws -> TrainingReport {
    let lengths = examples.lengths
    try checkExamples(count: lengths.count, validation: validation?.lengths.count)
    try model.check(examples, called: "example", batchSize: options.batchSize)
    if let validation { try model.check(validation, called: "validation example", batchSize: options.batchSize) }
    try identify(examples, validation)
    var pace = TrainingPace(course: state.course)
    defer { state.course.seconds = pace.totalSeconds }

    while !isOver(state.course) {
      let batches = sampler.batches(of: lengths, epoch: state.course.epoch)
      try checkPlace(in: batches.count)
      while state.course.batch < batches.count {
        let indices = batches[state.course.batch]
        var generator = SeededGenerator(
          seed: SeededGenerator.seed(of: exampleSeed, stream: UInt64(state.course.epoch)),
          stream: UInt64(state.course.batch))
        let batch = examples.batch(indices, using: &generator)
        let windows = model.windowCount(of: batch)
        try checkCarriedState(fits: indices, windows: windows)
        repeat {
          try step(on: batch, examples: indices)
          state.course.finishWindow(of: windows)
          pace.add(
            examples: Double(indices.count) / Double(windows),
            epochsDone: state.course.epochsDone(batches: batches.count, windows: windows))
          if shouldStop(after: report(progress(batches: batches.count, pace))) { return makeReport(.stopped, pace) }
        } while state.course.window > 0
      }
      if let validation {
        pace.pause()
        let loss = try validate(on: validation)
        pace.resume()
        guard let loss else { return makeReport(.stopped, pace) }
        observe(validationLoss: loss)
      }
      let last = finishEpoch(progress(batches: batches.count, pace))
      if shouldStop(after: report(last)) { return makeReport(.stopped, pace) }
    }
    return makeReport(isOutOfPatience(state.course) ? .outOfPatience : .allEpochs, pace)
  }
}

// MARK: - Parts of a run

extension Trainer {
  private func checkExamples(count: Int, validation: Int?) throws(ConfigurationError) {
    try ConfigurationError.require(count > 0, "training examples", "0", wanted: "at least 1")
    try ConfigurationError.require(
      validation != 0, "validation examples", "0", wanted: "at least 1, or no validation")
    if let patience = options.patience {
      try ConfigurationError.require(
        validation != nil, "patience", "\(patience) without validation", wanted: "validation examples, or no patience")
    }
  }

  /// Where a run goes on in the middle of an epoch of `batches` batches, that must be one of them.
  private func checkPlace(in batches: Int) throws(ConfigurationError) {
    let course = state.course
    try ConfigurationError.require(
      course.batch < batches || course.batch == batches && course.window == 0, "examples to go on with",
      "\(batches) batches", wanted: "those that the run was stopped in, at batch \(course.batch + 1)")
  }

  /// Where a run goes on in the middle of a batch, that must be the batch that it was stopped in.
  private func checkCarriedState(fits batch: [Int], windows: Int) throws(ConfigurationError) {
    guard state.course.window > 0 else { return }
    let rows = carriedState.first?.rows ?? batch.count
    try ConfigurationError.require(
      state.course.window < windows && rows == batch.count, "examples to go on with",
      "a batch of \(batch.count) in \(windows) windows",
      wanted: "those that the run was stopped in, at window \(state.course.window + 1) of a batch of \(rows)")
  }

  /// Takes note of what the run is of, once; a run that was resumed must be given the same examples.
  private mutating func identify<Examples: TrainingExamples<Model.Batch>>(
    _ examples: Examples, _ validation: Examples?
  ) throws(SafetensorsError) {
    guard resumedFile != nil || keepsCheckpoints && identity.data == nil else { return }
    let sum = examples.contentSum(validatingOn: validation)
    if let resumedFile, let saved = identity.data, saved != sum {
      throw SafetensorsErrorContext(file: resumedFile)(
        .metadata, "a checkpoint of a run on other data, of sum \(saved)", "the data of sum \(sum)")
    }
    (identity.data, resumedFile) = (sum, nil)
  }

  /// Whether no step follows `course`.
  func isOver(_ course: TrainingCourse) -> Bool { course.epoch >= options.epochs || isOutOfPatience(course) }

  private func isOutOfPatience(_ course: TrainingCourse) -> Bool {
    options.patience.map { course.epochsWithoutImprovement >= $0 } ?? false
  }

  private func shouldStop(after decision: TrainingDecision) -> Bool { decision == .stop || Task.isCancelled }

  /// One window of `batch`: gradient, clipping, update.
  private mutating func step(on batch: Model.Batch, examples: [Int]) throws(TrainingError) {
    gradient.setToZero()
    model.reseed(&tape, with: SeededGenerator.seed(of: tapeSeed, stream: UInt64(state.course.steps)))
    model.prepare(&tape, forStep: state.course.steps)
    let loss = model.accumulateGradient(of: batch, window: state.course.window, tape: &tape, into: &gradient)
    guard loss.mean.isFinite else { throw notFinite(.loss, loss.mean, state.course.batch, examples) }
    let norm = options.gradientNormLimit.map { gradient.clip(toGlobalNorm: Model.Scalar($0)) } ?? gradient.norm
    guard norm.isFinite else { throw notFinite(.gradient, Double(norm), state.course.batch, examples) }

    let rate = state.course.scheduler.rate(at: state.optimizer.state.step)
    // Where nothing counts there is nothing to learn, and momentum or weight decay must not act alone.
    if loss.count > 0 {
      state.optimizer.update(&model.parameters, gradient: gradient, learningRate: Model.Scalar(rate))
    }
    state.course.epochLoss.add(loss)
    state.course.lastStep = TrainingCourse.Step(loss: loss.mean, gradientNorm: Double(norm), learningRate: rate)
  }

  /// The mean loss over `validation`, or `nil` if the task was cancelled.
  private mutating func validate<Examples: TrainingExamples<Model.Batch>>(
    on validation: Examples
  ) throws(TrainingError) -> Double? {
    var total = LossValue(mean: 0, count: 0)
    let batches = BatchSampler.batchesByLength(of: validation.lengths, batchSize: options.batchSize)
    for (number, indices) in batches.enumerated() {
      if Task.isCancelled { return nil }
      let loss = model.loss(of: validation.batch(indices), tape: &tape)
      guard loss.mean.isFinite else { throw notFinite(.validationLoss, loss.mean, number, indices) }
      total.add(loss)
    }
    return total.mean
  }

  private mutating func observe(validationLoss: Double) {
    if state.course.observe(validationLoss: validationLoss) { state.best = model.parameters }
  }

  private func notFinite(
    _ quantity: TrainingError.Quantity, _ value: Double, _ batch: Int, _ examples: [Int]
  ) -> TrainingError {
    let culprit = quantity == .validationLoss ? nil : gradient.firstNonFinite()
    return TrainingError(
      quantity: quantity, value: quantity == .gradient ? culprit.map { Double($0.value) } ?? value : value,
      epoch: state.course.epoch + 1, batch: batch + 1, examples: examples, parameter: culprit?.name)
  }

  private func progress(batches: Int, _ pace: TrainingPace) -> TrainingProgress {
    let (course, step) = (state.course, state.course.lastStep)
    return TrainingProgress(
      epoch: course.epoch + 1, epochs: options.epochs, epochsDone: pace.epochs,
      batch: course.batch + (course.window > 0 ? 1 : 0), batches: batches, step: course.steps, loss: step.loss,
      epochLoss: course.epochLoss.mean,
      validationLoss: course.validationLosses.last, gradientNorm: step.gradientNorm, learningRate: step.learningRate,
      examplesPerSecond: pace.examplesPerSecond, secondsLeft: pace.secondsLeft(of: options.epochs))
  }

  /// Finishes an epoch; returns its last `progress` with the new figures.
  private mutating func finishEpoch(_ progress: TrainingProgress) -> TrainingProgress {
    var progress = progress
    progress.isEndOfEpoch = true
    state.course.finishEpoch()
    return progress
  }

  private func makeReport(_ ending: TrainingReport.Ending, _ pace: TrainingPace) -> TrainingReport {
    TrainingReport(
      losses: state.course.losses, validationLosses: state.course.validationLosses,
      bestEpoch: state.course.bestEpoch.map { $0 + 1 }, steps: state.course.steps, seconds: pace.totalSeconds,
      ending: ending)
  }
}
