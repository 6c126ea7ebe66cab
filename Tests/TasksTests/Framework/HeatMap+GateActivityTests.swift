import Figures
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct HeatMapGateActivityTests {
  private func activity() throws -> GateActivity<Float> {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 2, hiddenSize: 5)), outputSize: 1,
      loss: .meanSquaredError)
    let inputs = Matrix<Float>(rows: 4, columns: 2, [3, -1, 0.5, 2, -2, 0.25, 1, 1])
    return try SequenceModel<Float>(architecture, seed: 2)
      .gateActivity(on: .features(PackedSequence([inputs], features: 2)))
  }

  @Test func meansComeFirstAndThenTheUnitsOfGreatestVariance() throws {
    let activity = try activity()
    let map = HeatMap(
      "Gates", activity, unitsOf: "forget", units: 3, steps: (["a", "b", "c", "d"], "character"))
    #expect(Array(map.rows.prefix(3)) == ["input, mean", "forget, mean", "output, mean"])
    #expect(map.rows.count == 6 && map.rows.dropFirst(3).allSatisfy { $0.hasPrefix("forget, unit ") })
    #expect(Array(map.values.prefix(3)) == activity.means)
    func variance(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / 4
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let variances = map.values.dropFirst(3).map(variance)
    #expect(variances == variances.sorted(by: >))
  }

  @Test func aGateThatIsNotThereHasNoUnits() throws {
    let map = HeatMap(
      "Gates", try activity(), unitsOf: "update", units: 3, steps: (["a", "b", "c", "d"], "character"))
    #expect(map.rows.count == 3)
  }
}
