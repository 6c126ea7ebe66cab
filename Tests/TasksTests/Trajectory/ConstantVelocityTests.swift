import Tasks
import Testing

@Suite struct ConstantVelocityTests {
  @Test func theLastDisplacementIsRepeated() {
    #expect(ConstantVelocity.positions(after: [[9, 9], [1, 1], [2, 3]], count: 3) == [[3, 5], [4, 7], [5, 9]])
  }

  @Test func noFutureHasNoPositions() {
    #expect(ConstantVelocity.positions(after: [[1, 1], [2, 3]], count: 0).isEmpty)
  }
}
