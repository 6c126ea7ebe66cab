import Tasks
import TextTable

/// The learning part: where will a moving object be next?
///
/// A predictor is a name and its errors on each scene; a further one is a row in ``run(progress:)``.
struct LearningBenchmark {
  /// Scenes to predict, each with what may be learned from.
  var folds: [TrajectoryFold]

  /// A predictor's errors, scene by scene.
  struct Row {
    var predictor: String
    var errors: [DisplacementError]
  }

  /// Balls that are thrown in a room: histories of half a second to three, a second and a fifth to predict.
  static func simulated() -> LearningBenchmark {
    let simulation = BallSimulation()
    return LearningBenchmark(folds: [
      TrajectoryFold(
        scene: "balls", training: simulation.windows(count: 4000, observed: 5...30, predicted: 12, seed: 1),
        test: simulation.windows(count: 1000, observed: 5...30, predicted: 12, seed: 2))
    ])
  }

  func run(progress: ProgressLine) throws -> [Row] {
    progress.show("learning: constant velocity")
    let constantVelocity = folds.map { fold in
      DisplacementError(
        of: { ConstantVelocity.positions(after: $0.observed, count: $0.future.count) }, on: fold.test)
    }
    progress.clear()
    return [Row(predictor: "constant velocity", errors: constantVelocity)]
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
    }
    return table.string(for: rows) ?? ""
  }
}
