import Kernels
import Models
import TestSupport
import Testing

@Suite struct GradientCheckTests {
  @Test func aRightGradientAgrees() throws {
    let check = QuadraticModel([2, 3, 5]).checkGradient(on: [1, 4])
    #expect(check.entries.map(\.parameter) == ["first", "second"])
    #expect(check.entries.allSatisfy { $0.relativeError < Tolerance.finiteDifference })
  }

  @Test func aWrongGradientIsFoundAndNamed() throws {
    var model = QuadraticModel([2, 3, 5])
    model.gradientMistake = 0.25
    let check = model.checkGradient(on: [1, 4])
    let worst = try #require(check.worst)
    #expect(worst.parameter == "first" && worst.index == 0)
    // (2 − 2.5) / 3, and that with the mistake.
    #expect(maximumRelativeDifference([worst.numeric], [-0.5 / 3]) < Tolerance.finiteDifference)
    #expect(maximumRelativeDifference([worst.analytic], [-0.5 / 3 + 0.25]) < Tolerance.finiteDifference)
    #expect(worst.relativeError > 0.5)
    #expect(check.entries[1].relativeError < Tolerance.finiteDifference)
  }

  @Test func aNaNIsTheWorstError() {
    var model = QuadraticModel([2, 3, 5])
    model.gradientMistake = .nan
    #expect(model.checkGradient(on: [1, 4]).worst?.relativeError == .infinity)
  }

  @Test func theDescriptionHasALineForEachParameter() {
    let lines = "\(QuadraticModel([2, 3, 5]).checkGradient(on: [1, 4]))".split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("first[0]   relative error ") == true)
    #expect(lines.last?.hasPrefix("second[") == true)
  }

  @Test func atMostSoManyNumbersOfAParameterAreChecked() {
    var model = QuadraticModel(Array(repeating: 2, count: 40))
    model.gradientMistake = 0.25
    let found = (0..<40).count { seed in
      (model.checkGradient(on: [1], atMost: 10, seed: UInt64(seed)).worst?.relativeError ?? 0) > 0.1
    }
    // Ten of twenty numbers of the first parameter: the wrong one is among them half the time, 20 ± 3.2.
    #expect(4...36 ~= found)
    #expect(model.checkGradient(on: [1], atMost: 10, seed: 3) == model.checkGradient(on: [1], atMost: 10, seed: 3))
  }

  @Test func dropoutIsTheSameInEveryPass() throws {
    let cell = RecurrentCell.gru(inputSize: 3, hiddenSize: 5)
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(cell, layers: 2, dropout: 0.4, recurrentDropout: 0.3), outputSize: 2,
      loss: .meanSquaredError)
    let model = SequenceModel<Double>(architecture, seed: 1)
    let batch = SequenceBatch<Double>(
      inputs: .features(PackedSequence([[[0.3, -0.2, 0.5], [0.1, 0.7, -0.4]], [[-0.6, 0.2, 0.9]]])),
      targets: .values(PackedSequence([[[0.5, 1], [-1, 0.25]], [[0.75, -0.5]]])))
    let check = model.checkGradient(on: batch, atMost: 6, seed: 9)
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference)
  }
}
