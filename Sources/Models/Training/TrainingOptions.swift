/// How a model is trained: the settings of ``TrainableModel/train(on:validatingOn:_:progress:)``.
public struct TrainingOptions: Hashable, Codable, Sendable {
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

  /// Settings; those left out suit a small network on a first try.
  public init(
    epochs: Int = 20, batchSize: Int = 32, optimizer: OptimizerRule = .adam(),
    schedule: LearningRateSchedule = .constant(1e-3), gradientNormLimit: Double? = 1, patience: Int? = nil,
    seed: UInt64 = 0
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.schedule = schedule
    self.gradientNormLimit = gradientNormLimit
    self.patience = patience
    self.seed = seed
  }

  /// Batches of an epoch over `examples` examples: what a schedule over all steps is computed from, where backpropagation
  /// through time is not truncated.
  public func batchesPerEpoch(examples: Int) -> Int {
    examples / batchSize + (examples.isMultiple(of: batchSize) ? 0 : 1)
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
  }
}
