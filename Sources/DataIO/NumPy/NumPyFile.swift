/// Reads and writes `.npy` files: one array each, as `numpy.save` and `numpy.load` do.
///
/// The format is NumPy's (numpy.lib.format), of which all three versions are read. The numbers may be truth values,
/// integers of 8 to 64 bits or floating-point numbers of 16 to 64 bits, of either byte order, the first or the last index
/// running fastest. Everything else, such as Python objects, text, complex numbers and dates, is refused by name.
public enum NumPyFile {
  /// Which index runs fastest.
  public enum Order: Sendable, CaseIterable {
    /// The last one, as in C.
    case c
    /// The first one, as in Fortran. An array for which that makes no difference is marked as in C order, as NumPy does.
    case fortran
  }

  /// Which byte of a number comes first.
  public enum ByteOrder: Sendable, CaseIterable {
    /// The lowest.
    case little
    /// The highest.
    case big
  }

  /// What every file begins with.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads the array in the file at `path`, which may have at most `limit` bytes.
  public static func read(_ path: String, limit: Int = FileReading.defaultLimit) throws(DataError) -> Tensor {
    try tensor(bytes: FileReading.bytes(of: path, limit: limit), name: path)
  }

  /// Reads the array in a file that is already in memory; errors call it `name`.
  public static func tensor(bytes: [UInt8], name: String = "bytes in memory") throws(DataError) -> Tensor {
    var position = 0
    return try tensor(byteCount: bytes.count, name: name) { buffer in
      buffer.copyBytes(from: bytes[position..<position + buffer.count])
      position += buffer.count
    }
  }

  /// Reads the array in a file of `byteCount` bytes, of which `read` gives the next ones: its header, and where that fits the
  /// number of bytes the numbers, into the memory where they stay. Errors call the file `name`.
  static func tensor(
    byteCount: Int, name: String, read: (UnsafeMutableRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) -> Tensor {
    func error(_ reason: String) -> DataError { DataError(file: name, reason: reason) }
    var remaining = byteCount
    func take(_ count: Int) throws(DataError) -> [UInt8] {
      guard count <= remaining else { throw error("ends within its header") }
      remaining -= count
      var bytes = [UInt8](repeating: 0, count: count)
      var failure: DataError?
      bytes.withUnsafeMutableBytes { buffer in
        do throws(DataError) { try read(buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      return bytes
    }
    guard try take(min(byteCount, magic.count)) == magic else {
      throw error("is not a .npy file: it does not begin with \\x93NUMPY")
    }
    let version = try take(2)
    guard (1...3).contains(version[0]), version[1] == 0 else {
      throw error("is of version \(version[0]).\(version[1]), wanted 1.0, 2.0 or 3.0")
    }
    let length = try take(version[0] == 1 ? 2 : 4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= NumPyHeader.maxLength else {
      throw error("has a header of \(length) bytes, wanted at most \(NumPyHeader.maxLength)")
    }
    let header = try NumPyHeader(try take(length)[...], file: name)

    // Zeros are left out, so that no order of the dimensions overflows.
    let size = header.shape.filter { $0 > 0 }.reduce((partialValue: header.descriptor.type.size, overflow: false)) {
      let (partialValue, overflow) = $0.partialValue.multipliedReportingOverflow(by: $1)
      return (partialValue, $0.overflow || overflow)
    }
    guard !size.overflow else { throw error("has the shape \(header.shape), which no memory can hold") }
    let wanted = header.shape.contains(0) ? 0 : size.partialValue
    guard remaining == wanted else {
      throw error(
        "has \(remaining) bytes of numbers, wanted \(wanted) for the shape \(header.shape) of \(header.descriptor)")
    }
    return Tensor(
      shape: header.shape,
      try NumPyElements(header).decoded(wanted / header.descriptor.type.size, as: header.descriptor.type, read))
  }

  /// The bytes of a file with `tensor`: those that `numpy.save` writes, if the orders are not given.
  public static func serialized(_ tensor: Tensor, order: Order = .c, byteOrder: ByteOrder = .little) -> [UInt8] {
    let header = NumPyHeader(
      descriptor: NumPyDescriptor(tensor.elements.numPyType, byteOrder),
      isFortranOrder: order == .fortran && !FortranOrder(shape: tensor.shape).isCOrder, shape: tensor.shape)
    return header.serialized + NumPyElements(header).encoded(tensor.elements)
  }

  /// Writes `tensor` to the file at `path`, which then holds what it held before or all of this.
  public static func write(
    _ tensor: Tensor, to path: String, order: Order = .c, byteOrder: ByteOrder = .little
  ) throws(DataError) {
    try FileWriting.write(serialized(tensor, order: order, byteOrder: byteOrder), to: path)
  }
}
