public import Kernels

extension SequenceModel {
  /// The probability of each class, `[N × O]` in the order of the inputs' layout where the head reads every step, `[B × O]`
  /// in the caller's order where it reads one state of each sequence.
  ///
  ///     let probabilities = try model.classProbabilities(of: inputs)
  ///     let classes = probabilities.argmax()
  ///
  /// Of a model with the loss ``Loss/softmaxCrossEntropy`` each row is a softmax; with ``Loss/binaryCrossEntropy`` each
  /// number is the probability of a yes of its own. Throws for other losses, whose predictions are no classes.
  public func classProbabilities(of inputs: SequenceInputs<Scalar>) throws(ConfigurationError) -> Matrix<Scalar> {
    var predictions = self(inputs).predictions
    switch architecture.loss {
    case .softmaxCrossEntropy: return predictions.softmax()
    case .binaryCrossEntropy:
      predictions.withUnsafeMutableBufferPointer { all in
        for i in all.indices { all[i] = 1 / (1 + Scalar._exp(-all[i])) }
      }
      return predictions
    case .meanSquaredError, .meanAbsoluteError:
      throw ConfigurationError(
        setting: "loss of a model of classes", found: architecture.loss.rawValue,
        wanted: "softmaxCrossEntropy or binaryCrossEntropy")
    }
  }

  /// The share of the classes of `examples` that the model finds most probable itself, from 0 to 1; classes that do not count
  /// are left out.
  ///
  /// - Throws: ``ConfigurationError`` where the examples have numbers for targets, or the batch size is not positive.
  public func accuracy(
    over examples: SequenceExamples<Scalar>, batchSize: Int = 64
  ) throws(ConfigurationError) -> Double {
    try ConfigurationError.checkPositive(["batchSize": batchSize])
    var (right, count) = (0, 0)
    for indices in BatchSampler.batchesByLength(of: examples.lengths, batchSize: batchSize) {
      let batch = examples.batch(indices)
      guard let labels = batch.targets.labels else {
        throw ConfigurationError(setting: "targets of an accuracy", found: "numbers", wanted: "classes")
      }
      for (found, label) in zip(self(batch.inputs, from: batch.initialState).predictions.argmax(), labels)
      where label >= 0 {
        count += 1
        if found == Int(label) { right += 1 }
      }
    }
    return Double(right) / Double(max(count, 1))
  }
}

extension SequenceTargets {
  /// The class of each row of predictions; `nil` where targets are numbers.
  fileprivate var labels: [Int32]? {
    switch self {
    case .classes(let sequence): sequence.rows.elements
    case .finalClasses(let classes): classes
    case .values, .finalValues: nil
    }
  }
}
