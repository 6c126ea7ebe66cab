import Foundation
import Kernels
import TestSupport
import Testing

@testable import Models

/// Numbers that are called known were computed by a second implementation, in Python, from the cited papers.
@Suite struct SeededGeneratorTests {
  @Test func seedsAreSpreadBySplitMix64() {
    // As published with the generator's reference implementation.
    var mixer = SplitMix64(state: 1_234_567)
    #expect(
      (0..<3).map { _ in mixer.next() } == [6457827717110365317, 3203168211198807973, 9817491932198370423])
  }

  @Test func bitsAreThoseOfTheReferenceImplementation() throws {
    // As published with the generator's reference implementation, for the state 1, 2, 3, 4.
    var generator = try JSONDecoder().decode(SeededGenerator.self, from: Data("[1,2,3,4]".utf8))
    #expect(
      (0..<10).map { _ in generator.next() } == [
        41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205, 9973669472204895162,
        14011001112246962877, 12406186145184390807, 15849039046786891736, 10450023813501588000,
      ])
  }

  @Test func seedAndStreamDecideTheKnownBits() {
    var seeded = SeededGenerator(seed: 42)
    #expect(
      (0..<3).map { _ in seeded.next() } == [15021278609987233951, 5881210131331364753, 18149643915985481100])
    var stream = SeededGenerator(seed: 42, stream: 7)
    #expect((0..<3).map { _ in stream.next() } == [6144688783203113279, 6582333671749428606, 4093867398854821960])
  }

  @Test func distributionsGiveTheKnownNumbers() {
    var doubles = SeededGenerator(seed: 42)
    #expect(
      (0..<3).map { _ in doubles.uniform(Double.self) } == [
        0.8143051451229099, 0.3188210400616611, 0.9838941681774888,
      ])
    var floats = SeededGenerator(seed: 42)
    #expect((0..<3).map { _ in floats.uniform(Float.self) } == [0.81430513, 0.31882101, 0.9838941])
    var digits = SeededGenerator(seed: 42)
    #expect((0..<12).map { _ in digits.uniform(below: 10) } == [8, 3, 9, 7, 7, 5, 1, 6, 2, 9, 5, 8])
    var rejecting = SeededGenerator(seed: 42)
    #expect(
      (0..<3).map { _ in rejecting.uniform(below: 3 << 61) } == [
        5632979478745212731, 2205453799249261782, 6806116468494555412,
      ])
    var order = Array(0..<9)
    var shuffling = SeededGenerator(seed: 42)
    shuffling.shuffle(&order)
    #expect(order == [5, 1, 0, 8, 3, 4, 6, 2, 7])
  }

  @Test func normalNumbersAreTheKnownOnesToTheRoundingOfTheirLogarithm() {
    var generator = SeededGenerator(seed: 42)
    let found = (0..<5).map { _ in generator.normal(Double.self) }
    let known = [0.9813983900724986, 1.3403256427520227, -0.9642205062941384, 0.1962265296745266, 0.20290854483035597]
    #expect(maximumRelativeDifference(found, known) <= Tolerance.operations(2, Double.self))
  }

  @Test func theLogarithmIsWithinTwoULPOfTheCLibrarys() {
    var generator = SeededGenerator(seed: 8)
    var inputs = (-1022...1023).map { Double(sign: .plus, exponent: $0, significand: 1) }
    inputs += (0..<20_000).map { _ in generator.uniform(Double.self) + 0x1p-60 }
    inputs += [Double(1).nextUp, Double(1).nextDown, Double(2).squareRoot(), Double(0.5).squareRoot()]
    for x in inputs { #expect(abs(portableLogarithm(x) - log(x)) <= 2 * log(x).ulp, "log(\(x))") }
  }

  @Test func uniformNumbersHaveTheMomentsOfTheirDistribution() {
    let count = 20_000
    var generator = SeededGenerator(seed: 11)
    let numbers = (0..<count).map { _ in generator.uniform(in: -2.0..<6.0) }
    #expect(numbers.allSatisfy { $0 >= -2 && $0 < 6 })
    let standardDeviation = 8 / 12.0.squareRoot()
    let mean = numbers.reduce(0, +) / Double(count)
    #expect(abs(mean - 2) <= standardDeviation * Tolerance.mean(ofDraws: count))
  }

  @Test func aRangeNeverGivesItsUpperBound() {
    var generator = SeededGenerator(seed: 12)
    let narrow = Float(1)..<Float(1).nextUp
    for _ in 0..<100 { #expect(narrow.contains(generator.uniform(in: narrow))) }
  }

  @Test func wholeNumbersCoverTheirRangeEvenly() {
    var generator = SeededGenerator(seed: 13)
    let draws = 14_000
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<draws { counts[generator.uniform(in: 3..<10) - 3] += 1 }
    let probability = 1.0 / 7
    let standardDeviation = (probability * (1 - probability)).squareRoot()
    for count in counts {
      let frequency = Double(count) / Double(draws)
      #expect(abs(frequency - probability) <= standardDeviation * Tolerance.mean(ofDraws: draws))
    }
    #expect(generator.uniform(below: 1) == 0)
  }

  @Test func aSavedStateGoesOnWhereItWas() throws {
    var generator = SeededGenerator(seed: .max)
    for _ in 0..<5 { _ = generator.next() }
    var resumed = try JSONDecoder().decode(SeededGenerator.self, from: JSONEncoder().encode(generator))
    #expect(resumed == generator)
    #expect(resumed.next() == generator.next())
  }

  @Test(arguments: ["[0,0,0,0]", "[1,2,3]", "[1,2,3,4,5]", "{}"])
  func aStateThatNoGeneratorReachesIsAnError(_ text: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(SeededGenerator.self, from: Data(text.utf8))
    }
  }

  @Test func streamsOfASeedDiffer() {
    var first: Set<UInt64> = []
    var seeded = SeededGenerator(seed: 9)
    first.insert(seeded.next())
    for stream in 0..<1000 {
      var generator = SeededGenerator(seed: 9, stream: UInt64(stream))
      first.insert(generator.next())
    }
    #expect(first.count == 1001)
  }

  @Test func aSplitGeneratorDoesNotRepeatItsOrigin() {
    var generator = SeededGenerator(seed: 10)
    var split = generator.split()
    #expect(Set((0..<50).flatMap { _ in [generator.next(), split.next()] }).count == 100)
  }
}
