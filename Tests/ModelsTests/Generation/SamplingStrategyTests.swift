import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct SamplingStrategyTests {
  private let logits = [0.5, 2, -1, 2, 0, -3, 1.5]

  private func softmax(_ logits: [Double]) -> [Double] {
    let exponentials = logits.map(Double._exp)
    return exponentials.map { $0 / exponentials.reduce(0, +) }
  }

  private func probabilities(
    _ strategy: SamplingStrategy, forbidding: Set<Int32> = [], _ logits: [Double]? = nil
  ) throws -> [Double] {
    try TokenSampler(strategy, forbidding: forbidding).probabilities(of: logits ?? self.logits)
  }

  @Test(arguments: [0.25, 1, 3.5])
  func theTemperatureDividesTheLogits(_ temperature: Double) throws {
    let found = try probabilities(.temperature(temperature))
    #expect(
      maximumRelativeDifference(found, softmax(logits.map { $0 / temperature }))
        <= Tolerance.operations(16, Double.self))
  }

  @Test func greedyTakesTheFirstOfTheMostProbable() throws {
    #expect(try probabilities(.greedy) == [0, 1, 0, 0, 0, 0, 0])
    #expect(try probabilities(.greedy, forbidding: [1]) == [0, 0, 0, 1, 0, 0, 0])
  }

  @Test(arguments: [1, 2, 3, 5, 7, 70])
  func topKIsTheSoftmaxOfTheLargest(_ k: Int) throws {
    let largest = Set([1, 3, 6, 0, 4, 2, 5].prefix(k))
    let wanted = softmax(logits.enumerated().map { largest.contains($0.offset) ? $0.element : -.infinity })
    #expect(maximumRelativeDifference(try probabilities(.topK(k)), wanted) <= Tolerance.operations(16, Double.self))
  }

  @Test(arguments: [0.01, 0.3, 0.5, 0.7, 0.9, 0.999, 1])
  func theNucleusIsTheFewestTokensWithTheProbability(_ p: Double) throws {
    let (all, found) = (softmax(logits), try probabilities(.nucleus(p)))
    let inside = found.indices.filter { found[$0] > 0 }
    let mass = inside.reduce(0) { $0 + all[$1] }
    #expect(mass >= p - Tolerance.operations(16, Double.self))
    let smallest = try #require(inside.map { all[$0] }.min())
    #expect(inside.count == 1 || mass - smallest < p)
    #expect(all.indices.allSatisfy { inside.contains($0) || all[$0] <= smallest })
    let wanted = all.indices.map { inside.contains($0) ? all[$0] / mass : 0 }
    #expect(maximumRelativeDifference(found, wanted) <= Tolerance.operations(16, Double.self))
  }

  @Test(arguments: [
    SamplingStrategy.temperature(1), .topK(3, temperature: 2), .nucleus(0.8, temperature: 0.5), .greedy,
  ])
  func whatIsDrawnFollowsTheProbabilities(_ strategy: SamplingStrategy) throws {
    let sampler = try TokenSampler(strategy, forbidding: [6])
    let wanted = sampler.probabilities(of: logits)
    let draws = 20_000
    var (generator, counts) = (SeededGenerator(seed: 7), [Int](repeating: 0, count: logits.count))
    for _ in 0..<draws { counts[Int(sampler(logits, using: &generator))] += 1 }
    for (count, p) in zip(counts, wanted) {
      #expect(p > 0 || count == 0)
      let deviation = (p * (1 - p)).squareRoot()
      #expect(abs(Double(count) / Double(draws) - p) <= deviation * Tolerance.mean(ofDraws: draws))
    }
  }

  @Test(arguments: [SamplingStrategy.greedy, .temperature(1), .topK(2), .nucleus(0.9)])
  func whatIsForbiddenIsNotThereForTheStrategy(_ strategy: SamplingStrategy) throws {
    let found = try probabilities(strategy, forbidding: [1, 3, 99, -1])
    var without = logits
    without[1] = -.infinity
    without[3] = -.infinity
    #expect(found == (try probabilities(strategy, without)))
    #expect(found[1] == 0 && found[3] == 0)
  }

  @Test(arguments: [SamplingStrategy.greedy, .temperature(0.5), .topK(2), .nucleus(0.5)])
  func infinitiesAndWhatIsNotANumberAreBorne(_ strategy: SamplingStrategy) throws {
    let infinite = try probabilities(strategy, [1, .infinity, .nan, -.infinity])
    #expect(infinite == [0, 1, 0, 0])
    let nothing = try probabilities(strategy, forbidding: [0], [3, .nan, -.infinity])
    #expect(nothing == (strategy == .greedy ? [0, 1, 0] : [0, 0.5, 0.5]))
  }

  @Test func aStrategyThatCannotBeIsAnError() {
    let broken: [(SamplingStrategy, String)] = [
      (.temperature(0), "temperature"), (.temperature(-1), "temperature"), (.temperature(.infinity), "temperature"),
      (.temperature(.nan), "temperature"), (.topK(0), "top-k"), (.topK(3, temperature: 0), "temperature"),
      (.nucleus(0), "nucleus"), (.nucleus(1.5), "nucleus"), (.nucleus(.nan), "nucleus"),
      (.nucleus(0.5, temperature: 0), "temperature"),
    ]
    for (strategy, setting) in broken {
      let error = #expect(throws: ConfigurationError.self) { try TokenSampler(strategy) }
      #expect(error?.setting == setting)
    }
  }

  @Test(arguments: [1, 2, 7, 40, 41, 100])
  func theLargestAreThoseOfASort(_ count: Int) {
    var generator = SeededGenerator(seed: 11)
    let numbers = (0..<41).map { _ in Double(generator.uniform(below: 20)) }
    let sorted = numbers.indices.sorted { (numbers[$0], $1) > (numbers[$1], $0) }
    #expect(indicesOfLargest(count, of: numbers) == Array(sorted.prefix(count)))
    #expect(indicesOfLargest(count, of: [.nan] + numbers) == sorted.prefix(count).map { $0 + 1 })
  }
}
