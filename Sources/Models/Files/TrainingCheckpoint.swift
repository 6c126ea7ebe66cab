internal import FoundationEssentials
internal import Kernels

/// A checkpoint is a safetensors file with all that decides the rest of a training run but the examples, and sums over
/// model and examples by which any other run refuses it. So does every run with one that has no such sums, as those that
/// were written before there were any: nothing says that it is its own.
///
/// | tensor or metadata | holds |
/// | --- | --- |
/// | `format`, `format_version` | `recurrent.training-checkpoint`, `2` |
/// | `sum` | a sum over all the rest: a run does not go on from what was damaged |
/// | `options` | ``TrainingOptions`` as JSON |
/// | `course` | ``TrainingCourse`` as JSON |
/// | `run` | sums over the model and the examples, and what it was trained on, as JSON |
/// | `parameters.…` | the parameters as trained so far |
/// | `best.…` | those of the lowest validation loss, once there is one |
/// | `optimizer.step` | in the metadata, the updates made |
/// | `optimizer.first_moment`, `optimizer.second_moment` | what the rule remembers, `[1 × count]` |
/// | `carried.0`, … | the state between two windows of a batch |
extension Trainer where Model.Scalar: SafetensorsElement {
  /// Writes the state of this run to `path`: at any moment, even after a crash, there is what was there before or all of
  /// this.
  ///
  /// - Parameters:
  ///   - path: Where to write.
  ///   - notes: Anything else, by names that the caller chooses; each begins with `note.` in the metadata.
  /// - Throws: ``SafetensorsError`` where the system refuses.
  public func writeCheckpoint(to path: String, notes: [String: String] = [:]) throws(SafetensorsError) {
    var contents = SafetensorsContents(metadata: [
      CheckpointKey.format: CheckpointKey.formatName, CheckpointKey.version: CheckpointKey.currentVersion,
      CheckpointKey.options: json(options), CheckpointKey.course: json(state.course),
      CheckpointKey.optimizerStep: "\(state.optimizer.state.step)", CheckpointKey.run: json(identity),
    ])
    for (name, note) in notes { contents.metadata[CheckpointKey.note + name] = note }
    contents.setParameters(model.parameters, prefix: CheckpointKey.parameters)
    if let best = state.best { contents.setParameters(best, prefix: CheckpointKey.best) }
    contents.setMatrix(CheckpointKey.firstMoment, state.optimizer.state.firstMoment)
    contents.setMatrix(CheckpointKey.secondMoment, state.optimizer.state.secondMoment)
    for (index, matrix) in carriedState.enumerated() { contents.setMatrix(CheckpointKey.carried + "\(index)", matrix) }
    contents.metadata[CheckpointKey.sum] = contents.sum()
    try contents.write(to: path)
  }

  /// Restores the run whose checkpoint is at `path`: given the same examples this one continues to the
  /// same parameters, to the bit, as if it had not been interrupted.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - allowsNonFinite: Whether numbers may be infinite or NaN, which is an error otherwise, but for a second moment that
  ///     overflowed.
  /// - Returns: The notes that were written with it.
  /// - Throws: ``SafetensorsError`` where the file cannot be read, is damaged, or is of another run: options other than memory, or
  ///   another model. The run is then unchanged. That it is of other examples is an error of
  ///   ``run(on:validatingOn:progress:)``.
  @discardableResult
  public mutating func resume(
    fromCheckpoint path: String, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> [String: String] {
    try resume(from: SafetensorsFile(path: path), allowsNonFinite: allowsNonFinite)
  }

  /// Restores the run whose checkpoint is the open `file`, as
  /// ``resume(fromCheckpoint:allowsNonFinite:)`` does.
  @discardableResult
  public mutating func resume(
    from file: SafetensorsFile, allowsNonFinite: Bool = false
  ) throws(SafetensorsError) -> [String: String] {
    let context = SafetensorsErrorContext(file: file.name)
    try file.checkIsWholeCheckpoint()
    let savedOptions: TrainingOptions = try context.decode(file.metadata, CheckpointKey.options)
    guard savedOptions.isEquivalent(to: options) else {
      throw context(.metadata, "a checkpoint of a run with other options: \(json(savedOptions))", json(options))
    }
    guard file.metadata[CheckpointKey.run] != nil else {
      throw context(
        .metadata, "a checkpoint of an older version, which does not say of which model and data it is", "one that does"
      )
    }
    let savedIdentity: RunIdentity = try context.decode(file.metadata, CheckpointKey.run)
    try savedIdentity.check(isThatOf: identity, context)
    let layout = model.parameters.layout
    func parameters(_ prefix: String) throws(SafetensorsError) -> ParameterVector<Model.Scalar> {
      try file.parameters(layout, prefix: prefix, allowsNonFinite: allowsNonFinite)
    }
    func moment(
      _ name: String, _ other: Matrix<Model.Scalar>, allowsInfinity: Bool = false
    ) throws(SafetensorsError) -> Matrix<Model.Scalar> {
      try file.matrix(name, shapedLike: other, allowsNonFinite: allowsNonFinite, allowsInfinity: allowsInfinity)
    }
    let saved = try parameters(CheckpointKey.parameters)
    var optimizer = state.optimizer.state
    let course: TrainingCourse = try context.decode(
      file.metadata, CheckpointKey.course, limit: DecodingProblem.maxNumbersSize)
    optimizer.step = try context.count(file.metadata, CheckpointKey.optimizerStep, in: 0...course.steps)
    optimizer.firstMoment = try moment(CheckpointKey.firstMoment, optimizer.firstMoment)
    // It is a mean of squares, of which one may overflow in a run without clipping; training goes on.
    optimizer.secondMoment = try moment(CheckpointKey.secondMoment, optimizer.secondMoment, allowsInfinity: true)

    var restored = state
    restored.course = course
    restored.optimizer = Optimizer(options.optimizer, resuming: optimizer)
    restored.best = course.bestEpoch == nil ? nil : try parameters(CheckpointKey.best)
    var carried: [Matrix<Model.Scalar>] = []
    while file.tensors[CheckpointKey.carried + "\(carried.count)"] != nil {
      carried.append(try file.weights(CheckpointKey.carried + "\(carried.count)", allowsNonFinite: allowsNonFinite))
    }
    guard course.epoch <= options.epochs, course.scheduler.schedule == options.schedule,
      savedIdentity.data != nil || course.steps == 0,
      restore(restored, parameters: saved, carrying: carried)
    else {
      throw context(.metadata, "a course or a carried state that no run of this model has", "one of this model")
    }
    identity = savedIdentity.resumed(isOver: isOver(restored.course))
    resumedFile = file.name
    return Dictionary(
      uniqueKeysWithValues: file.metadata.compactMap { key, value in
        key.hasPrefix(CheckpointKey.note) ? (String(key.dropFirst(CheckpointKey.note.count)), value) : nil
      })
  }
}

extension TrainingCourse {
  /// The course that the checkpoint at `path` was written in, without the model it belongs to.
  ///
  /// - Throws: ``SafetensorsError`` where the file is no checkpoint or is damaged.
  public static func read(fromCheckpoint path: String) throws(SafetensorsError) -> TrainingCourse {
    let file = try SafetensorsFile(path: path)
    try file.checkIsWholeCheckpoint()
    return try SafetensorsErrorContext(file: path).decode(
      file.metadata, CheckpointKey.course, limit: DecodingProblem.maxNumbersSize)
  }
}

extension SafetensorsFile {
  /// Whether this calls itself a checkpoint of a training.
  public var isCheckpoint: Bool { metadata[CheckpointKey.format] == CheckpointKey.formatName }

  /// Throws unless this is a checkpoint, and as it was written.
  fileprivate func checkIsWholeCheckpoint() throws(SafetensorsError) {
    let context = SafetensorsErrorContext(file: name)
    try context.check(metadata, CheckpointKey.format, is: CheckpointKey.formatName)
    try context.check(metadata, CheckpointKey.version, is: CheckpointKey.currentVersion)
    let sum = try sum(without: CheckpointKey.sum)
    guard metadata[CheckpointKey.sum] == sum else {
      throw context(
        .metadata, "damaged contents, whose sum is \(sum)",
        metadata[CheckpointKey.sum].map { "\($0), as was written with them" } ?? "metadata \"\(CheckpointKey.sum)\"")
    }
  }

  /// A matrix of the shape that `other` has.
  fileprivate func matrix<Scalar: BLASScalar & SafetensorsElement>(
    _ tensorName: String, shapedLike other: Matrix<Scalar>, allowsNonFinite: Bool, allowsInfinity: Bool
  ) throws(SafetensorsError) -> Matrix<Scalar> {
    let found: Matrix<Scalar> = try weights(
      tensorName, allowsNonFinite: allowsNonFinite, allowsInfinity: allowsInfinity)
    guard found.rows == other.rows, found.columns == other.columns else {
      throw SafetensorsErrorContext(file: name, tensor: tensorName)(
        .shape, "shape [\(found.rows), \(found.columns)]", "[\(other.rows), \(other.columns)]")
    }
    return found
  }
}

/// The names in a checkpoint.
private enum CheckpointKey {
  static let format = "format"
  static let formatName = "recurrent.training-checkpoint"
  static let version = "format_version"
  static let currentVersion = "2"
  static let sum = "sum"
  static let options = "options"
  static let course = "course"
  static let run = "run"
  static let note = "note."
  static let parameters = "parameters."
  static let best = "best."
  static let optimizerStep = "optimizer.step"
  static let firstMoment = "optimizer.first_moment"
  static let secondMoment = "optimizer.second_moment"
  static let carried = "carried."
}
