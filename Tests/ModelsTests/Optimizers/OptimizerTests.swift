import Foundation
import Kernels
import Models
import TestSupport
import Testing

@Suite struct OptimizerTests {
  private static let rules: [(name: String, rule: OptimizerRule, learningRate: Double)] = [
    ("sgd", .sgd(), 0.1),
    ("sgdMomentum", .sgd(momentum: 0.9), 0.1),
    ("rmsProp", .rmsProp(), 0.01),
    ("adam", .adam(), 0.01),
    ("adamW", .adamW(weightDecay: 0.1), 0.01),
  ]
  private let layout = ParameterLayout([ParameterShape("p", rows: 7, columns: 1, role: .inputBias)])

  private func parameters<Scalar: BLASScalar>(_ numbers: [Scalar]) -> ParameterVector<Scalar> {
    var result = ParameterVector<Scalar>.zeros(layout)
    result["p"] = Matrix(rows: 7, columns: 1, numbers)
    return result
  }

  @Test(arguments: Self.rules.indices)
  func everyStepMatchesPyTorch(_ index: Int) throws {
    func check<Scalar: BLASScalar & SafetensorsElement>(_ type: Scalar.Type) throws {
      let (name, rule, learningRate) = Self.rules[index]
      let fixture = try Fixture.open("optimizers")
      let gradients = try fixture.matrix("gradients", as: type)
      let wanted: Matrix<Double> = try fixture.matrix("\(name).parameters")
      var parameters = try parameters(fixture.matrix("\(name).parameters", as: type).row(0))
      var optimizer = Optimizer<Scalar>(rule, count: 7)
      for step in 0..<gradients.rows {
        optimizer.update(
          &parameters, gradient: self.parameters(gradients.row(step)), learningRate: Scalar(learningRate))
        for (found, wanted) in zip(parameters["p"].elements, wanted.row(step + 1)) {
          #expect(maximumRelativeDifference([found], [wanted]) <= Tolerance.pyTorch(type), "\(name), step \(step)")
        }
      }
      #expect(optimizer.state.step == gradients.rows)
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test(arguments: Self.rules.indices)
  func aResumedOptimiserGoesOnToTheBit(_ index: Int) {
    let rule = Self.rules[index].rule
    var generator = SeededGenerator(seed: 31)
    func numbers() -> ParameterVector<Float> {
      parameters((0..<7).map { _ in generator.uniform(in: Float(-1)..<1) })
    }
    var moved = numbers()
    var optimizer = Optimizer<Float>(rule, count: 7)
    for _ in 0..<3 { optimizer.update(&moved, gradient: numbers(), learningRate: 0.05) }

    var resumed = Optimizer<Float>(rule, resuming: optimizer.state)
    var movedByResumed = moved
    let gradient = numbers()
    optimizer.update(&moved, gradient: gradient, learningRate: 0.05)
    resumed.update(&movedByResumed, gradient: gradient, learningRate: 0.05)
    #expect(movedByResumed == moved)
    #expect(resumed == optimizer)
  }

  @Test(arguments: Self.rules.indices)
  func aCopyGoesItsOwnWay(_ index: Int) {
    var moved = parameters([1, 2, 3, 4, 5, 6, 7] as [Double])
    let original = Optimizer<Double>(Self.rules[index].rule, count: 7)
    var copy = original
    copy.update(&moved, gradient: moved, learningRate: 0.1)
    #expect(original == Optimizer(Self.rules[index].rule, count: 7))
  }

  @Test(arguments: Self.rules.indices)
  func aRuleSurvivesItsEncoding(_ index: Int) throws {
    let rule = Self.rules[index].rule
    #expect(try JSONDecoder().decode(OptimizerRule.self, from: JSONEncoder().encode(rule)) == rule)
  }

  @Test(arguments: Self.rules.indices)
  func everyRuleReachesTheMinimumOfABowl(_ index: Int) {
    var rule = Self.rules[index].rule
    // Weight decay would shift the minimum.
    if case .adamW = rule { rule = .adamW(weightDecay: 0) }
    var moved = parameters([1, -2, 0.5, 0.25, -0.125, 2, -1] as [Double])
    var optimizer = Optimizer<Double>(rule, count: 7)
    // The rates add up to 20, so plain descent leaves e⁻²⁰ of the distance; the last one is 5e-6.
    var learningRate = 0.1
    for _ in 0..<2000 {
      optimizer.update(&moved, gradient: moved, learningRate: learningRate)
      learningRate *= 0.995
    }
    #expect(moved.norm < 1e-4)
  }
}
