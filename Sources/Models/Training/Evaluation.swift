extension TrainableModel {
  /// The mean loss over all of `examples`, without dropout: the mean over everything that counts in any of them, however
  /// they are cut into batches.
  ///
  /// - Parameters:
  ///   - examples: What to evaluate on.
  ///   - batchSize: Examples in a pass.
  /// - Throws: ``ConfigurationError`` where the batch size is not positive, or an example cannot be this model's.
  public func loss(
    over examples: some TrainingExamples<Batch>, batchSize: Int = 64
  ) throws(ConfigurationError) -> LossValue {
    try ConfigurationError.checkPositive(["batchSize": batchSize])
    try check(examples, called: "example", batchSize: batchSize)
    var tape = makeTape(seed: 0)
    var total = LossValue(mean: 0, count: 0)
    for indices in BatchSampler.batchesByLength(of: examples.lengths, batchSize: batchSize) {
      total.add(loss(of: examples.batch(indices), tape: &tape))
    }
    return total
  }
}

extension LossValue {
  /// Makes this the mean over both.
  package mutating func add(_ other: LossValue) {
    guard other.count > 0 else { return }
    count += other.count
    mean += (other.mean - mean) * (Double(other.count) / Double(count))
  }
}
