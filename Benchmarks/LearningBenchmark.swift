#if Tools
import Kernels
import Models
import Tasks
import TextTable

/// The learning part: where will a moving object be next?
///
/// A predictor is a name and its errors on each scene; a further one is a row in ``run(progress:)``.
struct LearningBenchmark {
  /// Scenes to predict, each with what may be learned from.
  var folds: [TrajectoryFold]
  /// How the networks are trained.
  var settings = TrajectoryForecaster.Settings()

  /// A predictor's errors, scene by scene.
  struct Row {
    var predictor: String
    var errors: [DisplacementError]
    /// Time for training on all scenes, in seconds; `nil` where nothing is learned.
    var trainingSeconds: Double?
  }

  /// Balls that are thrown in a room: histories of half a second to three, a second and a fifth to predict. They fall,
  /// so they are not turned.
  static func simulated() -> LearningBenchmark {
    let simulation = BallSimulation()
    var settings = TrajectoryForecaster.Settings()
    settings.rotates = false
    settings.epochs = 40
    settings.learningRate = 3e-3
    return LearningBenchmark(
      folds: [
        TrajectoryFold(
          scene: "balls", training: simulation.windows(count: 8000, observed: 5...30, predicted: 12, seed: 1),
          test: simulation.windows(count: 1000, observed: 5...30, predicted: 12, seed: 2))
      ], settings: settings)
  }

  func run(progress: ProgressLine) throws -> [Row] {
    let constantVelocity = folds.map { fold in
      DisplacementError(
        of: { ConstantVelocity.positions(after: $0.observed, count: $0.future.count) }, on: fold.test)
    }
    var rows = [Row(predictor: "constant velocity", errors: constantVelocity)]
    let cells = [("vanilla RNN", RecurrentCell.Kind.vanilla), ("LSTM", .lstm), ("GRU", .gru)]
    let networks =
      [("feed-forward", TrajectoryForecaster.Network.feedForward(window: minHistory))]
      + cells.map { ($0, .recurrent($1)) }
    for (name, network) in networks { rows.append(try train(network, name, progress)) }
    progress.clear()
    return rows
  }

  /// Displacements that every window has: the fixed window that the feed-forward network must make do with.
  private var minHistory: Int {
    folds.flatMap { $0.training + $0.test }.map { $0.observed.count - 1 }.min() ?? 1
  }

  private func train(
    _ network: TrajectoryForecaster.Network, _ name: String, _ progress: ProgressLine
  ) throws -> Row {
    let start = ContinuousClock.now
    let session = TrainingSession { stage, step in
      if step.isEndOfEpoch || step.step % 50 == 1 {
        progress.show(
          "learning: \(stage), epoch \(step.epoch)/\(step.epochs), "
            + "loss \(fixed(step.epochLoss, decimals: 4)), \(Int(step.examplesPerSecond)) windows/s")
      }
      return .continue
    }
    let errors = try folds.map { fold in
      try TrajectoryForecaster(
        network, trainedOn: fold.training, settings, in: session, stage: "\(name), \(fold.scene)"
      ).error(on: fold.test)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Row(predictor: name, errors: errors, trainingSeconds: seconds)
  }

  /// Average and final displacement error in metres, one column a scene and one for their mean where there are several.
  func table(of rows: [Row]) -> String {
    let isMeanWanted = folds.count > 1
    let table = TextTable<Row> { row in
      let titles = folds.map(\.scene) + (isMeanWanted ? ["mean"] : [])
      let errors = row.errors + (isMeanWanted ? [.mean(of: row.errors)] : [])
      return [Column(title: "ADE/FDE in metres", value: row.predictor)]
        + zip(titles, errors).map { title, error in
          Column(
            title: title, value: "\(fixed(error.average, decimals: 2))/\(fixed(error.final, decimals: 2))",
            align: .right)
        }
        + [Column(title: "Seconds", value: row.trainingSeconds.map { fixed($0, decimals: 1) } ?? "–", align: .right)]
    }
    return table.string(for: rows) ?? ""
  }
}
#endif
