/// The type and the byte order of the numbers in a `.npy` file, as NumPy writes them: `<f4`, `|b1`, `>i8`, ….
struct NumPyDescriptor: Equatable, CustomStringConvertible {
  /// The types in use, by NumPy's letter and the number of bytes.
  enum ElementType: String, CaseIterable, Sendable {
    case bool = "b1"
    case uint8 = "u1"
    case int8 = "i1"
    case uint16 = "u2"
    case int16 = "i2"
    case uint32 = "u4"
    case int32 = "i4"
    case uint64 = "u8"
    case int64 = "i8"
    case float16 = "f2"
    case float = "f4"
    case double = "f8"

    /// Bytes that a number takes.
    var size: Int {
      switch self {
      case .bool, .uint8, .int8: 1
      case .uint16, .int16, .float16: 2
      case .uint32, .int32, .float: 4
      case .uint64, .int64, .double: 8
      }
    }
  }

  let type: ElementType
  let byteOrder: NumPyFile.ByteOrder

  init(_ type: ElementType, _ byteOrder: NumPyFile.ByteOrder) {
    self.type = type
    self.byteOrder = byteOrder
  }

  /// The description that comes next in a header.
  init(_ literal: inout PythonLiteral) throws(DataError) {
    let rest = literal.quotedRest
    guard let text = try literal.stringIfPresent() else {
      throw literal.error("has a type of several fields or none, from \(rest), wanted that of plain numbers")
    }
    guard let mark = text.first, "<>|=".contains(mark), let type = ElementType(rawValue: String(text.dropFirst()))
    else {
      throw literal.error("has the type \(quoted(text)), wanted one of \(Self.wanted)")
    }
    // The last two marks mean that there is no order to speak of, or that of the machine, which is little-endian here.
    self.init(type, mark == ">" ? .big : .little)
  }

  private static let wanted = ElementType.allCases.map(\.rawValue).joined(separator: ", ") + " after <, >, | or ="

  /// As NumPy writes it: a single byte has no order.
  var description: String {
    let mark = type.size == 1 ? "|" : byteOrder == .big ? ">" : "<"
    return mark + type.rawValue
  }
}

extension Tensor.Elements {
  /// The type of the numbers in a file.
  var numPyType: NumPyDescriptor.ElementType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float16: .float16
    case .float: .float
    case .double: .double
    }
  }
}
