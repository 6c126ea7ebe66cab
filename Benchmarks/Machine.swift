#if Tools
import Foundation
import Kernels

/// The machine and the build of a run.
struct Machine: Codable, Hashable {
  var processor: String
  var instructionSet: String
  var openBLASVersion: String
  var openBLASCore: String
  /// Threads that the process may use.
  var threads: Int
  /// The rate of multiply-adds in registers on one core, in GFLOP/s, by number type.
  var ceilingPerCore: [String: Double]
  var isDebugBuild: Bool

  /// Reads the machine's properties, and measures the ceilings, which takes half a second.
  static func measured() -> Machine {
    Machine(
      processor: processorName(in: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""),
      instructionSet: InstructionSet.active.rawValue, openBLASVersion: OpenBLASInformation.version,
      openBLASCore: OpenBLASInformation.core, threads: ThreadBudget.available,
      ceilingPerCore: measuredCeilings(), isDebugBuild: isDebugBuild)
  }

  /// The ceilings of a core by number type, which takes a quarter of a second to measure.
  static func measuredCeilings() -> [String: Double] {
    [NumberType.float.rawValue: ceiling(Float.self), NumberType.double.rawValue: ceiling(Double.self)]
  }

  /// The difference between the ceilings now and at first, relative to the lower, by number type: how much the speed of
  /// the machine changed.
  func ceilingNoise(now ceilings: [String: Double] = measuredCeilings()) -> [String: Double] {
    ceilingPerCore.reduce(into: [:]) { noise, first in
      guard let last = ceilings[first.key], min(first.value, last) > 0 else { return }
      noise[first.key] = max(first.value, last) / min(first.value, last) - 1
    }
  }

  /// Seconds that the process's threads were ready to run and had no core, since they started; `nil` where the system
  /// does not keep count.
  static func secondsWaitedForACore() -> Double? {
    let folder = "/proc/self/task"
    guard let threads = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
    let waits = threads.compactMap { thread in
      (try? String(contentsOfFile: "\(folder)/\(thread)/schedstat", encoding: .utf8)).flatMap(secondsWaited(in:))
    }
    return waits.isEmpty ? nil : waits.reduce(0, +)
  }

  /// The second of the three numbers in a thread's /proc/…/schedstat, which is in nanoseconds, in seconds.
  static func secondsWaited(in statistics: String) -> Double? {
    let numbers = statistics.split { $0.isWhitespace }
    return numbers.count == 3 ? Double(numbers[1]).map { $0 / 1e9 } : nil
  }

  /// Whether this program was built without optimisation.
  static var isDebugBuild: Bool {
    #if DEBUG
    true
    #else
    false
    #endif
  }

  /// The first `model name` (x86) or, where there is none, the `CPU part` (ARM) in the text of /proc/cpuinfo.
  static func processorName(in information: String) -> String {
    let lines = information.split(separator: "\n")
    func value(of key: String) -> String? {
      guard let line = lines.first(where: { $0.hasPrefix(key) }), let colon = line.firstIndex(of: ":") else {
        return nil
      }
      return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return value(of: "model name") ?? value(of: "CPU part").map { "ARM part \($0)" } ?? "unknown processor"
  }

  /// The best of several bursts of independent multiply-adds, each long enough for the clock, in GFLOP/s.
  private static func ceiling<Scalar: BLASScalar>(_: Scalar.Type) -> Double {
    let stopwatch = Stopwatch()
    func burst(_ rounds: Int) -> (seconds: Double, operations: Double) {
      let start = stopwatch.now()
      let operations = Scalar._burn(rounds: rounds)
      return (stopwatch.now() - start, operations)
    }
    var rounds = 1024
    while burst(rounds).seconds < 0.01, rounds < 1 << 40 { rounds *= 2 }
    let bursts = (0..<10).map { _ in burst(rounds) }
    return bursts.map { $0.operations / $0.seconds / 1e9 }.max() ?? 0
  }
}

extension Machine: CustomStringConvertible {
  var description: String {
    let ceilings = NumberType.allCases.map {
      "\($0.rawValue) \(fixed(ceilingPerCore[$0.rawValue] ?? 0, decimals: 0)) GFLOP/s"
    }
    return """
      Processor       \(processor)
      Instructions    \(instructionSet)
      OpenBLAS        \(openBLASVersion), \(openBLASCore) kernels
      Threads         \(threads)
      Ceiling a core  \(ceilings.joined(separator: ", ")) (multiply-adds in registers, measured just now)
      """
  }
}
#endif
