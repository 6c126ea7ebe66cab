/// How much an archive may unpack to: a compressed byte can stand for a thousand.
///
/// What counts is the sum over all members that are read at once, before any of them is unpacked.
public struct UnpackingLimits: Hashable, Sendable {
  /// Bytes that any archive may unpack to, however small it is, within ``maxTotal``.
  public var minAllowance: Int
  /// Bytes for each byte of a larger archive.
  public var maxRatio: Int
  /// Bytes that no archive may exceed.
  public var maxTotal: Int

  /// Limits; by default those for weights, which hardly shrink: 32 MiB or eight times the archive, whichever is more,
  /// and at most 4 GiB.
  public init(minAllowance: Int = 32 << 20, maxRatio: Int = 8, maxTotal: Int = 4 << 30) {
    self.minAllowance = minAllowance
    self.maxRatio = maxRatio
    self.maxTotal = maxTotal
  }

  /// At most `total` bytes, however small the archive is.
  public static func bytes(_ total: Int) -> UnpackingLimits { UnpackingLimits(minAllowance: total, maxTotal: total) }

  /// Limits for a gzip file, which mostly holds text: 32 MiB or 256 times the file, whichever is more, and at most
  /// 1 GiB. Tables and logs commonly shrink ten to twenty times, repetitive ones a hundred times.
  public static let gzip = UnpackingLimits(maxRatio: 256, maxTotal: FileReading.defaultLimit)

  /// What an archive of `size` bytes may unpack to.
  func allowance(for size: Int) -> Int {
    let (scaled, overflow) = size.multipliedReportingOverflow(by: maxRatio)
    return min(maxTotal, max(minAllowance, overflow ? .max : scaled))
  }

  /// The size that a file of a single stream is read to: where nothing shrinks, it is larger than what it holds.
  var maxPackedSize: Int {
    let (size, overflow) = maxTotal.addingReportingOverflow(maxTotal / 1024 + 1 << 16)
    return overflow ? .max : size
  }
}
