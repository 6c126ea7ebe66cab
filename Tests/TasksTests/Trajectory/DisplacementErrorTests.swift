import Tasks
import Testing

@Suite struct DisplacementErrorTests {
  let straight = TrajectoryWindow(observed: [[0, 0], [1, 0]], future: [[2, 0], [3, 0]])
  let turning = TrajectoryWindow(observed: [[0, 0], [1, 0]], future: [[2, 3], [6, 4]])

  @Test func averageIsOverStepsAndWindowsAndFinalOverWindows() {
    let error = DisplacementError(
      of: { ConstantVelocity.positions(after: $0.observed, count: 2) }, on: [straight, turning])
    #expect(error == DisplacementError(average: (0 + 0 + 3 + 5) / 4, final: (0 + 5) / 2))
  }

  @Test func aPerfectPredictorHasNone() {
    #expect(DisplacementError(of: \.future, on: [turning]) == DisplacementError(average: 0, final: 0))
  }

  @Test func theMeanGivesEachSceneTheSameWeight() {
    let mean = DisplacementError.mean(of: [
      DisplacementError(average: 1, final: 3), DisplacementError(average: 2, final: 5),
    ])
    #expect(mean == DisplacementError(average: 1.5, final: 4))
  }
}
