#if ONNX
internal import DataIO
internal import FoundationEssentials

extension Tensor {
  /// A constant of a file, whose numbers must be in the file itself, as many as its shape says.
  init(_ message: ONNX_TensorProto) throws(ONNXRefusal) {
    let type = try ONNXElementType(code: Int(message.dataType))
    guard message.dataLocation != .external, message.externalData.isEmpty else {
      let location = message.externalData.first { $0.key == "location" }?.value ?? ""
      throw .unsupported("its numbers are in another file, \(quoted(location)), wanted them in the model itself")
    }
    guard !message.hasSegment else { throw .unsupported("it is stored in pieces, wanted it whole") }
    try checkRank(message.dims.count)
    var shape: [Int] = []
    for dimension in message.dims {
      guard let size = Int(exactly: dimension), size >= 0 else {
        throw .malformed("a dimension is \(dimension), wanted at least 0")
      }
      shape.append(size)
    }
    guard checkedProduct(shape) != nil else {
      throw .malformed("the shape \(shape) has more than \(Int.max) elements")
    }
    let count = elementCount(shape)
    let elements =
      message.hasRawData
      ? try Elements(raw: message, type, count: count) : try Elements(typed: message, type)
    guard elements.count == count else {
      throw .malformed("\(elements.count) numbers, wanted \(count) for the shape \(shape)")
    }
    self.init(shape: shape, elements)
  }
}

extension Tensor.Elements {
  /// The numbers of the field for bytes.
  fileprivate init(raw message: ONNX_TensorProto, _ type: ONNXElementType, count: Int) throws(ONNXRefusal) {
    let others = [
      message.floatData.count, message.doubleData.count, message.int32Data.count, message.int64Data.count,
      message.uint64Data.count, message.stringData.count,
    ]
    guard others.allSatisfy({ $0 == 0 }) else { throw .malformed("its numbers stand in two fields, wanted one") }
    let bytes = message.rawData
    func numbers<Bits: FixedWidthInteger>(_: Bits.Type) throws(ONNXRefusal) -> [Bits] {
      let size = MemoryLayout<Bits>.size
      guard bytes.count.isMultiple(of: size), bytes.count / size == count else {
        throw .malformed("\(bytes.count) bytes of numbers, wanted \(count) numbers of \(size)")
      }
      return bytes.withUnsafeBytes { bytes in
        (0..<count).map { Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Bits.self)) }
      }
    }
    switch type {
    case .bool: self = .bool(try numbers(UInt8.self).map { $0 != 0 })
    case .uint8: self = .uint8(try numbers(UInt8.self))
    case .int8: self = .int8(try numbers(Int8.self))
    case .uint16: self = .uint16(try numbers(UInt16.self))
    case .int16: self = .int16(try numbers(Int16.self))
    case .uint32: self = .uint32(try numbers(UInt32.self))
    case .int32: self = .int32(try numbers(Int32.self))
    case .uint64: self = .uint64(try numbers(UInt64.self))
    case .int64: self = .int64(try numbers(Int64.self))
    case .float16: self = .float16(try numbers(UInt16.self).map { Float16(bitPattern: $0) })
    case .float: self = .float(try numbers(UInt32.self).map { Float(bitPattern: $0) })
    case .double: self = .double(try numbers(UInt64.self).map { Double(bitPattern: $0) })
    }
  }

  /// The numbers of the field that the format prescribes for their type.
  fileprivate init(typed message: ONNX_TensorProto, _ type: ONNXElementType) throws(ONNXRefusal) {
    func narrowed<Wide: BinaryInteger, Narrow: BinaryInteger>(
      _ numbers: [Wide], _: Narrow.Type
    ) throws(ONNXRefusal) -> [Narrow] {
      let result = numbers.compactMap { Narrow(exactly: $0) }
      guard result.count == numbers.count else { throw .malformed("a number does not fit its type, \(type.name)") }
      return result
    }
    switch type {
    case .bool: self = .bool(message.int32Data.map { $0 != 0 })
    case .uint8: self = .uint8(try narrowed(message.int32Data, UInt8.self))
    case .int8: self = .int8(try narrowed(message.int32Data, Int8.self))
    case .uint16: self = .uint16(try narrowed(message.int32Data, UInt16.self))
    case .int16: self = .int16(try narrowed(message.int32Data, Int16.self))
    case .uint32: self = .uint32(try narrowed(message.uint64Data, UInt32.self))
    case .int32: self = .int32(message.int32Data)
    case .uint64: self = .uint64(message.uint64Data)
    case .int64: self = .int64(message.int64Data)
    case .float16: self = .float16(try narrowed(message.int32Data, UInt16.self).map { Float16(bitPattern: $0) })
    case .float: self = .float(message.floatData)
    case .double: self = .double(message.doubleData)
    }
  }
}
#endif
