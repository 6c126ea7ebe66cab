#if Tools
import Foundation
import Kernels
import TextTable

/// Measurements as a table.
struct SpeedTable {
  var measurements: [Measurement]
}

extension SpeedTable: CustomStringConvertible {
  /// One row a measurement, in the order of passes, cells and rising work.
  var description: String {
    let order = measurements.sorted {
      ($0.pass.rawValue, $0.cell.rawValue, $0.operations, -$0.T, $0.path, $0.threads)
        < ($1.pass.rawValue, $1.cell.rawValue, $1.operations, -$1.T, $1.path, $1.threads)
    }
    let table = TextTable<Measurement> { row in
      [
        Column(title: "Pass", value: row.pass.rawValue),
        Column(title: "Cell", value: row.cell.rawValue),
        Column(title: "T,B,I,H", value: row.shapeName),
        Column(title: "Path", value: row.path),
        Column(title: "Threads", value: row.threads, align: .right),
        Column(title: "Best µs", value: microseconds(row.bestSeconds), align: .right),
        Column(title: "Median µs", value: microseconds(row.medianSeconds), align: .right),
        Column(title: "GFLOP/s", value: fixed(row.gflops, decimals: 1), align: .right),
        Column(title: "Of ceiling", value: "\(fixed(row.ceilingShare * 100, decimals: 0)) %", align: .right),
        Column(title: "Times naive", value: timesNaive(row), align: .right),
      ]
    }
    return table.string(for: order) ?? ""
  }

  /// How many times faster than the naive path on the same workload, or a dash without one.
  private func timesNaive(_ row: Measurement) -> String {
    let naive = measurements.first {
      $0.path == ComputePath.naive.rawValue && ($0.cell, $0.pass, $0.type) == (row.cell, row.pass, row.type)
        && ($0.T, $0.B, $0.I, $0.H) == (row.T, row.B, row.I, row.H)
    }
    return naive.map { fixed($0.bestSeconds / row.bestSeconds, decimals: 1) } ?? "–"
  }
}

extension Measurement {
  /// Floating-point operations, rounded so that the rows of one workload compare equal.
  fileprivate var operations: Double { (gflops * bestSeconds * 1e9).rounded() }

  fileprivate var shapeName: String {
    let shape = Shape(T, B, I, H)
    let name = Shape.named.first { $0.shape == shape }?.name
    return "\(shape)\(name.map { " \($0)" } ?? "")"
  }
}

private func microseconds(_ seconds: Double) -> String { fixed(seconds * 1e6, decimals: seconds < 1e-4 ? 1 : 0) }

/// `value` with a fixed number of decimals, for a column of a table.
func fixed(_ value: Double, decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
#endif
