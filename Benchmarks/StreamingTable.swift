#if Tools
import TextTable

/// Streaming measurements as a table.
struct StreamingTable {
  var measurements: [StreamingMeasurement]
  /// The time of reading the clock, which was subtracted.
  var clockNanoseconds: Double
}

extension StreamingTable: CustomStringConvertible {
  /// One row a measurement, in the order of cells and rising work, and what the columns mean.
  var description: String {
    let order = measurements.sorted {
      ($0.cell.rawValue, $0.I + $0.H, $0.path) < ($1.cell.rawValue, $1.I + $1.H, $1.path)
    }
    let table = TextTable<StreamingMeasurement> { row in
      [
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
      ]
    }
    var text = table.string(for: order) ?? ""
    if !text.hasSuffix("\n") { text += "\n" }
    return text + """
      One step of one sequence at a time, one thread. Percentiles are of steps timed one by one, less the \
      \(nanoseconds(clockNanoseconds)) ns that reading the
      clock takes; the mean is over blocks of \(StreamingRecording.blockLength) steps without it.
      """
  }

  private func nanoseconds(_ value: Double) -> String { fixed(value, decimals: 0) }
}
#endif
