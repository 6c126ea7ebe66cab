/// How much an archive may unpack to: a compressed byte can stand for a thousand.
///
/// What counts is the sum over all members that are read at once, before any of them is unpacked.
public struct UnpackingLimits: Hashable, Sendable {
  /// Bytes that any archive may unpack to, however small it is.
  public var free: Int
  /// Bytes for each byte of a larger archive.
  public var ratio: Int
  /// Bytes that no archive may exceed.
  public var total: Int

  /// Limits; by default 32 MiB or eight times the archive, whichever is more, and at most 4 GiB. Weights hardly shrink.
  public init(free: Int = 32 << 20, ratio: Int = 8, total: Int = 4 << 30) {
    self.free = free
    self.ratio = ratio
    self.total = total
  }

  /// At most `total` bytes, however small the archive is.
  public static func bytes(_ total: Int) -> UnpackingLimits { UnpackingLimits(free: total, total: total) }

  /// What an archive of `size` bytes may unpack to.
  func allowance(for size: Int) -> Int {
    let (scaled, overflow) = size.multipliedReportingOverflow(by: ratio)
    return min(total, max(free, overflow ? .max : scaled))
  }
}
