public import Kernels
public import Models

/// A learned predictor of motion: it sees the displacements of a window and answers with residuals to constant velocity.
public struct TrajectoryForecaster: Sendable {
  /// What is learned with.
  public enum Network: Hashable, Sendable {
    /// A recurrent cell; it reads a history of any length, a step at a time.
    case recurrent(AnyRecurrentCell.Kind)
    /// A feed-forward network on the last `window` displacements, the traditional network that cannot take another
    /// length.
    case feedForward(window: Int)
  }

  /// How it is trained.
  public struct Settings: Sendable {
    /// Hidden units of the recurrent cell, or of each of the two hidden layers of the feed-forward network.
    public var hiddenSize = 64
    /// Passes over the windows.
    public var epochs = 12
    /// Windows in a batch.
    public var batchSize = 128
    /// Learning rate at its highest; it falls along a cosine.
    public var learningRate = 3e-3
    /// Whether every window is turned by a random angle each time it is seen. Not for motion under gravity.
    public var rotates = true
    /// Decides initial parameters, order and angles.
    public var seed: UInt64 = 1

    /// Settings that suit walking people.
    public init() {}
  }

  private enum Model: Sendable {
    case recurrent(SequenceModel<Float>)
    case feedForward(FeedForwardModel<Float>)
  }
  private let model: Model
  private let window: Int?

  /// Trains `network` on `windows`, which must all have the same number of future positions.
  ///
  /// - Parameter progress: Called after each step; may stop the training.
  /// - Throws: What ``Models/TrainableModel/train(on:validatingOn:_:progress:)`` throws.
  public init(
    _ network: Network, trainedOn windows: [TrajectoryWindow], _ settings: Settings = Settings(),
    progress: (TrainingProgress) -> TrainingDecision = { _ in .continue }
  ) throws {
    let outputs = 2 * (windows.first?.future.count ?? 0)
    let training = TrajectoryTraining(windows: windows, settings: settings)
    switch network {
    case .recurrent(let kind):
      let architecture = try SequenceArchitecture(
        recurrent: RecurrentStack(AnyRecurrentCell(kind, inputSize: 2, hiddenSize: settings.hiddenSize)),
        readout: .finalState, outputSize: outputs, loss: .meanSquaredError)
      let start = SequenceModel<Float>(architecture, seed: settings.seed)
      window = nil
      model = .recurrent(
        try training.run(start, progress) { windows in
          SequenceBatch(
            inputs: .features(PackedSequence(displacementsOf: windows)),
            targets: .finalValues(Matrix(residualsOf: windows)))
        })
    case .feedForward(let length):
      let start = try FeedForwardModel<Float>(
        sizes: [2 * length, settings.hiddenSize, settings.hiddenSize, outputs], seed: settings.seed)
      window = length
      model = .feedForward(
        try training.run(start, progress) { windows in
          FeedForwardBatch(
            inputs: Matrix(lastDisplacements: length, of: windows), targets: Matrix(residualsOf: windows))
        })
    }
  }

  /// The positions after each of `windows`, as many as it learned to predict.
  public func predictions(for windows: [TrajectoryWindow]) -> [[Point]] {
    let residuals: Matrix<Float> =
      switch model {
      case .recurrent(let model):
        model(.features(PackedSequence(displacementsOf: windows))).predictions
      case .feedForward(let model):
        model(Matrix(lastDisplacements: window ?? 0, of: windows))
      }
    return windows.enumerated().map { $1.positions(fromResiduals: residuals.points(inRow: $0)) }
  }

  /// The errors on `windows`.
  public func error(on windows: [TrajectoryWindow]) -> DisplacementError {
    DisplacementError(of: predictions(for: windows), on: windows)
  }
}

/// The training that all forecasters share.
private struct TrajectoryTraining {
  let windows: [TrajectoryWindow]
  let settings: TrajectoryForecaster.Settings

  func run<Model: TrainableModel>(
    _ model: Model, _ progress: (TrainingProgress) -> TrainingDecision,
    batch: @escaping @Sendable ([TrajectoryWindow]) -> Model.Batch
  ) throws -> Model {
    let options = TrainingOptions(
      epochs: settings.epochs, batchSize: settings.batchSize,
      schedule: .cosine(
        peak: settings.learningRate,
        totalSteps: settings.epochs * ((windows.count + settings.batchSize - 1) / settings.batchSize)),
      seed: settings.seed)
    var trainer = try Trainer(model, options)
    var generator = SeededGenerator(seed: settings.seed, stream: 1)
    for _ in 0..<settings.epochs {
      let seen = settings.rotates ? windows.map { $0.randomlyRotated(using: &generator) } : windows
      var isStopped = false
      try trainer.run(on: Examples(windows: seen, makeBatch: batch)) { step in
        isStopped = progress(step) == .stop
        return isStopped || step.isEndOfEpoch ? .stop : .continue
      }
      if isStopped { break }
    }
    return trainer.best
  }

  private struct Examples<Batch: Sendable>: TrainingExamples {
    let windows: [TrajectoryWindow]
    let makeBatch: @Sendable ([TrajectoryWindow]) -> Batch

    var lengths: [Int] { windows.map { $0.observed.count - 1 } }
    func batch(_ indices: [Int]) -> Batch { makeBatch(indices.map { windows[$0] }) }
  }
}

extension Matrix where Element: BLASScalar {
  /// The last `count` displacements of each window side by side, `[B × 2·count]`: what a network of fixed input sees.
  init(lastDisplacements count: Int, of windows: [TrajectoryWindow]) {
    self.init(
      windows.map { window in
        let displacements = window.displacements
        precondition(displacements.count >= count, "a window of \(displacements.count) displacements, not \(count)")
        return displacements.suffix(count).flatMap { [Element($0.x), Element($0.y)] }
      })
  }
}
