/// One file in a ZIP archive: what it is and where it lies.
struct ZIPMember: Sendable {
  /// How the bytes are kept.
  enum Method: UInt16, Sendable {
    /// As they are.
    case stored = 0
    /// Compressed by the deflate algorithm (RFC 1951).
    case deflated = 8
  }

  let name: String
  let method: Method
  /// CRC-32 of the bytes.
  let checksum: UInt32
  /// Number of bytes.
  let count: Int
  /// Where its local header begins.
  let headerOffset: Int
  /// Where its bytes lie, as they are kept.
  let place: Range<Int>

  /// The size of a local header without name and extra fields.
  static let localHeaderSize = 30
}
