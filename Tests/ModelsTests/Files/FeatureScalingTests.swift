import Kernels
import Models
import TestSupport
import Testing

@Suite struct FeatureScalingTests {
  private let sequences = [
    Matrix<Double>([[1, 10, 7], [3, 30, 7]]), .zeros(rows: 0, columns: 3), Matrix<Double>([[5, -40, 7]]),
  ]

  @Test func standardisingGivesMeanZeroAndVarianceOne() throws {
    let scaling = try FeatureScaling(standardizing: sequences)
    #expect(scaling.offsets == [3, 0, 7])
    let rows = sequences.flatMap { scaling.scaled($0).nestedRows }
    for j in 0..<2 {
      let column = rows.map { $0[j] }
      #expect(abs(column.reduce(0, +)) < Tolerance.operations(9, Double.self))
      let variance = column.reduce(0) { $0 + $1 * $1 } / 3
      #expect(abs(variance - 1) < Tolerance.operations(9, Double.self))
    }
    #expect(rows.allSatisfy { $0[2] == 0 }, "a feature that does not vary is only shifted")
  }

  @Test func restoringUndoesScaling() throws {
    let scaling = try FeatureScaling(offsets: [3, -0.5, 1e6], scales: [0.125, 4, 1e-3])
    let scaled = scaling.scaled(sequences[0])
    let wanted: [Double] = [-16, 2.625, (7.0 - 1e6) / 1e-3]
    #expect(scaled.row(0) == wanted)
    #expect(
      maximumRelativeDifference(scaling.restored(scaled), sequences[0]) < 1e6 * Tolerance.operations(3, Double.self))
  }

  @Test(arguments: [
    ("scales", [0, 1], [1]), ("offset", [.nan, 1], [1, 1]), ("scale", [0, 1], [1, 0]), ("scale", [0, 1], [1, -2]),
    ("scale", [0, 1], [.infinity, 1]),
  ])
  func numbersThatCannotBeAreAnError(_ setting: String, _ offsets: [Double], _ scales: [Double]) {
    let error = #expect(throws: ConfigurationError.self) { try FeatureScaling(offsets: offsets, scales: scales) }
    #expect(error?.setting == setting)
  }

  @Test func nothingToStandardiseIsAnError() {
    #expect(throws: ConfigurationError.self) { try FeatureScaling(standardizing: [Matrix<Float>]()) }
    #expect(throws: ConfigurationError.self) {
      try FeatureScaling(standardizing: [Matrix<Float>([[1, .nan]])])
    }
  }
}
