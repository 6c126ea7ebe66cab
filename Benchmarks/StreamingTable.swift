import TextTable

/// Streaming measurements as people read them, beside the figures of another engine.
struct StreamingTable {
  var measurements: [StreamingMeasurement]
  /// The ceiling that they were measured under, in GFLOP/s for a core and `Float`.
  var ceilingPerCore: Double
  /// What reading the clock takes, which was taken off.
  var clockNanoseconds: Double

  /// Nanoseconds a step of RTNeural, whose sizes are fixed at compile time in C++ (Eigen, `-march=native`), in `Float` and
  /// on a core with a ceiling of ``referenceCeiling``.
  static func referenceNanoseconds(_ cell: CellKind, inputs: Int, hidden: Int) -> Double? {
    switch (cell, inputs, hidden) {
    case (.lstm, 1, 16): 77
    case (.lstm, 1, 32): 143
    case (.lstm, 1, 64): 709
    case (.lstm, 64, 128): 3809
    case (.gru, 1, 16): 88
    case (.gru, 1, 32): 130
    case (.gru, 1, 64): 578
    case (.gru, 64, 128): 2790
    default: nil
    }
  }

  /// GFLOP/s of the core that the reference figures are from.
  static let referenceCeiling = 116.0

  /// The reference for a row, in proportion to the ceiling here; `nil` where there is none.
  func scaledReference(_ row: StreamingMeasurement) -> Double? {
    guard row.type == .float, ceilingPerCore > 0 else { return nil }
    return Self.referenceNanoseconds(row.cell, inputs: row.I, hidden: row.H)
      .map { $0 * Self.referenceCeiling / ceilingPerCore }
  }
}

extension StreamingTable: CustomStringConvertible {
  /// One row a measurement, in the order of cells and rising work, and what the columns mean.
  var description: String {
    let order = measurements.sorted {
      ($0.cell.rawValue, $0.I + $0.H, $0.path) < ($1.cell.rawValue, $1.I + $1.H, $1.path)
    }
    let table = TextTable<StreamingMeasurement> { row in
      let reference = scaledReference(row)
      return [
        Column(title: "Cell", value: row.cell.rawValue),
        Column(title: "I,H", value: "\(row.I),\(row.H)"),
        Column(title: "Path", value: row.path),
        Column(title: "Median ns", value: nanoseconds(row.medianNanoseconds), align: .right),
        Column(title: "99 %", value: nanoseconds(row.percentile99Nanoseconds), align: .right),
        Column(title: "99.9 %", value: nanoseconds(row.percentile999Nanoseconds), align: .right),
        Column(title: "Fastest", value: nanoseconds(row.fastestNanoseconds), align: .right),
        Column(title: "Mean", value: nanoseconds(row.meanNanoseconds), align: .right),
        Column(title: "Steps", value: row.steps, align: .right),
        Column(title: "GFLOP/s", value: fixed(row.gflops, decimals: 1), align: .right),
        Column(title: "Of ceiling", value: "\(fixed(row.ceilingShare * 100, decimals: 0)) %", align: .right),
        Column(title: "RTNeural", value: reference.map(nanoseconds) ?? "–", align: .right),
        Column(
          title: "Times it", value: reference.map { fixed(row.medianNanoseconds / $0, decimals: 2) } ?? "–",
          align: .right),
      ]
    }
    var text = table.string(for: order) ?? ""
    if !text.hasSuffix("\n") { text += "\n" }
    text += """
      One step of one sequence at a time, one thread. Percentiles are of steps timed one by one, less the \
      \(nanoseconds(clockNanoseconds)) ns that reading the
      clock takes; the mean is over blocks of \(StreamingRecording.blockLength) steps without it.
      """
    if order.contains(where: { scaledReference($0) != nil }) {
      text += """

        RTNeural: C++ with its sizes fixed at compile time, as measured under \
        \(fixed(Self.referenceCeiling, decimals: 0)) GFLOP/s a core, scaled to the \
        \(fixed(ceilingPerCore, decimals: 0)) here.
        """
    }
    return text
  }

  private func nanoseconds(_ value: Double) -> String { fixed(value, decimals: 0) }
}
