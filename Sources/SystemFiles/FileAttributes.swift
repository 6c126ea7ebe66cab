internal import Glibc

/// What keeps a file from being replaced whatever its permissions are, as statx(2) reports it.
struct FileAttributes: OptionSet {
  let rawValue: UInt64

  static let isImmutable = FileAttributes(rawValue: 0x10)
  static let isAppendOnly = FileAttributes(rawValue: 0x20)
  /// Something is mounted at its path.
  static let isMountRoot = FileAttributes(rawValue: 0x2000)

  init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Those of the file or folder at `path`, after symbolic links; none where the system does not tell.
  init(path: String) {
    // Swift's Glibc has no statx, and cannot call syscall.
    typealias Statx = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UInt32, UnsafeMutableRawPointer) -> Int32
    // The 256 bytes of struct statx: stx_attributes is at 8, and stx_attributes_mask, which of them are known, at 56.
    var status = [UInt64](repeating: 0, count: 32)
    let isKnown =
      dlsym(nil, "statx").map {
        unsafeBitCast($0, to: Statx.self)(AT_FDCWD, path, 0, 0, &status) == 0
      } ?? false
    self.init(rawValue: isKnown ? status[1] & status[7] : 0)
  }
}
