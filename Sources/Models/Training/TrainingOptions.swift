internal import Kernels

/// How a model is trained: the settings of ``TrainableModel/train(on:validatingOn:_:progress:)``.
public struct TrainingOptions: Hashable, Sendable {
  /// How often every example is seen, at most.
  public var epochs: Int
  /// Examples in a batch; the last batch of a bucket may have fewer.
  public var batchSize: Int
  /// The rule that moves the parameters.
  public var optimizer: OptimizerRule
  /// The learning rate of each step.
  public var schedule: LearningRateSchedule
  /// The Euclidean norm, over all parameters together, to which a longer gradient is shortened; `nil` for any length.
  public var gradientNormLimit: Double?
  /// After how many epochs without a lower validation loss training stops; `nil` for never. Needs validation.
  public var patience: Int?
  /// Decides the order of the examples and what dropout drops.
  public var seed: UInt64
  /// How much memory recordings of forward passes take; changes no bit of the result.
  public var memory: TapeMemory

  /// Settings; those left out suit a small network on a first try.
  public init(
    epochs: Int = 20, batchSize: Int = 32, optimizer: OptimizerRule = .adam(),
    schedule: LearningRateSchedule = .constant(1e-3), gradientNormLimit: Double? = 1, patience: Int? = nil,
    seed: UInt64 = 0, memory: TapeMemory = .everything
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.schedule = schedule
    self.gradientNormLimit = gradientNormLimit
    self.patience = patience
    self.seed = seed
    self.memory = memory
  }

  /// Whether a run of these options gives the same bits as one of `other`.
  func isEquivalent(to other: TrainingOptions) -> Bool {
    var other = other
    other.memory = memory
    return self == other
  }

  /// Batches of an epoch over `examples` examples: what a schedule over all steps is computed from, where backpropagation
  /// through time is not truncated.
  public func batchesPerEpoch(examples: Int) -> Int {
    require(examples >= 0 && batchSize >= 1, "\(examples) examples cannot be batches of \(batchSize)")
    return examples / batchSize + (examples.isMultiple(of: batchSize) ? 0 : 1)
  }

  /// Throws for the first setting that cannot be.
  func check() throws(ConfigurationError) {
    try ConfigurationError.checkPositive(["epochs": epochs, "batchSize": batchSize, "patience": patience ?? 1])
    let limit = gradientNormLimit ?? 1
    let smallest = Double(Float.leastNormalMagnitude)
    try ConfigurationError.require(
      limit >= smallest, "gradientNormLimit", "\(limit)", wanted: "a positive number, at least \(smallest)")
    try optimizer.check()
    try schedule.check()
    try memory.check()
  }
}

extension TrainingOptions: Codable {
  private enum CodingKeys: String, CodingKey {
    case epochs, batchSize, optimizer, schedule, gradientNormLimit, patience, seed, memory
  }

  /// Reads options from a file that is not trusted; those written before there was a choice of memory keep everything.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    epochs = try values.decode(Int.self, forKey: .epochs)
    batchSize = try values.decode(Int.self, forKey: .batchSize)
    optimizer = try values.decode(OptimizerRule.self, forKey: .optimizer)
    schedule = try values.decode(LearningRateSchedule.self, forKey: .schedule)
    gradientNormLimit = try values.decodeIfPresent(Double.self, forKey: .gradientNormLimit)
    patience = try values.decodeIfPresent(Int.self, forKey: .patience)
    seed = try values.decode(UInt64.self, forKey: .seed)
    memory = try values.decodeIfPresent(TapeMemory.self, forKey: .memory) ?? .everything
    try check()
  }

  /// Writes all settings, but for memory where everything is kept, so that such options have the bytes that they had before
  /// there was a choice.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(epochs, forKey: .epochs)
    try values.encode(batchSize, forKey: .batchSize)
    try values.encode(optimizer, forKey: .optimizer)
    try values.encode(schedule, forKey: .schedule)
    try values.encodeIfPresent(gradientNormLimit, forKey: .gradientNormLimit)
    try values.encodeIfPresent(patience, forKey: .patience)
    try values.encode(seed, forKey: .seed)
    if memory != .everything { try values.encode(memory, forKey: .memory) }
  }
}
