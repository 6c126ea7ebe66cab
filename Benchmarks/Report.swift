#if Tools
import DataIO
import Foundation

/// The measurements of a run, which `--json` writes and `--compare` reads.
struct Report: Codable, Hashable {
  var machine: Machine
  var measurements: [Measurement]
  var streaming: [StreamingMeasurement] = []
  var streams: [StreamsRecord] = []
  /// The relative difference of the ceilings before and after the measurements, by number type.
  var ceilingNoise: [String: Double]?
  /// Time that threads of the process were ready to run and had no core, over the time of measuring; above 1
  /// where several waited at once. `nil` where the system does not say.
  var waitingShare: Double?

  /// Writes this to the file at `path`, all of it or nothing: a reader sees the old file or the new one.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// The report in the file at `path`, which an earlier version may have written.
  ///
  /// Throws where there is no file, no report in it, or impossible numbers in it.
  static func read(from path: String) throws(DataError) -> Report {
    let report: Report
    do {
      report = try JSONDecoder().decode(Report.self, from: Data(try FileReading.bytes(of: path)))
    } catch let error as DecodingError {
      throw DataError(file: path, reason: "is no report that Benchmarks --json wrote: \(reason(of: error))")
    } catch let error as DataError {
      throw DataError(file: path, reason: "cannot be read: \(error.reason)")
    } catch {
      throw DataError(file: path, reason: "cannot be read: \(error.localizedDescription)")
    }
    if let problem = report.problem {
      throw DataError(file: path, reason: "is no report that Benchmarks --json wrote: \(problem)")
    }
    return report
  }

  /// The first impossible number among those that comparisons divide by; `nil` for none.
  private var problem: String? {
    func isTime(_ time: Double) -> Bool { time.isFinite && time > 0 }
    func isNoise(_ noise: Double?) -> Bool { noise.map { $0.isFinite && $0 >= 0 } ?? true }
    for (index, row) in measurements.enumerated() {
      guard isTime(row.bestSeconds), isTime(row.medianSeconds), row.medianSeconds >= row.bestSeconds, isNoise(row.noise)
      else {
        return "measurements[\(index)] has the times \(row.bestSeconds) and \(row.medianSeconds) s and the noise "
          + "\(row.noise ?? 0), where positive times and no negative noise are wanted"
      }
    }
    for (index, row) in streaming.enumerated() where !isTime(row.bestRoundNanoseconds) || !isNoise(row.noise) {
      return
        "streaming[\(index)] has a best round of \(row.bestRoundNanoseconds) ns and the noise \(row.noise), where a "
        + "positive time and no negative noise are wanted"
    }
    for type in Set(measurements.map(\.type) + streaming.map(\.type)) {
      let ceiling = machine.ceilingPerCore[type.rawValue]
      if !isTime(ceiling ?? 0) {
        return
          "machine.ceilingPerCore has \(ceiling.map { "\($0)" } ?? "nothing") for \(type), where a positive number "
          + "is wanted"
      }
    }
    return (ceilingNoise ?? [:]).values.allSatisfy(isNoise) ? nil : "ceilingNoise has a negative number"
  }

  /// The place in the file and what is wrong there.
  private static func reason(of error: DecodingError) -> String {
    let context =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        context
      @unknown default: DecodingError.Context(codingPath: [], debugDescription: "\(error)")
      }
    let place = context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
    let text =
      if case .keyNotFound(let key, _) = error { "“\(key.stringValue)” is missing" } else { context.debugDescription }
    return place.isEmpty ? text : "\(place.drop { $0 == "." }): \(text)"
  }
}

extension Report {
  /// Reads what any version wrote: what was added later may be missing.
  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    machine = try values.decode(Machine.self, forKey: .machine)
    measurements = try values.decode([Measurement].self, forKey: .measurements)
    streaming = try values.decodeIfPresent([StreamingMeasurement].self, forKey: .streaming) ?? []
    streams = try values.decodeIfPresent([StreamsRecord].self, forKey: .streams) ?? []
    ceilingNoise = try values.decodeIfPresent([String: Double].self, forKey: .ceilingNoise)
    waitingShare = try values.decodeIfPresent(Double.self, forKey: .waitingShare)
  }
}
#endif
