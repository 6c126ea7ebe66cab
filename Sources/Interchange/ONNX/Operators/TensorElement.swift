#if ONNX
internal import DataIO
internal import Kernels

/// A number type that a ``Tensor`` can hold.
protocol TensorElement: Hashable, BitwiseCopyable, Sendable {
  /// The numbers as a tensor holds them.
  static func elements(_ array: [Self]) -> Tensor.Elements
  /// The numbers of a tensor of this type; `nil` where it is of another.
  static func array(_ elements: Tensor.Elements) -> [Self]?
}

/// A number type that the engine computes with.
protocol ONNXScalar: TensorElement, BLASScalar {}

/// A computation on numbers of any type.
protocol ElementsVisitor {
  associatedtype Result
  func visit<Element: TensorElement>(_ elements: [Element]) throws(ONNXRefusal) -> Result
}

extension Tensor.Elements {
  /// Calls `visitor` with the numbers in their own type.
  func accept<Visitor: ElementsVisitor>(_ visitor: Visitor) throws(ONNXRefusal) -> Visitor.Result {
    switch self {
    case .bool(let elements): try visitor.visit(elements)
    case .uint8(let elements): try visitor.visit(elements)
    case .int8(let elements): try visitor.visit(elements)
    case .uint16(let elements): try visitor.visit(elements)
    case .int16(let elements): try visitor.visit(elements)
    case .uint32(let elements): try visitor.visit(elements)
    case .int32(let elements): try visitor.visit(elements)
    case .uint64(let elements): try visitor.visit(elements)
    case .int64(let elements): try visitor.visit(elements)
    case .float16(let elements): try visitor.visit(elements)
    case .float(let elements): try visitor.visit(elements)
    case .double(let elements): try visitor.visit(elements)
    }
  }
}

extension Bool: TensorElement {
  static func elements(_ array: [Bool]) -> Tensor.Elements { .bool(array) }
  static func array(_ elements: Tensor.Elements) -> [Bool]? {
    if case .bool(let array) = elements { array } else { nil }
  }
}

extension UInt8: TensorElement {
  static func elements(_ array: [UInt8]) -> Tensor.Elements { .uint8(array) }
  static func array(_ elements: Tensor.Elements) -> [UInt8]? {
    if case .uint8(let array) = elements { array } else { nil }
  }
}

extension Int8: TensorElement {
  static func elements(_ array: [Int8]) -> Tensor.Elements { .int8(array) }
  static func array(_ elements: Tensor.Elements) -> [Int8]? {
    if case .int8(let array) = elements { array } else { nil }
  }
}

extension UInt16: TensorElement {
  static func elements(_ array: [UInt16]) -> Tensor.Elements { .uint16(array) }
  static func array(_ elements: Tensor.Elements) -> [UInt16]? {
    if case .uint16(let array) = elements { array } else { nil }
  }
}

extension Int16: TensorElement {
  static func elements(_ array: [Int16]) -> Tensor.Elements { .int16(array) }
  static func array(_ elements: Tensor.Elements) -> [Int16]? {
    if case .int16(let array) = elements { array } else { nil }
  }
}

extension UInt32: TensorElement {
  static func elements(_ array: [UInt32]) -> Tensor.Elements { .uint32(array) }
  static func array(_ elements: Tensor.Elements) -> [UInt32]? {
    if case .uint32(let array) = elements { array } else { nil }
  }
}

extension Int32: TensorElement {
  static func elements(_ array: [Int32]) -> Tensor.Elements { .int32(array) }
  static func array(_ elements: Tensor.Elements) -> [Int32]? {
    if case .int32(let array) = elements { array } else { nil }
  }
}

extension UInt64: TensorElement {
  static func elements(_ array: [UInt64]) -> Tensor.Elements { .uint64(array) }
  static func array(_ elements: Tensor.Elements) -> [UInt64]? {
    if case .uint64(let array) = elements { array } else { nil }
  }
}

extension Int64: TensorElement {
  static func elements(_ array: [Int64]) -> Tensor.Elements { .int64(array) }
  static func array(_ elements: Tensor.Elements) -> [Int64]? {
    if case .int64(let array) = elements { array } else { nil }
  }
}

extension Float16: TensorElement {
  static func elements(_ array: [Float16]) -> Tensor.Elements { .float16(array) }
  static func array(_ elements: Tensor.Elements) -> [Float16]? {
    if case .float16(let array) = elements { array } else { nil }
  }
}

extension Float: ONNXScalar {
  static func elements(_ array: [Float]) -> Tensor.Elements { .float(array) }
  static func array(_ elements: Tensor.Elements) -> [Float]? {
    if case .float(let array) = elements { array } else { nil }
  }
}

extension Double: ONNXScalar {
  static func elements(_ array: [Double]) -> Tensor.Elements { .double(array) }
  static func array(_ elements: Tensor.Elements) -> [Double]? {
    if case .double(let array) = elements { array } else { nil }
  }
}
#endif
