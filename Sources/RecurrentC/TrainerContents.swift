// recurrent.h documents the functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CRecurrent
internal import Kernels
internal import Models

/// What a handle of a trainer stands for.
struct TrainerContents: HandleContents {
  static var kind: HandleKind { .trainer }

  private(set) var model: SequenceModel<Float>
  private let preprocessing: Preprocessing
  private let givesProbabilities: Bool
  private var optimizer: Optimizer<Float>
  private var gradient: ParameterVector<Float>
  private var tape: SequenceTape<Float>
  private let gradientNormLimit: Float?
  private let seed: UInt64
  var learningRate: Float
  /// Gradients computed so far, which decide what dropout drops next.
  private var gradientCount: UInt64 = 0

  /// Throws where the model has no head, or for the first option that cannot be.
  init(_ contents: ModelContents, _ options: recurrent_training_options) throws {
    guard let model = contents.source else {
      throw CallError(RECURRENT_UNSUPPORTED, "a layer without a head has no loss to be trained with")
    }
    let rule = try optimizerRule(options)
    learningRate = try RecurrentC.learningRate(options.learning_rate == 0 ? 1e-3 : options.learning_rate)
    let limit = options.gradient_norm_limit
    guard limit.isFinite, limit == 0 || Float(limit) > 0, Float(limit).isFinite else {
      throw CallError.argument("gradient_norm_limit is \(limit), wanted a positive number, or 0 for none")
    }
    gradientNormLimit = limit == 0 ? nil : Float(limit)
    try MemoryNeed(numbers: 4 * Double(model.parameters.count)).check()
    self.model = model
    preprocessing = contents.preprocessing
    givesProbabilities = contents.givesProbabilities
    optimizer = Optimizer(rule, count: model.parameters.count)
    gradient = .zeros(model.parameters.layout)
    tape = model.makeTape(seed: options.seed, memory: .everything)
    seed = options.seed
  }

  /// The model as trained so far.
  func modelContents() throws -> ModelContents {
    try ModelContents(model, preprocessing, probabilities: givesProbabilities)
  }

  /// A step for each window of `batch`; returns the mean loss before it.
  mutating func step(on batch: SequenceBatch<Float>) throws -> Double {
    let windows = model.windowCount(of: batch)
    let countBefore = gradientCount
    // A failure in a later window undoes the earlier ones.
    let before = windows > 1 ? (model.parameters, optimizer) : nil
    do {
      var total = MeanLoss()
      for window in 0..<windows {
        gradient.setToZero()
        let loss = accumulate(batch, window)
        try checkFinite("the loss", loss.mean)
        let norm = gradientNormLimit.map { gradient.clip(toGlobalNorm: $0) } ?? gradient.norm
        try checkFinite("the norm of the gradient", Double(norm))
        // Where nothing counts, momentum and weight decay must not act alone.
        if loss.count > 0 { optimizer.update(&model.parameters, gradient: gradient, learningRate: learningRate) }
        total.add(loss)
      }
      return total.mean
    } catch {
      gradientCount = countBefore
      if let before { (model.parameters, optimizer) = before }
      throw error
    }
  }

  /// The gradient over all windows of `batch`, into `target`; returns the mean loss.
  mutating func gradient(on batch: SequenceBatch<Float>, into target: UnsafeMutablePointer<Float>) -> Double {
    gradient.setToZero()
    var total = MeanLoss()
    for window in 0..<model.windowCount(of: batch) { total.add(accumulate(batch, window)) }
    gradient.withUnsafeBufferPointer { target.update(from: $0.baseAddress!, count: $0.count) }
    return total.mean
  }

  private mutating func accumulate(_ batch: SequenceBatch<Float>, _ window: Int) -> LossValue {
    model.reseed(&tape, with: SeededGenerator.seed(of: seed, stream: gradientCount))
    gradientCount += 1
    return model.accumulateGradient(of: batch, window: window, tape: &tape, into: &gradient)
  }

  /// A step of the optimiser with the caller's gradient, on the caller's parameters or one's own.
  mutating func update(_ parameters: UnsafeMutablePointer<Float>?, _ source: UnsafePointer<Float>) throws {
    let count = model.parameters.count
    try checkAreFinite(source, count, "gradient")
    if let parameters { try replaceParameters(parameters) }
    gradient.withUnsafeMutableBufferPointer { $0.baseAddress!.update(from: source, count: count) }
    optimizer.update(&model.parameters, gradient: gradient, learningRate: learningRate)
    if let parameters { copyParameters(to: parameters) }
  }

  mutating func replaceParameters(_ source: UnsafePointer<Float>) throws {
    try checkAreFinite(source, model.parameters.count, "parameter")
    model.parameters.withUnsafeMutableBufferPointer { $0.baseAddress!.update(from: source, count: $0.count) }
  }

  func copyParameters(to target: UnsafeMutablePointer<Float>) {
    model.parameters.withUnsafeBufferPointer { target.update(from: $0.baseAddress!, count: $0.count) }
  }

  /// The batch that the caller's memory holds; throws where it is none of this model's.
  func batch(
    _ sequences: UnsafePointer<recurrent_sequences>?, _ targets: UnsafePointer<recurrent_targets>?
  ) throws -> SequenceBatch<Float> {
    let architecture = model.architecture
    let packing = try SequencePacking(sequences, architecture.input)
    guard !packing.lengths.isEmpty else { throw CallError.argument("no sequence to learn from") }
    let targets = try present(targets, "targets").pointee
    let (rows, everyStep) = (packing.rowCount(architecture.readout), architecture.readout == .everyStep)
    let takesClasses = architecture.loss == .softmaxCrossEntropy
    let width = takesClasses ? 1 : architecture.outputSize
    if takesClasses {
      try checkAbsent(targets.values == nil, targets.value_count, "values as targets", "classes")
      try checkCount("class_count", targets.class_count, rows, 1)
      try checkPresent(targets.classes, rows, "classes")
    } else {
      try checkAbsent(targets.classes == nil, targets.class_count, "classes as targets", "values")
      try checkCount("value_count", targets.value_count, rows, width)
      try checkPresent(targets.values, rows, "values")
    }
    try packing.memoryForTraining(architecture).check()
    let packed: SequenceTargets<Float> =
      switch (takesClasses, everyStep) {
      case (true, true): .classes(packing.pack(targets.classes, width: 1))
      case (true, false): .finalClasses(Array(UnsafeBufferPointer(start: targets.classes, count: rows)))
      case (false, true): .values(packing.pack(targets.values, width: width))
      case (false, false):
        .finalValues(
          Matrix(
            rows: rows, columns: width, UnsafeBufferPointer(start: targets.values, count: rows * width)))
      }
    let batch = SequenceBatch(inputs: packing.inputs(), targets: packed)
    try model.check(batch)
    return batch
  }

  func check(parameterCount: Int) throws {
    try checkCount("parameter_count", parameterCount, model.parameters.count, 1)
  }
}

/// A mean over batches, each with what it is the mean over.
private struct MeanLoss {
  private var sum = 0.0
  private var count = 0

  mutating func add(_ loss: LossValue) {
    sum += loss.mean * Double(loss.count)
    count += loss.count
  }

  var mean: Double { sum / Double(max(count, 1)) }
}

private func checkFinite(_ name: String, _ value: Double) throws {
  guard value.isFinite else { throw CallError(RECURRENT_NOT_FINITE, "\(name) is \(value)") }
}

private func checkAreFinite(_ numbers: UnsafePointer<Float>, _ count: Int, _ name: String) throws {
  let numbers = UnsafeBufferPointer(start: numbers, count: count)
  if let place = numbers.firstIndex(where: { !$0.isFinite }) {
    throw CallError(RECURRENT_NOT_FINITE, "\(name) \(place) is \(numbers[place])")
  }
}

private func learningRate(_ rate: Double) throws -> Float {
  guard rate > 0, Float(rate) > 0, Float(rate).isFinite else {
    throw CallError.argument("the learning rate is \(rate), wanted a positive number")
  }
  return Float(rate)
}

/// The rule that `options` describe; throws where there is none.
private func optimizerRule(_ options: recurrent_training_options) throws -> OptimizerRule {
  guard 0..<1 ~= options.momentum, options.momentum == 0 || options.optimizer == RECURRENT_SGD else {
    throw CallError.argument("momentum is \(options.momentum), wanted 0 up to but not 1, and 0 but for RECURRENT_SGD")
  }
  guard
    options.weight_decay >= 0, options.weight_decay.isFinite,
    options.weight_decay == 0 || options.optimizer == RECURRENT_ADAMW
  else {
    throw CallError.argument("weight_decay is \(options.weight_decay), wanted 0 or more, and 0 but for RECURRENT_ADAMW")
  }
  switch options.optimizer {
  case RECURRENT_ADAM: return .adam()
  case RECURRENT_ADAMW: return options.weight_decay == 0 ? .adamW() : .adamW(weightDecay: options.weight_decay)
  case RECURRENT_RMSPROP: return .rmsProp()
  case RECURRENT_SGD: return .sgd(momentum: options.momentum)
  default: throw CallError.argument("optimizer is \(options.optimizer.rawValue), wanted a recurrent_optimizer")
  }
}

// MARK: - Functions

@c @implementation
public func recurrent_trainer_create(
  _ model: OpaquePointer?, _ options: UnsafePointer<recurrent_training_options>?,
  _ trainer: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let trainer = try receiver(trainer, "trainer")
    var defaults = recurrent_training_options()
    defaults.size = MemoryLayout<recurrent_training_options>.size
    let model = try Handle<ModelContents>(model).contents.pointee
    let contents = try TrainerContents(model, options == nil ? defaults : structure(options, "options"))
    trainer.pointee = Handle(contents).pointer
  }
}

@c @implementation
public func recurrent_trainer_step(
  _ trainer: OpaquePointer?, _ sequences: UnsafePointer<recurrent_sequences>?,
  _ targets: UnsafePointer<recurrent_targets>?, _ loss: UnsafeMutablePointer<Double>?
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    try checkAligned(UnsafePointer(loss), "loss")
    let batch = try contents.pointee.batch(sequences, targets)
    let mean = try contents.pointee.step(on: batch)
    loss?.pointee = mean
  }
}

@c @implementation
public func recurrent_trainer_gradient(
  _ trainer: OpaquePointer?, _ sequences: UnsafePointer<recurrent_sequences>?,
  _ targets: UnsafePointer<recurrent_targets>?, _ gradient: UnsafeMutablePointer<Float>?, _ parameterCount: Int,
  _ loss: UnsafeMutablePointer<Double>?
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    let gradient = try present(gradient, "gradient")
    try checkAligned(UnsafePointer(loss), "loss")
    try contents.pointee.check(parameterCount: parameterCount)
    let batch = try contents.pointee.batch(sequences, targets)
    let mean = contents.pointee.gradient(on: batch, into: gradient)
    loss?.pointee = mean
  }
}

@c @implementation
public func recurrent_trainer_update(
  _ trainer: OpaquePointer?, _ parameters: UnsafeMutablePointer<Float>?, _ gradient: UnsafePointer<Float>?,
  _ parameterCount: Int
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    let gradient = try present(gradient, "gradient")
    try checkAligned(UnsafePointer(parameters), "parameters")
    try contents.pointee.check(parameterCount: parameterCount)
    try contents.pointee.update(parameters, gradient)
  }
}

@c @implementation
public func recurrent_trainer_set_learning_rate(_ trainer: OpaquePointer?, _ learningRate: Double) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    contents.pointee.learningRate = try RecurrentC.learningRate(learningRate)
  }
}

@c @implementation
public func recurrent_trainer_parameter_count(
  _ trainer: OpaquePointer?, _ parameterCount: UnsafeMutablePointer<Int>?
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    try present(parameterCount, "parameter_count").pointee = contents.pointee.model.parameters.count
  }
}

@c @implementation
public func recurrent_trainer_get_parameters(
  _ trainer: OpaquePointer?, _ parameters: UnsafeMutablePointer<Float>?, _ parameterCount: Int
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    let parameters = try present(parameters, "parameters")
    try contents.pointee.check(parameterCount: parameterCount)
    contents.pointee.copyParameters(to: parameters)
  }
}

@c @implementation
public func recurrent_trainer_set_parameters(
  _ trainer: OpaquePointer?, _ parameters: UnsafePointer<Float>?, _ parameterCount: Int
) -> recurrent_status {
  call {
    let contents = try Handle<TrainerContents>(trainer).contents
    let parameters = try present(parameters, "parameters")
    try contents.pointee.check(parameterCount: parameterCount)
    try contents.pointee.replaceParameters(parameters)
  }
}

@c @implementation
public func recurrent_trainer_model(
  _ trainer: OpaquePointer?, _ model: UnsafeMutablePointer<OpaquePointer?>?
) -> recurrent_status {
  call {
    let model = try receiver(model, "model")
    let contents = try Handle<TrainerContents>(trainer).contents
    model.pointee = Handle(try contents.pointee.modelContents()).pointer
  }
}

@c @implementation
public func recurrent_trainer_free(_ trainer: OpaquePointer?) -> recurrent_status {
  call { try free(trainer, TrainerContents.self) }
}
