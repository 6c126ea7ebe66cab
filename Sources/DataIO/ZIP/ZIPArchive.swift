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

  /// The bytes of the member called `member`.
  ///
  /// Throws where there is none, where the bytes are damaged (their CRC-32 is checked), and where they are more than
  /// `limits` allow for an archive of this size.
  public func bytes(of member: String, limits: UnpackingLimits = UnpackingLimits()) throws(DataError) -> [UInt8] {
    try check([member], limits)
    let reader = try reader(of: member)
    let bytes = try reader.read(reader.remaining)
    try reader.finish()
    return bytes
  }

  /// A reader of the member called `member`. Throws where there is none.
  func reader(of member: String) throws(DataError) -> ZIPMemberReader {
    ZIPMemberReader(try self.member(member), of: name, in: source)
  }

  /// Throws where one of these members is not there, or they have more bytes together than `limits` allow.
  func check(_ names: [String], _ limits: UnpackingLimits) throws(DataError) {
    let allowance = limits.allowance(for: source.count)
    var sum = 0
    for name in names {
      let count = try member(name).count
      guard count <= allowance - sum else {
        let others = sum == 0 ? "" : " after \(sum) of others"
        throw DataError(
          file: self.name,
          reason:
            "the member \(quoted(name)) unpacks to \(count) bytes\(others), more than the \(allowance) that an archive of "
            + "\(source.count) bytes may")
      }
      sum += count
    }
  }

  private func member(_ member: String) throws(DataError) -> ZIPMember {
    guard let found = members[member] else {
      throw DataError(file: name, reason: "has no member \(quoted(member)) among \(names.count)")
    }
    return found
  }
}
