/// The numbers that mark the records of a ZIP archive.
enum ZIPSignature {
  static let localHeader: UInt32 = 0x0403_4b50
  static let directoryEntry: UInt32 = 0x0201_4b50
  static let end: UInt32 = 0x0605_4b50
  static let end64: UInt32 = 0x0606_4b50
  static let end64Locator: UInt32 = 0x0706_4b50
}

/// The record at the end of an archive, or the one with 64-bit numbers that goes with it.
struct ZIPEnd {
  var disk: UInt32
  var directoryDisk: UInt32
  var entriesOnDisk: UInt64
  var entries: UInt64
  /// Size of the central directory in bytes.
  var size: UInt64
  /// Where the central directory begins.
  var offset: UInt64

  /// Its size with 32-bit numbers, without the comment.
  static let size = 22
  /// The size of the record that leads to the one with 64-bit numbers.
  static let locatorSize = 20

  /// Whether each number is that of `larger`, the record with 64-bit numbers, or marked as too large for this one.
  func agrees(with larger: ZIPEnd) -> Bool {
    (entries == larger.entries || entries == UInt64(UInt16.max))
      && (size == larger.size || size == UInt64(UInt32.max))
      && (offset == larger.offset || offset == UInt64(UInt32.max))
  }

  /// Whether this one file is the whole archive.
  var isWhole: Bool { disk == 0 && directoryDisk == 0 && entriesOnDisk == entries }
}

/// An entry of the central directory, as it stands there.
struct ZIPDirectoryEntry {
  let flags: UInt16
  let method: UInt16
  let checksum: UInt32
  private(set) var storedCount: UInt64
  private(set) var count: UInt64
  let name: ArraySlice<UInt8>
  let disk: UInt16
  private(set) var headerOffset: UInt64

  /// The flags of encryption: the usual one, the strong one, and that of a hidden local header.
  static let encrypted: UInt16 = 1 << 0 | 1 << 6 | 1 << 13
  /// The flag of a member that changes one from elsewhere.
  static let patch: UInt16 = 1 << 5

  /// Reads what follows the signature.
  init(_ reader: inout LittleEndianReader) throws(DataError) {
    _ = try reader.take(4)  // the versions of the writer and of the format
    flags = try reader.next()
    method = try reader.next()
    _ = try reader.take(4)  // time and date
    checksum = try reader.next()
    storedCount = UInt64(try reader.next(UInt32.self))
    count = UInt64(try reader.next(UInt32.self))
    let nameCount = Int(try reader.next(UInt16.self))
    let extraCount = Int(try reader.next(UInt16.self))
    let commentCount = Int(try reader.next(UInt16.self))
    disk = try reader.next()
    _ = try reader.take(6)  // attributes
    headerOffset = UInt64(try reader.next(UInt32.self))
    name = try reader.take(nameCount)
    var extra = try reader.part(extraCount)
    _ = try reader.take(commentCount)
    while !extra.isAtEnd {
      let identifier = try extra.next(UInt16.self)
      var field = try extra.part(Int(try extra.next(UInt16.self)))
      if identifier == Self.extra64 { try widen(&field) }
    }
  }

  /// The extra field with the numbers that do not fit 32 bits.
  static let extra64: UInt16 = 0x0001

  /// Takes from the extra field, in its order, each number that did not fit.
  private mutating func widen(_ field: inout LittleEndianReader) throws(DataError) {
    let mark = UInt64(UInt32.max)
    if count == mark { count = try field.next() }
    if storedCount == mark { storedCount = try field.next() }
    if headerOffset == mark { headerOffset = try field.next() }
  }
}
