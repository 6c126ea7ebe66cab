internal import DataIO

#if HDF5
internal import CHDF5
internal import Kernels

/// Reads HDF5 files, which may be hostile, through libhdf5: only what Keras writes, from memory, and nothing larger
/// than the file.
///
/// A file is handed over as an image in memory, so that nothing in it can name another file; links other than hard
/// ones, and numbers that lie outside the file or compressed in it, are refused before they are followed. After
/// damaged files the library itself may write a line to standard error when the process exits: that it could not
/// close all it opened.
struct HDF5File {
  /// Levels of nested groups: Keras needs six.
  private static let maxDepth = 8
  /// Links that are followed: a cycle of hard links would not end.
  private static let maxLinks = 20_000

  /// libhdf5 is not thread-safe. The guarded value counts its uses.
  private static let library = Guarded(0)

  /// Calls `body` while no other thread of this module uses the library.
  static func withLibrary<Result>(_ body: () -> Result) -> Result {
    library.withLock { uses in
      uses += 1
      return body()
    }
  }

  private let name: String
  private let prefix: String
  private var tensors: [String: Tensor] = [:]
  private var links = 0
  private var bytesLeft: Int

  /// All datasets of numbers with floating point below the group `root` of the file whose bytes these are, by their
  /// path below it. Datasets of other numbers are left out.
  static func tensors(
    in bytes: [UInt8], below root: String, name: String
  ) throws(WeightsError) -> [String: Tensor] {
    let result: Result<[String: Tensor], WeightsError> = withLibrary {
      Result { () throws(WeightsError) in
        var file = HDF5File(name: name, prefix: root, bytesLeft: bytes.count)
        try file.read(bytes)
        return file.tensors
      }
    }
    return try result.get()
  }

  private init(name: String, prefix: String, bytesLeft: Int) {
    self.name = name
    self.prefix = prefix
    self.bytesLeft = bytesLeft
  }

  private func error(_ path: String?, _ found: String, _ wanted: String) -> WeightsError {
    WeightsError(file: name, item: path.map { "object \($0)" }, found: found, wanted: wanted)
  }

  private mutating func read(_ bytes: [UInt8]) throws(WeightsError) {
    guard bytes.starts(with: Self.signature) else { throw error(nil, "no HDF5 signature", "an HDF5 file") }
    guard H5open() >= 0 else { throw error(nil, "libhdf5 cannot be used", "a library that works") }
    let printing = ErrorPrinting()
    defer { printing.restore() }
    let file = try open(bytes)
    guard H5Lexists(file.id, prefix, 0) > 0 else { throw error(nil, "no group \(prefix)", "one") }
    let root = try object(of: file, named: prefix, path: prefix)
    try readGroup(root, path: "", level: 0)
  }

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  /// The file as the core driver reads it: from a copy of its bytes that it never writes back.
  private func open(_ bytes: [UInt8]) throws(WeightsError) -> HDF5Identifier {
    let access = try identifier(H5Pcreate(CHDF5FileAccessClass()), nil, "no property list")
    let isImage = bytes.withUnsafeBytes { bytes in
      // The library copies from the buffer and does not change it.
      H5Pset_fapl_core(access.id, 1 << 16, false) >= 0
        && H5Pset_file_image(access.id, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) >= 0
    }
    guard isImage else { throw error(nil, "an image that libhdf5 refuses", "one that it takes") }
    return try identifier(
      H5Fopen("image", UInt32(0), access.id), nil, "bytes that libhdf5 does not take for a file")
  }

  private func identifier(_ id: hid_t, _ path: String?, _ found: String) throws(WeightsError) -> HDF5Identifier {
    guard id >= 0 else { throw error(path, found, "an HDF5 file as Keras writes it") }
    return HDF5Identifier(id)
  }

  private func object(
    of group: HDF5Identifier, named name: String, path: String
  ) throws(WeightsError) -> HDF5Identifier {
    try identifier(H5Oopen(group.id, name, 0), path, "an object that cannot be opened")
  }

  private mutating func readGroup(_ group: HDF5Identifier, path: String, level: Int) throws(WeightsError) {
    guard level <= Self.maxDepth else {
      throw error(path, "groups nested deeper than \(Self.maxDepth)", "no deeper")
    }
    var information = H5G_info_t()
    guard H5Gget_info(group.id, &information) >= 0, information.nlinks <= UInt64(Self.maxLinks) else {
      throw error(path, "a group that cannot be listed", "one of at most \(Self.maxLinks) links")
    }
    for index in 0..<information.nlinks {
      links += 1
      guard links <= Self.maxLinks else { throw error(path, "more than \(Self.maxLinks) links", "fewer") }
      let name = try linkName(group, index, path)
      let place = path.isEmpty ? name : "\(path)/\(name)"
      guard CHDF5LinkIsHard(group.id, index) != 0 else {
        throw error(place, "a link to another place or file", "an object of this file")
      }
      let object = try object(of: group, named: name, path: place)
      switch H5Iget_type(object.id) {
      case H5I_GROUP: try readGroup(object, path: place, level: level + 1)
      case H5I_DATASET: try read(object, path: place)
      default: throw error(place, "neither a group nor a dataset", "one of them")
      }
    }
  }

  private func linkName(_ group: HDF5Identifier, _ index: UInt64, _ path: String) throws(WeightsError) -> String {
    var text = [CChar](repeating: 0, count: 256)
    let length = H5Lget_name_by_idx(group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &text, text.count, 0)
    guard 1..<text.count ~= length,
      let name = String(validating: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self),
      name != ".", !name.contains("/")
    else { throw error(path, "a link whose name cannot be used", "UTF-8 of at most 255 bytes without /") }
    return name
  }

  private mutating func read(_ dataset: HDF5Identifier, path: String) throws(WeightsError) {
    let type = try identifier(H5Dget_type(dataset.id), path, "a dataset without a type")
    let (isSingle, isHalf) = (CHDF5IsSingle(type.id) != 0, CHDF5IsHalf(type.id) != 0)
    guard isSingle || isHalf || CHDF5IsDouble(type.id) != 0 else {
      // The states of random generators and counters of steps are integers, and no weights.
      guard H5Tget_class(type.id) == H5T_INTEGER else {
        throw error(path, "numbers of another type", "float16, float32 or float64")
      }
      return
    }
    let shape = try shape(of: dataset, path)
    let size = isHalf ? 2 : isSingle ? 4 : 8
    let count = try count(of: shape, size: size, path)
    try checkStorage(of: dataset, bytes: count * size, path)
    bytesLeft -= count * size
    guard bytesLeft >= 0 else { throw error(path, "more numbers than the file's bytes can hold", "one use of each") }
    tensors[path] =
      isSingle || isHalf
      ? Tensor(shape: shape, .float(try numbers(of: dataset, count, CHDF5Float(), 0, path)))
      : Tensor(shape: shape, .double(try numbers(of: dataset, count, CHDF5Double(), 0, path)))
  }

  private func shape(of dataset: HDF5Identifier, _ path: String) throws(WeightsError) -> [Int] {
    let space = try identifier(H5Dget_space(dataset.id), path, "a dataset without dimensions")
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard 0...32 ~= rank else { throw error(path, "\(rank) dimensions", "at most 32") }
    var sizes = [UInt64](repeating: 0, count: Int(rank))
    guard rank == 0 || H5Sget_simple_extent_dims(space.id, &sizes, nil) == rank else {
      throw error(path, "a dataset without dimensions", "a shape")
    }
    guard sizes.allSatisfy({ $0 <= UInt64(Int.max) }) else {
      throw error(path, "shape \(sizes)", "one that memory can hold")
    }
    return sizes.map { Int($0) }
  }

  private func count(of shape: [Int], size: Int, _ path: String) throws(WeightsError) -> Int {
    var count = 1
    for side in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: side)
      guard !overflow, product <= bytesLeft / size else {
        throw error(path, "shape \(shape)", "no more numbers than the file has bytes for")
      }
      count = product
    }
    return count
  }

  /// The numbers must lie in the file, as they are and in one piece.
  private func checkStorage(of dataset: HDF5Identifier, bytes: Int, _ path: String) throws(WeightsError) {
    let properties = try identifier(H5Dget_create_plist(dataset.id), path, "a dataset without properties")
    let layout = H5Pget_layout(properties.id)
    guard layout == H5D_CONTIGUOUS || layout == H5D_COMPACT, H5Pget_nfilters(properties.id) == 0 else {
      throw error(path, "numbers in chunks or compressed", "numbers in one piece, as Keras writes them")
    }
    guard layout == H5D_COMPACT || H5Pget_external_count(properties.id) == 0 else {
      throw error(path, "numbers in another file", "numbers in this one")
    }
    let stored = H5Dget_storage_size(dataset.id)
    guard stored == UInt64(bytes) else { throw error(path, "\(stored) bytes", "\(bytes), as the shape says") }
  }

  private func numbers<Scalar: ExpressibleByIntegerLiteral>(
    of dataset: HDF5Identifier, _ count: Int, _ type: hid_t, _ zero: Scalar, _ path: String
  ) throws(WeightsError) -> [Scalar] {
    guard count > 0 else { return [] }
    var numbers = [Scalar](repeating: zero, count: count)
    let status = numbers.withUnsafeMutableBytes { H5Dread(dataset.id, type, 0, 0, 0, $0.baseAddress) }
    guard status >= 0 else { throw error(path, "numbers that cannot be read", "\(count)") }
    return numbers
  }
}

/// An object of libhdf5, released with the last reference.
private final class HDF5Identifier {
  let id: hid_t

  init(_ id: hid_t) { self.id = id }

  deinit { H5Idec_ref(id) }
}

/// Turns off the library's printing of errors until `restore()`.
private struct ErrorPrinting {
  private var function: H5E_auto2_t?
  private var data: UnsafeMutableRawPointer?

  init() {
    H5Eget_auto2(0, &function, &data)
    H5Eset_auto2(0, nil, nil)
  }

  func restore() { H5Eset_auto2(0, function, data) }
}
#else
/// The substitute in builds without the trait HDF5.
enum HDF5File {
  /// Throws an error that says how to enable HDF5.
  static func tensors(
    in _: [UInt8], below _: String, name: String
  ) throws(WeightsError) -> [String: Tensor] {
    throw WeightsError(
      file: name, found: "an HDF5 file, which this build does not read",
      wanted: "a build with the package trait HDF5 (swift build --traits default,HDF5, with libhdf5-dev), or the "
        + "weights as .npz: numpy.savez(path, **{w.path: w.numpy() for w in model.weights})")
  }
}
#endif
