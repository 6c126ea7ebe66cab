#if ONNX
internal import DataIO
internal import FoundationEssentials

/// The number types of ONNX that a ``Tensor`` can hold, with the format's codes as raw values.
enum ONNXElementType: Int, CaseIterable, Sendable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64

  /// The type with the format's number `code`.
  init(code: Int) throws(ONNXRefusal) {
    guard let type = Self(rawValue: code) else {
      let known = Int32(exactly: code).flatMap { ONNX_TensorProto.DataType(rawValue: Int($0)) }
      guard let known, known != .undefined else {
        throw .malformed("the element type is \(code), which does not exist")
      }
      throw .unsupported("the element type is \(known), wanted one of \(Self.names)")
    }
    self = type
  }

  /// As NumPy spells it.
  var name: String {
    switch self {
    case .float: "float32"
    case .double: "float64"
    default: "\(self)"
    }
  }

  private static var names: String { allCases.map(\.name).joined(separator: ", ") }
}

extension Tensor {
  /// The type of the numbers.
  var type: ONNXElementType {
    switch elements {
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
#endif
