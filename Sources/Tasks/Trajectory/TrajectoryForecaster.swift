package import Kernels
package import Models

/// A learned predictor of motion: it reads the displacements of a window and predicts residuals to constant velocity.
package struct TrajectoryForecaster: Sendable {
  package enum Network: Hashable, Sendable {
    /// A recurrent cell; it reads a history of any length, a step at a time.
    case recurrent(RecurrentCell.Kind)
    /// A feed-forward network on the last `window` displacements, which cannot take another length.
    case feedForward(window: Int)
  }

  package struct Settings: Sendable {
    /// Hidden units of the recurrent cell, or of each of the two hidden layers of the feed-forward network.
    package var hiddenSize = 64
    /// Passes over the windows.
    package var epochs = 12
    package var batchSize = 128
    /// The peak of the learning rate, which decays along a cosine.
    package var learningRate = 1e-3
    /// The training objective. The absolute error, because few people turn round, and the squared error lets those few
    /// dominate (0.53/1.12 against 0.54/1.14 metres on eth-ucy with an LSTM).
    package var loss = Loss.meanAbsoluteError
    /// Whether every window is turned by a random angle each time it is seen. Not for motion under gravity.
    package var rotates = true
    /// The minimum history in training: each time a window is used, it keeps a random number of its latest positions,
    /// at least this many, so that one model serves all lengths. `nil` uses whole windows.
    package var minHistory: Int?
    /// Seed of initial parameters, order, angles and lengths.
    package var seed: UInt64 = 1

    /// Settings that suit walking people.
    package init() {}
  }

  private enum Model: Sendable {
    case recurrent(SequenceModel<Float>)
    case feedForward(FeedForwardModel<Float>, window: Int)
  }
  private let model: Model
  package let report: TrainingReport

  /// Trains `network` on `windows`, which must all have the same number of future positions.
  ///
  /// - Parameters:
  ///   - network: The architecture.
  ///   - windows: The training data.
  ///   - settings: The settings of training.
  ///   - session: Watches, stops and resumes the training.
  ///   - stage: Its name in the session.
  /// - Throws: What `TrainingSession` throws.
  package init(
    _ network: Network, trainedOn windows: [TrajectoryWindow], _ settings: Settings = Settings(),
    in session: TrainingSession = TrainingSession(), stage: String = "trajectories"
  ) throws {
    var options = TrainingOptions(epochs: settings.epochs, batchSize: settings.batchSize, seed: settings.seed)
    options.schedule = .cosine(
      peak: settings.learningRate, totalSteps: settings.epochs * options.batchesPerEpoch(examples: windows.count))
    let outputs = 2 * (windows.first?.future.count ?? 0)
    switch network {
    case .recurrent(let kind):
      let architecture = try SequenceArchitecture(
        recurrent: RecurrentStack(RecurrentCell(kind, inputSize: 2, hiddenSize: settings.hiddenSize)),
        readout: .finalState, outputSize: outputs, loss: settings.loss)
      let examples = TrajectoryExamples(windows: windows, settings: settings) { windows in
        SequenceBatch<Float>(
          inputs: .features(PackedSequence(displacementsOf: windows)),
          targets: .finalValues(Matrix(residualsOf: windows)))
      }
      let trained = try session.train(
        stage, SequenceModel<Float>(architecture, seed: settings.seed), on: examples, options)
      (model, report) = (.recurrent(trained.model), trained.report)
    case .feedForward(let window):
      let start = try FeedForwardModel<Float>(
        sizes: [2 * window, settings.hiddenSize, settings.hiddenSize, outputs], loss: settings.loss,
        seed: settings.seed)
      let examples = TrajectoryExamples(windows: windows, settings: settings) { windows in
        FeedForwardBatch<Float>(
          inputs: Matrix(lastDisplacements: window, of: windows), targets: Matrix(residualsOf: windows))
      }
      let trained = try session.train(stage, start, on: examples, options)
      (model, report) = (.feedForward(trained.model, window: window), trained.report)
    }
  }

  /// The positions after each of `windows`, as many as it learned to predict.
  package func predictions(for windows: [TrajectoryWindow]) -> [[Point]] {
    let residuals: Matrix<Float> =
      switch model {
      case .recurrent(let model): model(.features(PackedSequence(displacementsOf: windows))).predictions
      case .feedForward(let model, let window): model(Matrix(lastDisplacements: window, of: windows))
      }
    return windows.enumerated().map { $1.positions(fromResiduals: residuals.points(inRow: $0)) }
  }

  /// The errors on `windows`.
  package func error(on windows: [TrajectoryWindow]) -> DisplacementError {
    DisplacementError(of: predictions(for: windows), on: windows)
  }
}

/// Windows as training shows them: turned and shortened as the settings say, anew each time.
private struct TrajectoryExamples<Batch: Sendable>: TrainingExamples {
  let windows: [TrajectoryWindow]
  let settings: TrajectoryForecaster.Settings
  let pack: @Sendable ([TrajectoryWindow]) -> Batch

  var lengths: [Int] { windows.map { $0.observed.count - 1 } }

  func batch(_ indices: [Int]) -> Batch { pack(indices.map { windows[$0] }) }

  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> Batch {
    pack(
      indices.map { index in
        var window = windows[index]
        if let shortest = settings.minHistory, shortest < window.observed.count {
          window = window.remembering(generator.uniform(in: shortest..<window.observed.count + 1))
        }
        return settings.rotates ? window.randomlyRotated(using: &generator) : window
      })
  }
}

extension Matrix where Element: BLASScalar {
  /// The last `count` displacements of each window side by side, `[B × 2·count]`: the input of a feed-forward network.
  init(lastDisplacements count: Int, of windows: [TrajectoryWindow]) {
    self.init(
      windows.map { window in
        let displacements = window.displacements
        require(displacements.count >= count, "a window of \(displacements.count) displacements, not \(count)")
        return displacements.suffix(count).flatMap { [Element($0.x), Element($0.y)] }
      })
  }
}
