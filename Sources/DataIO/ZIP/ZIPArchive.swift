internal import SystemFiles

/// A ZIP archive open for reading: the names of its members, whose bytes are read when asked for.
///
/// Members may be stored or deflated, with 64-bit sizes or data descriptors: what `numpy.savez`, Keras and most other
/// programs write. Opening checks the whole directory against the size of the file; it costs that of the directory, not
/// the file's. Refused are archives that are encrypted, split, or have anything before them, and members that overlap,
/// share a name, lie outside the file, claim more bytes than theirs can stand for or have a name that is not UTF-8.
///
/// It is not libzip (1.7) that reads them, because that also accepts overlapping members, decompresses beyond the size a
/// member claims, and brings OpenSSL and bzip2 to whoever links this module.
public struct ZIPArchive: Sendable {
  /// The archive's path, or what the caller called the bytes.
  public let name: String
  /// The names of the members, in the order of the archive's directory.
  public let names: [String]
  private let members: [String: ZIPMember]
  private let source: ByteSource

  /// Opens the archive at `path`.
  public init(path: String) throws(DataError) {
    let file: ReadOnlyFile
    do { file = try ReadOnlyFile(path: path) } catch { throw DataError(file: path, reason: error.description) }
    try self.init(name: path, source: .file(file))
  }

  /// Reads an archive that is already in memory; errors call it `name`.
  public init(bytes: [UInt8], name: String = "bytes in memory") throws(DataError) {
    try self.init(name: name, source: .memory(bytes))
  }

  private init(name: String, source: ByteSource) throws(DataError) {
    let members = try ZIPDirectory(file: name, source: source).members()
    self.name = name
    self.source = source
    names = members.map(\.name)
    self.members = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0) })
  }

  /// Whether there is a member called `member`.
  public func contains(_ member: String) -> Bool { members[member] != nil }

  /// The bytes of the member called `member`, which may be at most `limit`.
  ///
  /// Throws where there is none, where the bytes are damaged (their CRC-32 is checked), and where they are more than
  /// `limit`. Memory is taken as bytes are decompressed, never more than the directory tells of.
  public func bytes(of member: String, limit: Int = FileReading.defaultLimit) throws(DataError) -> [UInt8] {
    guard let found = members[member] else {
      throw DataError(file: name, reason: "has no member \(quoted(member)) among \(names.count)")
    }
    func error(_ reason: String) -> DataError {
      DataError(file: name, reason: "the member \(quoted(member)) \(reason)")
    }
    guard found.count <= limit else {
      throw error("has \(found.count) bytes, more than the \(limit) that are read at most")
    }
    let stored: [UInt8]
    do { stored = try source.bytes(found.place) } catch { throw DataError(file: name, reason: error.description) }
    let bytes =
      switch found.method {
      case .stored: stored
      case .deflated: Deflate.inflated(stored, count: found.count)
      }
    guard let bytes else { throw error("does not decompress to the \(found.count) bytes that it should have") }
    let checksum = Deflate.checksum(bytes)
    guard checksum == found.checksum else {
      throw error("is damaged: its CRC-32 is \(hexadecimal(checksum)), wanted \(hexadecimal(found.checksum))")
    }
    return bytes
  }
}

private func hexadecimal(_ number: UInt32) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
