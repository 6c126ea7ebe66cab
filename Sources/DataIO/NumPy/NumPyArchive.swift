/// A `.npz` file open for reading: the names of its arrays, each of which is read when asked for.
///
/// It is a ZIP archive of `.npy` files; `numpy.savez` and `numpy.savez_compressed` write it and `numpy.load` reads it.
public struct NumPyArchive: Sendable {
  /// The names of the arrays, in the archive's order.
  public let names: [String]
  private let archive: ZIPArchive
  private static let suffix = ".npy"

  /// Opens the archive at `path`.
  public init(path: String) throws(DataError) { try self.init(ZIPArchive(path: path)) }

  /// Reads an archive that is already in memory; errors call it `name`.
  public init(bytes: [UInt8], name: String = "bytes in memory") throws(DataError) {
    try self.init(ZIPArchive(bytes: bytes, name: name))
  }

  private init(_ archive: ZIPArchive) throws(DataError) {
    if let other = archive.names.first(where: { !$0.utf8.reversed().starts(with: Self.suffix.utf8.reversed()) }) {
      throw DataError(file: archive.name, reason: "the member \(quoted(other)) is no array: it is not a .npy file")
    }
    self.archive = archive
    names = archive.names.map { String(decoding: $0.utf8.dropLast(Self.suffix.utf8.count), as: UTF8.self) }
  }

  /// The array called `name`, whose file may have at most `limit` bytes. Throws where there is none or it is damaged.
  public func tensor(_ name: String, limit: Int = FileReading.defaultLimit) throws(DataError) -> Tensor {
    guard archive.contains(name + Self.suffix) else {
      throw DataError(file: archive.name, reason: "has no array \(quoted(name)) among \(names.count)")
    }
    return try NumPyFile.tensor(
      bytes: archive.bytes(of: name + Self.suffix, limit: limit), name: "\(archive.name)/\(name)\(Self.suffix)")
  }

  /// All arrays in the archive at `path`, by name.
  public static func read(_ path: String) throws(DataError) -> [String: Tensor] {
    let archive = try NumPyArchive(path: path)
    var tensors: [String: Tensor] = [:]
    for name in archive.names { tensors[name] = try archive.tensor(name) }
    return tensors
  }

  /// The bytes of an archive of `tensors`, in their order and with names of which no two are the same: those that
  /// `numpy.savez` writes or, compressed, `numpy.savez_compressed` with the same zlib.
  public static func serialized(
    _ tensors: [(name: String, tensor: Tensor)], compression: ZIPContents.Compression = .none
  ) -> [UInt8] {
    contents(tensors, compression).serialized()
  }

  /// Writes an archive of `tensors`, in their order and with names of which no two are the same, to the file at `path`,
  /// which then holds what it held before or all of this.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], to path: String, compression: ZIPContents.Compression = .none
  ) throws(DataError) {
    try contents(tensors, compression).write(to: path)
  }

  private static func contents(
    _ tensors: [(name: String, tensor: Tensor)], _ compression: ZIPContents.Compression
  ) -> ZIPContents {
    var contents = ZIPContents()
    for (name, tensor) in tensors {
      contents.append(name + suffix, NumPyFile.serialized(tensor), compression: compression)
    }
    return contents
  }
}
