import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct DropoutTests {
  private func ones(rows: Int, columns: Int) -> Matrix<Double> { Matrix(repeating: 1, rows: rows, columns: columns) }

  @Test func whatIsKeptGrowsSoThatTheMeanStays() {
    var (rows, mask, generator) = (ones(rows: 90, columns: 70), DropoutMask<Double>(), SeededGenerator(seed: 3))
    rows.withMutableView { mask.forward($0, rate: 0.2, mode: .training, from: &generator) }
    #expect(Set(rows.elements) == [0, 1.25])
    let mean = rows.elements.reduce(0, +) / Double(rows.count)
    #expect(abs(mean - 1) < Tolerance.mean(ofDraws: rows.count) * 0.5)
    var gradient = ones(rows: 90, columns: 70)
    gradient.withMutableView { mask.backward($0) }
    #expect(gradient == rows)
  }

  @Test(arguments: [(0.0, PassMode.training), (0.5, .recording), (0.5, .inference)])
  func nothingIsDroppedOutsideTraining(rate: Double, mode: PassMode) {
    var (rows, mask, generator) = (ones(rows: 3, columns: 5), DropoutMask<Double>(), SeededGenerator(seed: 3))
    let before = generator
    rows.withMutableView {
      mask.forward($0, rate: rate, mode: mode, from: &generator)
      mask.backward($0)
    }
    #expect(rows == ones(rows: 3, columns: 5) && generator == before)
  }

  @Test(arguments: [-0.1, 1, .nan])
  func aRateThatLeavesNothingIsAnError(rate: Double) {
    #expect(throws: ConfigurationError.self) { try DropoutMask<Double>.check(rate) }
  }
}
