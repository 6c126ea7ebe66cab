import Foundation
import Models
import TestSupport
import Testing

@Suite struct LearningRateScheduleTests {
  @Test func aConstantRateIsConstant() {
    var scheduler = LearningRateScheduler(.constant(0.3))
    for step in [0, 1, 1000] {
      scheduler.observe(validationLoss: 5)
      #expect(scheduler.rate(at: step) == 0.3)
    }
  }

  @Test func stepDecayFallsByItsFactorAfterEachInterval() {
    let scheduler = LearningRateScheduler(.stepDecay(initial: 0.5, factor: 0.5, interval: 3))
    #expect((0..<8).map { scheduler.rate(at: $0) } == [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125])
  }

  @Test func warmUpRisesInALineToThePeak() {
    let scheduler = LearningRateScheduler(.cosine(peak: 0.8, warmUpSteps: 4, totalSteps: 10))
    #expect((0..<5).map { scheduler.rate(at: $0) } == [0.2, 0.4, 0.8 * 3 / 4, 0.8, 0.8])
  }

  @Test func theCosineFallsFromThePeakThroughTheMiddleToTheEndAndStays() {
    let scheduler = LearningRateScheduler(.cosine(peak: 0.8, final: 0.2, warmUpSteps: 3, totalSteps: 13))
    let rates = (3...15).map { scheduler.rate(at: $0) }
    #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 })
    let found = [rates[0], rates[5], rates[10], rates[12]]
    #expect(maximumRelativeDifference(found, [0.8, 0.5, 0.2, 0.2]) <= Tolerance.operations(4, Double.self))
  }

  @Test func withoutWarmUpTheCosineBeginsAtThePeak() {
    #expect(LearningRateScheduler(.cosine(peak: 0.8, totalSteps: 5)).rate(at: 0) == 0.8)
  }

  @Test func aPlateauLongerThanPatienceReducesTheRateDownToTheMinimum() {
    var scheduler = LearningRateScheduler(.reduceOnPlateau(initial: 1, factor: 0.5, patience: 1, minimum: 0.3))
    func rates(after losses: [Double]) -> [Double] {
      losses.map {
        scheduler.observe(validationLoss: $0)
        return scheduler.rate(at: 0)
      }
    }
    #expect(rates(after: [4, 3, 3.5, 2]) == [1, 1, 1, 1])
    // Less than a ten-thousandth better is not better.
    #expect(rates(after: [2, 1.9999]) == [1, 0.5])
    #expect(rates(after: [.nan, .infinity]) == [0.5, 0.3])
    #expect(rates(after: [5, 5, 5]) == [0.3, 0.3, 0.3])
  }

  @Test func negativeLossesImproveByFalling() {
    var scheduler = LearningRateScheduler(.reduceOnPlateau(initial: 1, factor: 0.5, patience: 0))
    for loss in [-1.0, -2, -3] { scheduler.observe(validationLoss: loss) }
    #expect(scheduler.rate(at: 0) == 1)
    scheduler.observe(validationLoss: -3)
    #expect(scheduler.rate(at: 0) == 0.5)
  }

  @Test(arguments: [
    LearningRateSchedule.constant(0.1), .stepDecay(initial: 1, factor: 0.1, interval: 7),
    .cosine(peak: 1, warmUpSteps: 2, totalSteps: 9), .reduceOnPlateau(initial: 1, patience: 0),
  ])
  func aSavedSchedulerGoesOnWhereItWas(_ schedule: LearningRateSchedule) throws {
    var scheduler = LearningRateScheduler(schedule)
    for loss in [2.0, 3, 4] { scheduler.observe(validationLoss: loss) }
    let resumed = try JSONDecoder().decode(LearningRateScheduler.self, from: JSONEncoder().encode(scheduler))
    #expect(resumed == scheduler)
    #expect(resumed.rate(at: 5) == scheduler.rate(at: 5))
  }
}
