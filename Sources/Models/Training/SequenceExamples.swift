public import Kernels

/// What goes into a ``SequenceModel``.
public enum SequenceInputs<Scalar: BLASScalar>: Sendable {
  /// Features of every step, `[N × I]`.
  case features(PackedSequence<Scalar>)
  /// A token of every step, `[N × 1]`.
  case tokens(PackedSequence<Int32>)

  /// Where the rows lie.
  public var layout: PackedLayout {
    switch self {
    case .features(let sequence): sequence.layout
    case .tokens(let sequence): sequence.layout
    }
  }

  /// The steps `range` of every sequence.
  package func steps(_ range: Range<Int>) -> SequenceInputs {
    switch self {
    case .features(let sequence): .features(sequence.steps(range))
    case .tokens(let sequence): .tokens(sequence.steps(range))
    }
  }
}

/// What should come out of a ``SequenceModel``: something at every step, or one thing at the end.
public enum SequenceTargets<Scalar: BLASScalar>: Sendable {
  /// Numbers for every step, `[N × O]`; NaN where one does not count.
  case values(PackedSequence<Scalar>)
  /// A class for every step, `[N × 1]`; −1 where a step does not count.
  case classes(PackedSequence<Int32>)
  /// Numbers for each sequence, `[B × O]`, in the caller's order; NaN where one does not count.
  case finalValues(Matrix<Scalar>)
  /// A class for each sequence, `[B]`; −1 where a sequence does not count.
  case finalClasses([Int32])

  /// The targets of the steps `range`. Only for targets at every step.
  package func steps(_ range: Range<Int>) -> SequenceTargets {
    switch self {
    case .values(let sequence): .values(sequence.steps(range))
    case .classes(let sequence): .classes(sequence.steps(range))
    case .finalValues, .finalClasses: fatalError("targets at the end cannot be cut into windows")
    }
  }

  /// Lends the targets to a loss, for `rows` rows of predictions.
  func withLossTargets<Result>(rows: Int, _ body: (LossTargets<Scalar>) -> Result) -> Result {
    switch self {
    case .values(let sequence): sequence.rows.withView { body(.values($0)) }
    case .finalValues(let matrix): matrix.withView { body(.values($0)) }
    case .classes(let sequence): sequence.rows.withUnsafeBufferPointer { body(.classes($0)) }
    case .finalClasses(let classes): classes.withUnsafeBufferPointer { body(.classes($0)) }
    }
  }

  /// How many elements or rows count in a mean loss over predictions of `outputSize` features.
  func count(outputSize: Int) -> Int {
    switch self {
    case .values(let sequence): sequence.rows.numberCount()
    case .finalValues(let matrix): matrix.numberCount()
    case .classes(let sequence): sequence.rows.withUnsafeBufferPointer { $0.count { $0 >= 0 } }
    case .finalClasses(let classes): classes.count { $0 >= 0 }
    }
  }
}

extension Matrix where Element: BLASScalar {
  /// How many elements are not NaN.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  fileprivate func numberCount() -> Int { withUnsafeBufferPointer { $0.count { !$0.isNaN } } }
}

/// Examples packed for one pass of a ``SequenceModel``.
public struct SequenceBatch<Scalar: BLASScalar>: Sendable {
  /// What goes in.
  public var inputs: SequenceInputs<Scalar>
  /// What should come out.
  public var targets: SequenceTargets<Scalar>
  /// Where the sequences start; the zero state if `nil`.
  public var initialState: RecurrentState<Scalar>?

  /// A batch of inputs and targets of one layout.
  public init(
    inputs: SequenceInputs<Scalar>, targets: SequenceTargets<Scalar>, initialState: RecurrentState<Scalar>? = nil
  ) {
    self.inputs = inputs
    self.targets = targets
    self.initialState = initialState
  }
}

/// Examples for a ``SequenceModel``, each a sequence with its targets.
public struct SequenceExamples<Scalar: BLASScalar>: TrainingExamples {
  /// Inputs of one kind for all examples.
  public enum Inputs: Sendable {
    /// Features, `[length × I]` each.
    case features([Matrix<Scalar>])
    /// Tokens, `[length]` each.
    case tokens([[Int32]])
  }

  /// Targets of one kind for all examples.
  public enum Targets: Sendable {
    /// Numbers for every step, `[length × O]` each; NaN where one does not count.
    case values([Matrix<Scalar>])
    /// A class for every step, `[length]` each; −1 where a step does not count.
    case classes([[Int32]])
    /// Numbers for each example; NaN where one does not count.
    case finalValues([[Scalar]])
    /// A class for each example; −1 where one does not count.
    case finalClasses([Int32])
  }

  /// The inputs.
  package let inputs: Inputs
  /// The targets.
  package let targets: Targets
  /// The length of each example.
  public let lengths: [Int]

  /// Examples from inputs and targets. Throws where they are not as many, their lengths differ, or not all have as many features
  /// or numbers in a target.
  public init(inputs: Inputs, targets: Targets) throws(ConfigurationError) {
    lengths =
      switch inputs {
      case .features(let sequences): sequences.map(\.rows)
      case .tokens(let sequences): sequences.map(\.count)
      }
    let targetCount =
      switch targets {
      case .values(let sequences): sequences.count
      case .classes(let sequences): sequences.count
      case .finalValues(let values): values.count
      case .finalClasses(let classes): classes.count
      }
    try ConfigurationError.require(
      targetCount == lengths.count, "number of targets", "\(targetCount)", wanted: "\(lengths.count), as many as inputs"
    )
    if case .features(let sequences) = inputs {
      try Self.checkEqual(sequences.map(\.columns)) { "number of features of example \($0)" }
    }
    switch targets {
    case .values(let sequences):
      try Self.checkLengths(sequences.map(\.rows), as: lengths)
      try Self.checkEqual(sequences.map(\.columns)) { "numbers in target \($0)" }
    case .classes(let sequences): try Self.checkLengths(sequences.map(\.count), as: lengths)
    case .finalValues(let values): try Self.checkEqual(values.map(\.count)) { "numbers in target \($0)" }
    case .finalClasses: break
    }
    self.inputs = inputs
    self.targets = targets
  }

  private static func checkLengths(_ targets: [Int], as inputs: [Int]) throws(ConfigurationError) {
    for (index, (target, input)) in zip(targets, inputs).enumerated() {
      try ConfigurationError.require(
        target == input, "length of target \(index)", "\(target)", wanted: "\(input), as the input has")
    }
  }

  private static func checkEqual(_ sizes: [Int], _ name: (Int) -> String) throws(ConfigurationError) {
    guard let index = sizes.firstIndex(where: { $0 != sizes[0] }) else { return }
    throw ConfigurationError(setting: name(index), found: "\(sizes[index])", wanted: "\(sizes[0]), as the first has")
  }

  /// The examples `indices`, packed.
  public func batch(_ indices: [Int]) -> SequenceBatch<Scalar> {
    check(indices, of: lengths.count)
    let packedInputs: SequenceInputs<Scalar> =
      switch inputs {
      case .features(let sequences):
        .features(Self.pack(sequences, indices))
      case .tokens(let sequences):
        .tokens(PackedSequence(indices.map { sequences[$0] }))
      }
    let packedTargets: SequenceTargets<Scalar> =
      switch targets {
      case .values(let sequences): .values(Self.pack(sequences, indices))
      case .classes(let sequences): .classes(PackedSequence(indices.map { sequences[$0] }))
      case .finalValues(let values): .finalValues(Matrix(indices.map { values[$0] }))
      case .finalClasses(let classes): .finalClasses(indices.map { classes[$0] })
      }
    return SequenceBatch(inputs: packedInputs, targets: packedTargets)
  }

  private static func pack(_ sequences: [Matrix<Scalar>], _ indices: [Int]) -> PackedSequence<Scalar> {
    PackedSequence(indices.map { sequences[$0] }, features: sequences.first?.columns ?? 0)
  }
}
