import Models
import TestSupport
import Testing

@Suite struct EvaluationTests {
  @Test(arguments: [1, 3, 5, 64])
  func theMeanDoesNotDependOnTheBatches(batchSize: Int) throws {
    let model = QuadraticModel([2, 3, 5])
    // Zeros are masked: the mean is over the other four numbers.
    let loss = try model.loss(over: Numbers(values: [1, 0, 4, 7, 0, 0, -2]), batchSize: batchSize)
    var tape = model.makeTape(seed: 0)
    let wanted = model.loss(of: [1, 4, 7, -2], tape: &tape)
    #expect(loss.count == 12)
    #expect(maximumRelativeDifference([loss.mean], [wanted.mean]) <= Tolerance.operations(20, Double.self))
  }

  @Test func aBatchWithoutExamplesIsAnError() {
    #expect(throws: ConfigurationError(setting: "batchSize", found: "0", wanted: "at least 1")) {
      try QuadraticModel([1, 2]).loss(over: Numbers(values: [1]), batchSize: 0)
    }
  }

  @Test func whatDoesNotCountAddsNothing() {
    var loss = LossValue(mean: 3, count: 2)
    loss.add(LossValue(mean: .nan, count: 0))
    #expect(loss == LossValue(mean: 3, count: 2))
    loss.add(LossValue(mean: 9, count: 4))
    #expect(loss == LossValue(mean: 7, count: 6))
  }
}
