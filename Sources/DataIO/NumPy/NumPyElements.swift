/// How the numbers of an array lie in a `.npy` file.
struct NumPyElements {
  let byteOrder: NumPyFile.ByteOrder
  /// Where the numbers lie if the first index runs fastest; `nil` where the last one does.
  let fortran: FortranOrder?

  init(_ header: NumPyHeader) {
    byteOrder = header.descriptor.byteOrder
    fortran = header.isFortranOrder ? FortranOrder(shape: header.shape) : nil
  }

  /// The `count` numbers of `type` that `read` gives, the last index running fastest. Of a truth value any byte but zero makes
  /// true.
  func decoded(
    _ count: Int, as type: NumPyDescriptor.ElementType,
    _ read: (UnsafeMutableRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) -> Tensor.Elements {
    switch type {
    case .bool: .bool(try numbers(count, UInt8.self, in: UInt8.self, read).map { $0 != 0 })
    case .uint8: .uint8(try numbers(count, in: UInt8.self, read))
    case .int8: .int8(try numbers(count, in: UInt8.self, read))
    case .uint16: .uint16(try numbers(count, in: UInt16.self, read))
    case .int16: .int16(try numbers(count, in: UInt16.self, read))
    case .uint32: .uint32(try numbers(count, in: UInt32.self, read))
    case .int32: .int32(try numbers(count, in: UInt32.self, read))
    case .uint64: .uint64(try numbers(count, in: UInt64.self, read))
    case .int64: .int64(try numbers(count, in: UInt64.self, read))
    case .float16: .float16(try numbers(count, in: UInt16.self, read))
    case .float: .float(try numbers(count, in: UInt32.self, read))
    case .double: .double(try numbers(count, in: UInt64.self, read))
    }
  }

  /// The bytes of `elements`, of which the last index runs fastest.
  func encoded(_ elements: Tensor.Elements) -> [UInt8] {
    switch elements {
    case .bool(let elements): bytes(elements.map { $0 ? UInt8(1) : 0 })
    case .uint8(let elements): bytes(elements)
    case .int8(let elements): bytes(elements)
    case .uint16(let elements): bytes(elements)
    case .int16(let elements): bytes(elements)
    case .uint32(let elements): bytes(elements)
    case .int32(let elements): bytes(elements)
    case .uint64(let elements): bytes(elements)
    case .int64(let elements): bytes(elements)
    case .float16(let elements): bytes(elements.map(\.bitPattern))
    case .float(let elements): bytes(elements.map(\.bitPattern))
    case .double(let elements): bytes(elements.map(\.bitPattern))
    }
  }

  /// Numbers, each in a word of the file, in the memory that they are read into.
  private func numbers<Number: BitwiseCopyable, Word: FixedWidthInteger>(
    _ count: Int, _: Number.Type = Number.self, in word: Word.Type,
    _ read: (UnsafeMutableRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) -> [Number] {
    // For none, the initialiser below would write to the empty array that all threads share.
    guard count > 0 else { return [] }
    var failure: DataError?
    var numbers = [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(DataError) {
        try read(UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    if byteOrder == .big {
      numbers.withUnsafeMutableBufferPointer { numbers in
        numbers.withMemoryRebound(to: Word.self) { words in
          for index in words.indices { words[index] = words[index].byteSwapped }
        }
      }
    }
    guard let fortran else { return numbers }
    var result: [Number] = []
    result.reserveCapacity(count)
    fortran.forEach { result.append(numbers[$0]) }
    return result
  }

  private func bytes<Value: FixedWidthInteger>(_ elements: [Value]) -> [UInt8] {
    let size = MemoryLayout<Value>.size
    var bytes = [UInt8](repeating: 0, count: elements.count * size)
    bytes.withUnsafeMutableBytes { bytes in
      func put(_ value: Value, at index: Int) {
        bytes.storeBytes(of: inOrder(value), toByteOffset: index * size, as: Value.self)
      }
      if let fortran {
        var next = 0
        fortran.forEach { index in
          put(elements[next], at: index)
          next += 1
        }
      } else {
        for (index, value) in elements.enumerated() { put(value, at: index) }
      }
    }
    return bytes
  }

  /// A number of this machine as one of the file's byte order, or back.
  private func inOrder<Value: FixedWidthInteger>(_ value: Value) -> Value {
    byteOrder == .big ? value.bigEndian : value.littleEndian
  }
}

/// Where the numbers of an array lie if its first index runs fastest.
struct FortranOrder {
  /// The sizes and the distances of neighbours along the dimensions that have any.
  private let dimensions: [(size: Int, stride: Int)]
  private let isEmpty: Bool

  /// The product of the sizes other than zero must be an `Int`.
  init(shape: [Int]) {
    isEmpty = shape.contains(0)
    var dimensions: [(size: Int, stride: Int)] = []
    var stride = 1
    for size in shape where size > 1 {
      dimensions.append((size, stride))
      stride *= size
    }
    self.dimensions = dimensions
  }

  /// Whether it is the same as with the last index running fastest.
  var isCOrder: Bool { isEmpty || dimensions.count < 2 }

  /// Gives the place of each number, in the order in which the last index runs fastest.
  func forEach(_ body: (Int) -> Void) {
    guard !isEmpty else { return }
    guard let (size, stride) = dimensions.last else { return body(0) }
    var indices = [Int](repeating: 0, count: dimensions.count - 1)
    var start = 0
    while true {
      for index in 0..<size { body(start + index * stride) }
      // Counts up like an odometer.
      guard let wheel = indices.indices.last(where: { indices[$0] + 1 < dimensions[$0].size }) else { return }
      for turned in (wheel + 1)..<indices.count {
        start -= indices[turned] * dimensions[turned].stride
        indices[turned] = 0
      }
      indices[wheel] += 1
      start += dimensions[wheel].stride
    }
  }
}
