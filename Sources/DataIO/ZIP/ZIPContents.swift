internal import Kernels

/// What a ZIP archive is to hold: members in the order in which they were added, to be written in one go.
///
/// Stored members make the bytes that `numpy.savez` writes: no time, and sizes of 64 bits in each local header.
public struct ZIPContents: Sendable {
  /// Whether members are compressed.
  public enum Compression: Sendable, CaseIterable {
    /// They are kept as they are.
    case none
    /// Each is compressed by the deflate algorithm.
    case deflate
  }

  private var names: Set<String> = []
  private var members: [UInt8] = []
  private var directory: [UInt8] = []

  /// No members yet.
  public init() {}

  /// Adds a member. Its name must be a new one, without NUL and of at most 65535 bytes.
  public mutating func append(_ name: String, _ bytes: [UInt8], compression: Compression = .none) {
    require(
      name.utf8.count <= UInt16.max && !name.utf8.contains(0), "\(quoted(name)) cannot be the name of a member")
    require(names.insert(name).inserted, "the name \(quoted(name)) is that of another member")
    let body = compression == .none ? bytes : Deflate.deflated(bytes)
    let header = ZIPMemberHeader(
      name: name, method: compression == .none ? .stored : .deflated, checksum: Deflate.checksum(bytes),
      count: UInt64(bytes.count), storedCount: UInt64(body.count), offset: UInt64(members.count))
    members += header.local
    members += body
    directory += header.directoryEntry
  }

  /// The archive's bytes.
  public func serialized() -> [UInt8] {
    members + directory
      + ZIPMemberHeader.end(
        entries: UInt64(names.count), directory: UInt64(members.count), size: UInt64(directory.count))
  }

  /// Writes the archive at `path`, which then holds what it held before or all of this.
  public func write(to path: String) throws(DataError) { try FileWriting.write(serialized(), to: path) }
}

/// What an archive tells of a member, before its bytes and again in the directory.
struct ZIPMemberHeader {
  let name: String
  let method: ZIPMember.Method
  let checksum: UInt32
  let count: UInt64
  let storedCount: UInt64
  let offset: UInt64

  /// The version of the format that knows sizes of 64 bits: 4.5.
  private static let version: UInt16 = 45
  /// Names that are not ASCII are marked as UTF-8.
  private var flags: UInt16 { name.utf8.allSatisfy { $0 < 0x80 } ? 0 : 1 << 11 }

  /// What both places have in common, up to the checksum.
  private var beginning: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: flags)
    bytes.append(littleEndian: method.rawValue)
    bytes.append(littleEndian: UInt16(0))  // midnight
    bytes.append(littleEndian: UInt16(0x21))  // of the first day that a ZIP archive can tell of, 1 January 1980
    bytes.append(littleEndian: checksum)
    return bytes
  }

  /// What stands before the bytes. Its sizes always have 64 bits.
  var local: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: ZIPSignature.localHeader)
    bytes += beginning
    bytes.append(littleEndian: UInt32.max)
    bytes.append(littleEndian: UInt32.max)
    let extra = Self.extra([count, storedCount])
    bytes.append(littleEndian: UInt16(name.utf8.count))
    bytes.append(littleEndian: UInt16(extra.count))
    return bytes + Array(name.utf8) + extra
  }

  /// The entry of the directory. A number has 64 bits where it needs them.
  var directoryEntry: [UInt8] {
    let extra = Self.extra([count, storedCount, offset].filter { $0 >= UInt64(UInt32.max) })
    var bytes: [UInt8] = []
    bytes.append(littleEndian: ZIPSignature.directoryEntry)
    bytes.append(littleEndian: UInt16(3 << 8) | Self.version)  // attributes are those of Unix
    bytes += beginning
    bytes.append(littleEndian: UInt32(clamping: storedCount))
    bytes.append(littleEndian: UInt32(clamping: count))
    bytes.append(littleEndian: UInt16(name.utf8.count))
    bytes.append(littleEndian: UInt16(extra.count))
    bytes.append(littleEndian: UInt16(0))  // no comment
    bytes.append(littleEndian: UInt16(0))  // this file
    bytes.append(littleEndian: UInt16(0))
    bytes.append(littleEndian: UInt32(0o600) << 16)  // the owner's to read and write
    bytes.append(littleEndian: UInt32(clamping: offset))
    return bytes + Array(name.utf8) + extra
  }

  /// The extra field with numbers of 64 bits; nothing where there are none.
  private static func extra(_ numbers: [UInt64]) -> [UInt8] {
    guard !numbers.isEmpty else { return [] }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: ZIPDirectoryEntry.extra64)
    bytes.append(littleEndian: UInt16(8 * numbers.count))
    for number in numbers { bytes.append(littleEndian: number) }
    return bytes
  }

  /// The records that end an archive whose directory has `entries` and takes `size` bytes from `directory`.
  static func end(entries: UInt64, directory: UInt64, size: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    if entries >= UInt64(UInt16.max) || directory >= UInt64(UInt32.max) || size >= UInt64(UInt32.max) {
      bytes.append(littleEndian: ZIPSignature.end64)
      bytes.append(littleEndian: UInt64(44))  // what follows of this record
      bytes.append(littleEndian: UInt16(3 << 8) | version)
      bytes.append(littleEndian: version)
      bytes.append(littleEndian: UInt64(0))  // two numbers of disks
      for number in [entries, entries, size, directory] { bytes.append(littleEndian: number) }
      bytes.append(littleEndian: ZIPSignature.end64Locator)
      bytes.append(littleEndian: UInt32(0))
      bytes.append(littleEndian: directory + size)
      bytes.append(littleEndian: UInt32(1))
    }
    bytes.append(littleEndian: ZIPSignature.end)
    bytes.append(littleEndian: UInt32(0))  // two numbers of disks
    bytes.append(littleEndian: UInt16(clamping: entries))
    bytes.append(littleEndian: UInt16(clamping: entries))
    bytes.append(littleEndian: UInt32(clamping: size))
    bytes.append(littleEndian: UInt32(clamping: directory))
    bytes.append(littleEndian: UInt16(0))  // no comment
    return bytes
  }
}
