internal import Figures
internal import Kernels
internal import Models

/// Networks that read the positions of something that moves and predict the next twelve: balls that are thrown in a
/// room and, where their data is there, people who walk.
///
/// One recurrent network takes a history of any length, from two positions on, and improves with more of it;
/// a feed-forward network takes the length it was made for. Training shows each motion with a random part of its
/// history, and the errors by length are of the same motions of which more and more is known.
package enum TrajectoryTask: RecurrentTask {
  package static let description = TaskDescription(
    "trajectory", "Says where a ball, or somebody who walks, will be next.", topology: "many-to-many",
    optionalDataSets: [.ethUCY])

  /// Trains on balls and on people, and scores by the length of the history.
  package static func run(in context: TaskContext) throws -> TaskResult {
    let balls = try Ability(
      Motion(balls: context.choose(quick: 2000, full: 10_000), context),
      cells: context.choose(quick: [.gru], full: [.lstm, .gru, .vanilla]), context)
    var (scores, examples, figures) = (balls.scores(context), [balls.table], balls.figures)
    if context.scale == .full, let people = try Pedestrians(context) {
      scores += people.scores
      examples += people.tables
      figures += people.figures
    }
    return TaskResult(Self.self, context, scores: scores, examples: examples, figures: figures)
  }

  /// Positions that are predicted.
  private static let predicted = 12

  // MARK: - Balls

  /// Balls to learn from and to be measured on, all with the longest history.
  private struct Motion {
    let training: [TrajectoryWindow]
    let test: [TrajectoryWindow]
    let settings: TrajectoryForecaster.Settings

    /// Positions that are seen.
    static let lengths = 2...20

    init(balls count: Int, _ context: TaskContext) {
      let simulation = BallSimulation()
      // Different seeds: the balls of training and of the test differ.
      var seeds = SeededGenerator(seed: context.seed, stream: 1)
      func windows(_ count: Int) -> [TrajectoryWindow] {
        let longest = Self.lengths.upperBound
        return simulation.windows(
          count: count, observed: longest...longest, predicted: TrajectoryTask.predicted, seed: seeds.next())
      }
      training = windows(count)
      test = windows(1000)
      var settings = TrajectoryForecaster.Settings()
      settings.rotates = false
      settings.epochs = context.choose(quick: 15, full: 60)
      settings.learningRate = 3e-3
      settings.minHistory = Self.lengths.lowerBound
      settings.seed = context.seed
      self.settings = settings
    }
  }

  /// The errors of predictors on a motion.
  private struct Ability {
    let motion: Motion
    /// The trained predictors, and their names.
    let learned: [(name: String, forecaster: TrajectoryForecaster)]
    /// The errors of each by the length of the history, constant velocity at the end.
    let errors: [(name: String, takesHistory: Bool, byLength: [DisplacementError])]

    init(_ motion: Motion, cells: [RecurrentCell.Kind], _ context: TaskContext) throws {
      self.motion = motion
      // Two positions are one displacement: all that a network of fixed input may rely on.
      let networks =
        cells.map { ($0.name, TrajectoryForecaster.Network.recurrent($0)) }
        + [("feed-forward", .feedForward(window: Motion.lengths.lowerBound - 1))]
      learned = try networks.map { name, network in
        let forecaster = try TrajectoryForecaster(
          network, trainedOn: motion.training, motion.settings, in: context.session, stage: "balls, \(name)")
        context.note(
          "balls, \(name): \(forecaster.error(on: motion.test)) after \(Motion.lengths.upperBound) positions")
        return (name, forecaster)
      }
      let known = Motion.lengths.map { length in motion.test.map { $0.remembering(length) } }
      errors =
        learned.enumerated().map { index, learned in
          (learned.name, index < cells.count, known.map { learned.forecaster.error(on: $0) })
        }
        + [("constant velocity", false, known.map { DisplacementError(of: ConstantVelocity.self, on: $0) })]
    }

    func scores(_ context: TaskContext) -> [Score] {
      let fixed = errors.first { $0.name == "feed-forward" }?.byLength.last?.average ?? .nan
      let share = context.choose(quick: 0.9, full: 0.75)
      let longest = Motion.lengths.upperBound
      return errors.flatMap { name, takesHistory, byLength in
        (takesHistory ? [2, 5, longest] : [longest]).map { length in
          let hasBar = (name == "LSTM" || name == "GRU") && length == longest
          return Score(
            "balls, \(name)\(takesHistory ? " after \(length) positions" : ""), mean error",
            byLength[length - Motion.lengths.lowerBound].average, "m",
            bar: hasBar ? .atMost(share * fixed) : nil,
            comparison: hasBar ? "\(share) of the feed-forward network's" : nil)
        }
      }
    }

    var table: TaskExample {
      let shown = Motion.lengths.filter { $0 < 6 || $0.isMultiple(of: 5) }
      let rows = errors.map { name, _, byLength in
        [name] + shown.map { "\(byLength[$0 - Motion.lengths.lowerBound])" }
      }
      return TaskExample(
        "balls: mean and final error in metres, by positions seen", tableLines([[""] + shown.map(String.init)] + rows))
    }

    var figures: [Figure] {
      let lines = errors.map { name, _, byLength in
        LineChart.Line(
          name, zip(Motion.lengths, byLength).map { FigurePoint(Double($0), $1.average) },
          isReference: name == "constant velocity")
      }
      let chart = LineChart(
        "Error by length of the history, balls", x: FigureAxis("history", unit: "positions"),
        y: FigureAxis("mean error", unit: "m"), lines: lines)
      let (name, forecaster) = learned[0]
      return [
        .lineChart(chart), .scene(Scene("Balls, as the \(name) expects them", forecaster, motion.test.prefix(4))),
        .lineChart(LineChart(lossesOf: "\(name) of balls", forecaster.report, unit: "m")),
      ]
    }
  }

  // MARK: - People

  /// Walking people, one scene left out of training after the other.
  private struct Pedestrians {
    let folds: [TrajectoryFold]
    /// The errors of each predictor on each scene, and of those that learned by length of the history.
    var errors: [(name: String, onScenes: [DisplacementError])] = []
    var errorsByLength: [(name: String, byLength: [DisplacementError])] = []
    var figures: [Figure] = []

    /// Positions that are seen in the standard protocol.
    private static let lengths = 2...8

    /// `nil` where no folder with the scenes is set.
    init?(_ context: TaskContext) throws {
      guard let data = context.data, data.holds(.ethUCY) else {
        context.note("eth-ucy is not there (rnn fetch eth-ucy): balls alone")
        return nil
      }
      folds = try TrajectoryFolds.read(folder: data("eth-ucy"), predicted: TrajectoryTask.predicted)
      var settings = TrajectoryForecaster.Settings()
      settings.seed = context.seed
      for cell in [RecurrentCell.Kind.lstm, .gru, .vanilla] {
        let forecasters = try folds.map { fold in
          try TrajectoryForecaster(
            .recurrent(cell), trainedOn: fold.training, settings, in: context.session,
            stage: "\(fold.scene), \(cell.name)")
        }
        let onScenes = zip(folds, forecasters).map { $1.error(on: $0.test) }
        context.note("people, \(cell.name): \(DisplacementError.mean(of: onScenes)) in the mean of the scenes")
        errors.append((cell.name, onScenes))
        if cell == .lstm, let fold = folds.last, let forecaster = forecasters.last {
          let windows = fold.test.filter { ($0.future[$0.future.count - 1] - $0.observed[0]).length > 4 }
          let shown = stride(from: 0, to: windows.count, by: max(1, windows.count / 6)).prefix(6).map { windows[$0] }
          figures.append(.scene(Scene("People of \(fold.scene), as the LSTM expects them", forecaster, shown)))
        }
      }
      let constant = folds.map { DisplacementError(of: ConstantVelocity.self, on: $0.test) }
      errors.append(("constant velocity", constant))
      try learnAllLengths(settings, context)
    }

    /// One LSTM for each scene that takes two positions to eight.
    private mutating func learnAllLengths(
      _ settings: TrajectoryForecaster.Settings, _ context: TaskContext
    ) throws {
      var settings = settings
      settings.minHistory = Self.lengths.lowerBound
      let forecasters = try folds.map { fold in
        try TrajectoryForecaster(
          .recurrent(.lstm), trainedOn: fold.training, settings, in: context.session,
          stage: "\(fold.scene), LSTM of all lengths")
      }
      func byLength(_ error: (Int, [TrajectoryWindow]) -> DisplacementError) -> [DisplacementError] {
        Self.lengths.map { length in
          .mean(of: folds.indices.map { fold in error(fold, folds[fold].test.map { $0.remembering(length) }) })
        }
      }
      errorsByLength = [
        ("LSTM of all lengths", byLength { forecasters[$0].error(on: $1) }),
        ("constant velocity", byLength { DisplacementError(of: ConstantVelocity.self, on: $1) }),
      ]
      figures.append(
        .lineChart(
          LineChart(
            "Error by length of the history, people", x: FigureAxis("history", unit: "positions"),
            y: FigureAxis("mean error", unit: "m"),
            lines: errorsByLength.map { name, errors in
              LineChart.Line(
                name, zip(Self.lengths, errors).map { FigurePoint(Double($0), $1.average) },
                isReference: name == "constant velocity")
            })))
    }

    /// Means over the five scenes.
    var scores: [Score] {
      errors.flatMap { name, onScenes in
        let mean = DisplacementError.mean(of: onScenes)
        let isGated = name == "LSTM" || name == "GRU"
        // Benchmarks reach 0.53/1.12, to the digits that papers give.
        return [
          Score(
            "people, \(name), mean error", mean.average, "m", bar: isGated ? .atMost(0.535) : nil,
            comparison: name == "LSTM" ? "published: an LSTM 0.70 (Gupta et al. 2018)" : nil),
          Score(
            "people, \(name), final error", mean.final, "m", bar: isGated ? .atMost(1.125) : nil,
            comparison: name == "LSTM" ? "published: an LSTM 1.52 (Gupta et al. 2018)" : nil),
        ]
      }
    }

    var tables: [TaskExample] {
      [
        TaskExample(
          "people: mean and final error in metres, the scene left out",
          tableLines(
            [[""] + folds.map(\.scene) + ["mean"]]
              + errors.map { name, onScenes in
                [name] + (onScenes + [.mean(of: onScenes)]).map { "\($0)" }
              })),
        TaskExample(
          "people: the same in the mean of the scenes, by positions seen",
          tableLines(
            [[""] + Self.lengths.map(String.init)] + errorsByLength.map { [$0.name] + $0.byLength.map { "\($0)" } })),
      ]
    }
  }
}

extension DisplacementError: CustomStringConvertible {
  /// Both errors to the centimetre, as papers give them: `0.53/1.12`.
  package var description: String { "\(fixed(average, decimals: 2))/\(fixed(final, decimals: 2))" }

  /// The errors of going on at constant velocity.
  fileprivate init(of _: ConstantVelocity.Type, on windows: [TrajectoryWindow]) {
    self.init(of: { ConstantVelocity.positions(after: $0.observed, count: $0.future.count) }, on: windows)
  }
}

extension Scene {
  /// The histories of `windows`, their futures, and the predictions of `forecaster`.
  fileprivate init(_ title: String, _ forecaster: TrajectoryForecaster, _ windows: some Collection<TrajectoryWindow>) {
    func path(_ role: Role, _ points: [Point]) -> Path { Path(role, points.map { FigurePoint($0.x, $0.y) }) }
    self.init(
      title, unit: "m",
      paths: zip(windows, forecaster.predictions(for: Array(windows))).flatMap { window, predicted in
        // The future begins at the last observed position.
        let last = window.observed.suffix(1)
        return [
          path(.observed, window.observed), path(.truth, last + window.future), path(.prediction, last + predicted),
        ]
      })
  }
}
