import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct TrajectoryWindowTests {
  let window = TrajectoryWindow(
    observed: [[0, 0], [1, 2], [3, 3]], future: [[5, 5], [6, 4], [9, 5], [11, 7]])

  @Test func displacementsLeadFromEachPositionToTheNext() {
    #expect(window.displacements == [[1, 2], [2, 1]])
  }

  @Test func residualsAreWhatConstantVelocityMisses() {
    #expect(window.residuals == [[0, 1], [-1, -1], [0, -1], [0, 0]])
  }

  @Test func positionsFromResidualsAreTheFuture() {
    #expect(window.positions(fromResiduals: window.residuals) == window.future)
  }

  @Test func aQuarterTurnTurnsEverythingAnticlockwise() {
    let turned = window.rotated(cosine: 0, sine: 1)
    #expect(turned.observed == [[0, 0], [-2, 1], [-3, 3]])
    #expect(turned.residuals == window.residuals.map { [-$0.y, $0.x] })
  }

  @Test func randomRotationsKeepDistancesAndPointEverywhere() {
    var generator = SeededGenerator(seed: 3)
    var quadrants: Set<[Bool]> = []
    for _ in 0..<100 {
      let turned = window.randomlyRotated(using: &generator)
      for (a, b) in zip(turned.residuals, window.residuals) { #expect(abs(a.length - b.length) < 1e-12) }
      quadrants.insert([turned.observed[1].x > 0, turned.observed[1].y > 0])
    }
    #expect(quadrants.count == 4)
  }

  @Test func tensorsHoldDisplacementsAndResiduals() {
    let shorter = TrajectoryWindow(observed: [[1, 1], [4, 0]], future: [[5, 5], [6, 4], [9, 5], [10, 4]])
    let inputs = PackedSequence<Float>(displacementsOf: [shorter, window])
    #expect(inputs.layout.lengths == [1, 2])
    #expect(inputs.sequence(1).nestedRows == [[1, 2], [2, 1]])
    let targets = Matrix<Float>(residualsOf: [shorter, window])
    #expect(targets.row(1) == [0, 1, -1, -1, 0, -1, 0, 0])
    #expect(shorter.positions(fromResiduals: targets.points(inRow: 0)) == shorter.future)
  }
}
