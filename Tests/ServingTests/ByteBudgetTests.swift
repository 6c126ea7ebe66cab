import Testing

@testable import Serving

@Suite struct ByteBudgetTests {
  private let budget = ByteBudget(limit: 100_000)

  @Test func noMoreIsTakenThanIsLeft() {
    #expect(budget.take(60_000))
    #expect(!budget.take(40_001))
    #expect(budget.take(40_000))
    budget.give(100_000)
    #expect(budget.take(100_000))
  }

  @Test func aShareIsGivenBackWithItsObject() throws {
    do {
      let share = try #require(try budget.share(forAnswerOf: 90_000))
      #expect(throws: ServingError.self) { try budget.share(forAnswerOf: 40_000) }
      share.shrink(to: 50_000)
      #expect(budget.take(50_000))
      #expect(!budget.take(1))
      // A share does not grow.
      share.shrink(to: 70_000)
      withExtendedLifetime(share) {}
    }
    #expect(budget.take(50_000))
    #expect(!budget.take(1))
  }

  @Test func aSmallAnswerNeedsNoRoom() throws {
    #expect(budget.take(100_000))
    #expect(try budget.share(forAnswerOf: ByteBudget.maxSmallAnswer) == nil)
    #expect(throws: ServingError.self) { try budget.share(forAnswerOf: ByteBudget.maxSmallAnswer + 1) }
  }
}
