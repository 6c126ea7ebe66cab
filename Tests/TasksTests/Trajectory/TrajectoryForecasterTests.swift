import Kernels
import Models
import Tasks
import Testing

@Suite struct TrajectoryForecasterTests {
  private static let simulation = BallSimulation()
  private static let training = simulation.windows(count: 600, observed: 5...15, predicted: 6, seed: 1)
  private static let test = simulation.windows(count: 100, observed: 5...15, predicted: 6, seed: 2)

  private static var settings: TrajectoryForecaster.Settings {
    var settings = TrajectoryForecaster.Settings()
    settings.hiddenSize = 16
    settings.epochs = 15
    settings.batchSize = 32
    settings.learningRate = 0.01
    settings.rotates = false
    return settings
  }

  @Test(arguments: [
    TrajectoryForecaster.Network.recurrent(.vanilla), .recurrent(.lstm), .recurrent(.gru), .feedForward(window: 4),
  ])
  func everyNetworkForecastsBallsBetterThanConstantVelocity(_ network: TrajectoryForecaster.Network) throws {
    let baseline = DisplacementError(
      of: { ConstantVelocity.positions(after: $0.observed, count: $0.future.count) }, on: Self.test)
    let error = try TrajectoryForecaster(network, trainedOn: Self.training, Self.settings).error(on: Self.test)
    // Less than two thirds of it: what a network that learned gravity and nothing else reaches.
    #expect(error.average < baseline.average * 2 / 3)
  }

  @Test func aRecurrentNetworkTakesAnyHistory() throws {
    var settings = Self.settings
    settings.epochs = 1
    let forecaster = try TrajectoryForecaster(.recurrent(.gru), trainedOn: Self.training, settings)
    let windows = Self.simulation.windows(count: 7, observed: 2...40, predicted: 6, seed: 3)
    let together = forecaster.predictions(for: windows)
    for (window, positions) in zip(windows, together) {
      let alone = forecaster.predictions(for: [window])[0]
      #expect(positions.count == 6)
      // To the rounding of the BLAS path, in metres.
      for (one, other) in zip(positions, alone) {
        let difference = one - other
        #expect((difference * difference).sum() < 1e-8)
      }
    }
  }

  @Test func oneModelServesEveryLengthThatTrainingShowed() throws {
    var settings = Self.settings
    settings.minHistory = 2
    let windows = Self.simulation.windows(count: 600, observed: 12...12, predicted: 6, seed: 1)
    let test = Self.simulation.windows(count: 100, observed: 12...12, predicted: 6, seed: 2)
    let forecaster = try TrajectoryForecaster(.recurrent(.gru), trainedOn: windows, settings)
    for length in [2, 5, 12] {
      let known = test.map { $0.remembering(length) }
      let baseline = DisplacementError(
        of: { ConstantVelocity.positions(after: $0.observed, count: $0.future.count) }, on: known)
      #expect(forecaster.error(on: known).average < baseline.average * 2 / 3, "\(length) positions")
    }
  }

  @Test func rememberingKeepsTheLatestPositions() {
    let window = TrajectoryWindow(observed: [Point(1, 2), Point(3, 4), Point(5, 7)], future: [Point(8, 9)])
    #expect(window.remembering(2).observed == [Point(3, 4), Point(5, 7)])
    #expect(window.remembering(2).future == window.future)
    #expect(window.remembering(9) == window)
  }

  @Test func trainingCanBeStopped() {
    let session = TrainingSession { _, step in step.step < 3 ? .continue : .stop }
    #expect(throws: TrainingInterruption(stage: "balls", checkpoint: nil)) {
      try TrajectoryForecaster(
        .recurrent(.vanilla), trainedOn: Self.training, Self.settings, in: session, stage: "balls")
    }
  }
}
