#if Tools
import TextTable

/// A comparison with an earlier run: the measurements that are slower by more than the noise of both runs.
///
/// Compares operations that a core could have done, not times: each run's times are multiplied by the ceiling it
/// measured, because shared machines change their speed.
struct BaselineComparison {
  /// A measurement that both runs have.
  struct Row: Hashable {
    var measurement: MeasurementIdentity
    /// The earlier time, in seconds, as it would be under this run's ceiling.
    var baselineSeconds: Double
    var seconds: Double
    /// The relative noise of both runs together.
    var noise: Double

    /// The time over the earlier time; above 1 is slower.
    var ratio: Double { seconds / baselineSeconds }
    var isSlower: Bool { ratio > 1 + noise }
    var isFaster: Bool { ratio < 1 / (1 + noise) }
  }

  /// The measurements of both runs, the worst first.
  let rows: [Row]
  /// Measurements of this run that the baseline does not have.
  let missingInBaseline: Int
  /// Measurements of the baseline that this run does not have.
  let missingHere: Int
  /// Differences between the machines and builds, in words.
  let differences: [String]
  /// The runs that waited for cores, in words; empty for none.
  private let heldUp: String
  /// The share of waiting for a core above which a run is mentioned; on an idle machine it stays below a hundredth.
  private static let usualWaiting = 0.03
  /// The ceilings, of the types that were compared.
  private let ceilings: String

  /// Compares `report` with an earlier one.
  init(of report: Report, with baseline: Report) {
    let (here, there) = (Self.timings(of: report), Self.timings(of: baseline))
    let drift = (1 + report.widestCeilingNoise) * (1 + baseline.widestCeilingNoise)
    rows = here.compactMap { identity, timing in
      guard let earlier = there[identity] else { return nil }
      let scale = baseline.machine.ceiling(of: identity.type) / report.machine.ceiling(of: identity.type)
      return Row(
        measurement: identity, baselineSeconds: earlier.seconds * scale, seconds: timing.seconds,
        noise: (1 + timing.noise) * (1 + earlier.noise) * drift - 1)
    }.sorted { ($1.ratio / (1 + $1.noise), "\($0.measurement)") < ($0.ratio / (1 + $0.noise), "\($1.measurement)") }
    missingInBaseline = here.count - rows.count
    missingHere = there.count - rows.count

    let facts: [(String, KeyPath<Machine, String>)] = [
      ("processor", \.processor), ("instruction set", \.instructionSet), ("OpenBLAS", \.openBLASVersion),
      ("OpenBLAS core", \.openBLASCore),
    ]
    differences = facts.filter { baseline.machine[keyPath: $1] != report.machine[keyPath: $1] }.map {
      "\($0) (\(baseline.machine[keyPath: $1]) there, \(report.machine[keyPath: $1]) here)"
    }
    heldUp = [(report, "this run"), (baseline, "the baseline's")].compactMap { report, name in
      guard let share = report.waitingShare, share > Self.usualWaiting else { return nil }
      return "\(fixed(share * 100, decimals: 0)) % of \(name)"
    }.joined(separator: " and ")
    let types = NumberType.allCases.filter { [rows] type in rows.contains { $0.measurement.type == type } }
    ceilings = types.map {
      "\($0.rawValue) \(fixed(baseline.machine.ceiling(of: $0), decimals: 1)) GFLOP/s there, "
        + "\(fixed(report.machine.ceiling(of: $0), decimals: 1)) here"
    }.joined(separator: "; ")
  }

  /// Slower by more than the noise, the worst first.
  var slower: [Row] { rows.filter(\.isSlower) }
  /// The number of those faster by more than the noise.
  var fasterCount: Int { rows.count { $0.isFaster } }

  private struct ComparedTiming {
    var seconds: Double
    var noise: Double
  }

  /// The timings of a report. Of a repeated measurement, the better counts.
  private static func timings(of report: Report) -> [MeasurementIdentity: ComparedTiming] {
    let speed = withSharedFloor(
      report.measurements.map {
        (
          .speed($0),
          ComparedTiming(seconds: $0.bestSeconds, noise: $0.noise ?? ($0.medianSeconds / $0.bestSeconds - 1))
        )
      })
    let streaming = withSharedFloor(
      report.streaming.map {
        (.streaming($0), ComparedTiming(seconds: $0.bestRoundNanoseconds * 1e-9, noise: $0.noise))
      })
    return Dictionary(speed + streaming) { $0.seconds <= $1.seconds ? $0 : $1 }
  }

  /// `timings` with no noise below the median of all: the three repetitions of a long row may agree by chance.
  private static func withSharedFloor(
    _ timings: [(MeasurementIdentity, ComparedTiming)]
  ) -> [(MeasurementIdentity, ComparedTiming)] {
    let noises = timings.map(\.1.noise).sorted()
    guard !noises.isEmpty else { return [] }
    let floor = noises[noises.count / 2]
    return timings.map { ($0, ComparedTiming(seconds: $1.seconds, noise: max($1.noise, floor))) }
  }
}

extension BaselineComparison: CustomStringConvertible {
  var description: String {
    var text = ""
    if !slower.isEmpty {
      let table = TextTable<Row> { row in
        [
          Column(title: "Slower than the baseline", value: row.measurement),
          Column(title: "Baseline µs", value: fixed(row.baselineSeconds * 1e6, decimals: 2), align: .right),
          Column(title: "Now µs", value: fixed(row.seconds * 1e6, decimals: 2), align: .right),
          Column(title: "Slower by", value: "\(fixed((row.ratio - 1) * 100, decimals: 1)) %", align: .right),
          Column(title: "Noise", value: "\(fixed(row.noise * 100, decimals: 1)) %", align: .right),
        ]
      }
      text += (table.string(for: slower) ?? "") + "\n"
    }
    text += """
      \(rows.count) measurements compared: \(slower.count) slower by more than the noise, \(fasterCount) faster, \
      \(rows.count - slower.count - fasterCount) within it. No partner: \(missingInBaseline) here, \
      \(missingHere) in the baseline.
      Baseline times are scaled by the ceilings of the two runs, so that a slow day of the machine does not count:
      \(ceilings).
      Compared are the best times, of steps the best round's median. Noise is how far the medians are above them in both
      runs, and how far the ceilings moved. What looked slower was timed twice.
      """
    if !heldUp.isEmpty {
      text += """

        Others wanted the cores: threads waited for one during \(heldUp).
        No noise covers that where threads wait for each other. Better compare when the machine is quiet.
        """
    }
    if !differences.isEmpty {
      text += "\nThe runs differ in more than the program: \(differences.joined(separator: ", "))."
    }
    return text
  }
}

/// Identifies a measurement, to match those of two runs.
enum MeasurementIdentity: Hashable {
  case batch(CellKind, Pass, path: String, NumberType, Shape, threads: Int, ragged: Bool)
  case step(CellKind, path: String, NumberType, inputs: Int, hidden: Int)

  static func speed(_ row: Measurement) -> Self {
    .batch(
      row.cell, row.pass, path: row.path, row.type, Shape(row.T, row.B, row.I, row.H), threads: row.threads,
      ragged: row.ragged)
  }

  static func streaming(_ row: StreamingMeasurement) -> Self {
    .step(row.cell, path: row.path, row.type, inputs: row.I, hidden: row.H)
  }

  var type: NumberType {
    switch self {
    case .batch(_, _, _, let type, _, _, _), .step(_, _, let type, _, _): type
    }
  }
}

extension MeasurementIdentity: CustomStringConvertible {
  var description: String {
    switch self {
    case .batch(let cell, let pass, let path, let type, let shape, let threads, let ragged):
      "\(pass) \(cell) \(shape) \(path) \(type) threads \(threads)\(ragged ? " ragged" : "")"
    case .step(let cell, let path, let type, let inputs, let hidden):
      "streaming \(cell) \(inputs),\(hidden) \(path) \(type)"
    }
  }
}

extension Machine {
  /// The ceiling of a core for `type`; a report that was read has one for each type it measured.
  fileprivate func ceiling(of type: NumberType) -> Double { ceilingPerCore[type.rawValue] ?? .nan }
}

extension Report {
  fileprivate var widestCeilingNoise: Double { ceilingNoise?.values.max() ?? 0 }
}
#endif
