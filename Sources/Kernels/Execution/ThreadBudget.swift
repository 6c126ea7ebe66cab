internal import CFusedKernels
internal import Glibc

/// How many threads the machine gives this process.
public enum ThreadBudget {
  /// The number of threads to use by default: `RECURRENT_THREADS` if it holds a number from 1 to 1024, otherwise the
  /// cores in the process's affinity mask, cut to the CPU quota of its control group. Read once; what is wrong with that
  /// variable is then said on standard error.
  public static let available: Int = {
    EngineEnvironment.reportProblems
    return requested ?? max(1, min(Int(CFKCoresInAffinityMask()), coresInControlGroupQuota ?? .max))
  }()

  /// The numbers that `RECURRENT_THREADS` may hold.
  static let requestableThreads = 1...1024

  /// The number in `RECURRENT_THREADS`; `nil` where it is unset or no number of threads.
  static var requested: Int? {
    EngineEnvironment.value(of: .threads).flatMap { Int($0) }.flatMap { requestableThreads.contains($0) ? $0 : nil }
  }

  /// `quota / period` of control groups version 2 or 1, rounded up; `nil` where there is no limit.
  private static var coresInControlGroupQuota: Int? {
    if let fields = firstLine(of: "/sys/fs/cgroup/cpu.max")?.split(separator: " "), fields.count == 2 {
      return cores(quota: String(fields[0]), period: String(fields[1]))
    }
    guard let quota = firstLine(of: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
      let period = firstLine(of: "/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    else { return nil }
    return cores(quota: quota, period: period)
  }

  static func cores(quota: String, period: String) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return nil }
    return (quota + period - 1) / period
  }

  private static func firstLine(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    let bytes = buffer.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "\n")) }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
