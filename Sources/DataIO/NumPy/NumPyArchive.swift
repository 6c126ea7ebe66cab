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

  /// The array called `name`. Throws where there is none, it is damaged, or it unpacks to more than `limits` allow for an
  /// archive of this size. It is unpacked into the memory where it stays.
  public func tensor(_ name: String, limits: UnpackingLimits = UnpackingLimits()) throws(DataError) -> Tensor {
    guard archive.contains(name + Self.suffix) else {
      throw DataError(file: archive.name, reason: "has no array \(quoted(name)) among \(names.count)")
    }
    try archive.check([name + Self.suffix], limits)
    return try unpacked(name)
  }

  /// The arrays called `names`, by name. Throws as ``tensor(_:limits:)``; the limits are those of all together.
  public func tensors(
    _ names: [String], limits: UnpackingLimits = UnpackingLimits()
  ) throws(DataError) -> [String: Tensor] {
    try archive.check(names.map { $0 + Self.suffix }, limits)
    var tensors: [String: Tensor] = [:]
    for name in names { tensors[name] = try unpacked(name) }
    return tensors
  }

  private func unpacked(_ name: String) throws(DataError) -> Tensor {
    let reader = try archive.reader(of: name + Self.suffix)
    let tensor = try NumPyFile.tensor(
      byteCount: reader.remaining, name: "\(archive.name)/\(name)\(Self.suffix)"
    ) { (buffer) throws(DataError) in try reader.read(into: buffer) }
    try reader.finish()
    return tensor
  }

  /// All arrays in the archive at `path`, by name.
  public static func read(
    _ path: String, limits: UnpackingLimits = UnpackingLimits()
  ) throws(DataError) -> [String: Tensor] {
    let archive = try NumPyArchive(path: path)
    return try archive.tensors(archive.names, limits: limits)
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
