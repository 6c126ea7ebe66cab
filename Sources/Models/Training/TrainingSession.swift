internal import SystemFiles

/// Trainings that can be watched, stopped and resumed: the long way of ``TrainableModel/train(on:validatingOn:_:progress:)``.
///
///     var session = TrainingSession(checkpointFolder: "runs/names")
///     let (model, report) = try session.train(
///       "GRU", model, on: examples, validatingOn: heldOut, options)
///
/// Each training has a *stage* name of its own and keeps its checkpoint in a file of that name. With
/// ``resumes`` set, a stage that was interrupted continues from its checkpoint, and a stage that was finished is
/// read from it; what comes out is the same, to the bit, as of a run that was never interrupted. A process may die at any
/// moment: the last checkpoint is whole.
///
/// While a stage is trained its checkpoint is locked, by a file of its name and `.lock`: a second training of it, in this
/// process or another, is refused. The lock dies with its process.
public struct TrainingSession: Sendable {
  /// Called after every step; its answer continues or stops.
  public typealias Observer = @Sendable (_ stage: String, TrainingProgress) -> TrainingDecision

  /// The folder for checkpoints, which must exist; `nil` to keep none.
  public var checkpointFolder: String?
  /// Whether stages go on from the checkpoints that are in the folder. Otherwise they are replaced.
  public var resumes: Bool
  /// Whether a checkpoint that a stage goes on from may hold infinite numbers or NaN.
  public var allowsNonFinite = false
  /// Time between two checkpoints. At the end of a stage and where it is stopped there is one in any case.
  public var secondsBetweenCheckpoints = 30.0
  /// Called after every step.
  public var observer: Observer
  /// Called with a line for the user: where a stage goes on, or stages follow one, with other vector loops or another number
  /// of threads, that the bits may differ from those of a run that was not interrupted; and where the last checkpoint of a
  /// stage could not be written.
  public var note: @Sendable (_ line: String) -> Void = { _ in }

  /// A session that keeps checkpoints in `checkpointFolder`.
  public init(
    checkpointFolder: String? = nil, resumes: Bool = false,
    observer: @escaping Observer = { _, _ in .continue }
  ) {
    self.checkpointFolder = checkpointFolder
    self.resumes = resumes
    self.observer = observer
  }

  /// The file that holds the checkpoint of `stage`: its name with everything but letters, digits and hyphens replaced.
  public func checkpointPath(of stage: String) -> String? {
    checkpointFolder.map { folder in
      let name = String(stage.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
      return "\(folder)/\(name).checkpoint.safetensors"
    }
  }

  /// Trains `model`.
  ///
  /// - Parameters:
  ///   - stage: What this training is called; no two of a session may have one name.
  ///   - model: Where to start.
  ///   - examples: What to learn from.
  ///   - validation: What to measure on after each epoch.
  ///   - options: How to train.
  /// - Returns: The model with the parameters of the lowest validation loss, or the last ones without validation, and
  ///   what happened.
  /// - Throws: ``TrainingInterruption`` where the observer stopped it or the surrounding task was cancelled;
  ///   ``SafetensorsError`` where a checkpoint cannot be read, cannot be written before the stage is over, is in use, or
  ///   belongs to another run, with what differs: options, model or data; what
  ///   ``TrainableModel/train(on:validatingOn:_:progress:)`` throws.
  public func train<Model: TrainableModel, Examples: TrainingExamples<Model.Batch>>(
    _ stage: String, _ model: Model, on examples: Examples, validatingOn validation: Examples? = nil,
    _ options: TrainingOptions
  ) throws -> (model: Model, report: TrainingReport) where Model.Scalar: SafetensorsElement {
    var trainer = try Trainer(model, options)
    trainer.keepsCheckpoints = checkpointFolder != nil
    let path = checkpointPath(of: stage)
    let lock = try path.map(Self.lock)
    defer { lock?.release() }
    if resumes, let path, fileExists(at: path) {
      try trainer.resume(fromCheckpoint: path, allowsNonFinite: allowsNonFinite)
      let difference = "bits may differ from those of a run that was not interrupted"
      if trainer.kernels.count > 1 {
        note("\(stage) was trained with \(trainer.kernels.joined(separator: ", then ")): its \(difference)")
      } else if trainer.kernels != [RunIdentity.kernelsHere] {
        // It is over.
        note(
          "\(stage) was trained with \(trainer.kernels.joined()), and what follows it is with "
            + "\(RunIdentity.kernelsHere): the \(difference)")
      }
    }
    while true {
      let began = ContinuousClock.now
      var isStopped = false
      let report = try trainer.run(on: examples, validatingOn: validation) { progress in
        isStopped = observer(stage, progress) == .stop
        let isDue = path != nil && (ContinuousClock.now - began).seconds >= secondsBetweenCheckpoints
        return isStopped || isDue ? .stop : .continue
      }
      if let path, let lock {
        do throws(SafetensorsError) {
          try Self.check(lock, of: path)
          try trainer.writeCheckpoint(to: path)
        } catch {
          // What was learned is not lost with its last checkpoint.
          guard report.ending != .stopped else { throw error }
          note("\(stage) is trained, but has no checkpoint of that: \(error)")
        }
      }
      if report.ending != .stopped { return (trainer.best, report) }
      if isStopped || Task.isCancelled { throw TrainingInterruption(stage: stage, checkpoint: path) }
    }
  }

  private static func lock(_ path: String) throws(SafetensorsError) -> FileLock {
    do { return try FileLock(path: path + ".lock") } catch {
      var failure = SafetensorsError(
        file: path, tensor: nil, problem: error.systemError == nil ? .inUse : .cannotWrite,
        found: "a checkpoint that \(error)", wanted: "one that this training has to itself")
      failure.isOutOfSpace = error.systemError?.isOutOfSpace == true
      throw failure
    }
  }

  private static func check(_ lock: FileLock, of path: String) throws(SafetensorsError) {
    guard lock.isIntact else {
      throw SafetensorsError(
        file: path, tensor: nil, problem: .cannotWrite, found: "a folder that was removed or changed while training",
        wanted: "the one with this training's lock")
    }
  }
}

/// A training that was stopped before its end.
public struct TrainingInterruption: Error, Hashable, CustomStringConvertible {
  /// The training's name.
  public let stage: String
  /// The file from which it can go on; `nil` where no checkpoints were kept.
  public let checkpoint: String?

  /// The interruption of `stage`.
  public init(stage: String, checkpoint: String?) {
    self.stage = stage
    self.checkpoint = checkpoint
  }

  /// What happened, in a line.
  public var description: String {
    "\(stage) was stopped" + (checkpoint.map { "; it can go on from \($0)" } ?? "")
  }
}
