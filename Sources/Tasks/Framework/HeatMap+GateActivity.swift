package import Figures
internal import Kernels
package import Models

extension HeatMap {
  /// The activity of gates over a sequence: a row for the mean of each gate over its units, and below, of the gate
  /// `gate`, one for each of the `units` units with the greatest variance.
  ///
  /// - Parameters:
  ///   - title: The title.
  ///   - activity: The gates at `T` steps.
  ///   - gate: Which gate's units are shown; none where the cell has no such gate.
  ///   - units: How many of them, at most.
  ///   - steps: The name of each step, `[T]`, and what they are.
  package init(
    _ title: String, _ activity: GateActivity<Float>, unitsOf gate: String, units: Int,
    steps: (names: [String], label: String)
  ) {
    var rows = activity.gates.map { "\($0), mean" }
    var values = activity.means
    if let index = activity.gates.firstIndex(of: gate) {
      let units = Self.liveliestUnits(activity.values[index]).prefix(units)
      rows += units.map { "\(gate), unit \($0.number)" }
      values += units.map(\.values)
    }
    self.init(
      title, rows: rows, columns: steps.names, values: values, axes: ("gate", steps.label),
      value: FigureAxis("open"))
  }

  /// The units, `[T × H]`, the one with the greatest variance over the steps first; of equals the first.
  private static func liveliestUnits(_ gate: Matrix<Float>) -> [(number: Int, values: [Double])] {
    let units = (0..<gate.columns).map { unit in
      (number: unit, values: (0..<gate.rows).map { Double(gate[$0, unit]) })
    }
    func variance(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(max(1, values.count))
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    return units.map { (unit: $0, variance: variance($0.values)) }
      .sorted { ($1.variance, $0.unit.number) < ($0.variance, $1.unit.number) }.map(\.unit)
  }
}
