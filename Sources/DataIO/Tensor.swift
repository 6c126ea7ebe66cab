internal import Kernels

/// A dense array of any number of dimensions, row after row: what a `.npy` file or a model's input holds.
///
/// It is for exchange with files and other engines; what computes is in Kernels.
public struct Tensor: Hashable, Sendable {
  /// The numbers, in one of the types in use.
  public enum Elements: Hashable, Sendable {
    case bool([Bool])
    case uint8([UInt8])
    case int8([Int8])
    case uint16([UInt16])
    case int16([Int16])
    case uint32([UInt32])
    case int32([Int32])
    case uint64([UInt64])
    case int64([Int64])
    case float16([Float16])
    case float([Float])
    case double([Double])
  }

  /// The dimensions, outermost first; none for a single number.
  public let shape: [Int]
  /// The numbers, the last index running fastest.
  public let elements: Elements

  /// A tensor whose `elements` fill `shape`.
  public init(shape: [Int], _ elements: Elements) {
    require(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
      "\(elements.count) elements cannot fill the shape \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// A tensor of `Float`s.
  public init(shape: [Int], _ elements: [Float]) { self.init(shape: shape, .float(elements)) }

  /// Number of numbers.
  public var count: Int { elements.count }
  /// The name of the numbers' type, as NumPy spells it: `float32`, `int64`, `bool`, ….
  public var typeName: String { elements.typeName }
}

extension Tensor {
  /// The place of the first number that is infinite or NaN, and the number; `nil` where all are finite.
  package var firstNonFinite: (place: [Int], value: Double)? {
    let found: (index: Int, value: Double)? =
      switch elements {
      case .float(let elements): elements.firstIndex { !$0.isFinite }.map { ($0, Double(elements[$0])) }
      case .double(let elements): elements.firstIndex { !$0.isFinite }.map { ($0, elements[$0]) }
      case .float16(let elements): elements.firstIndex { !$0.isFinite }.map { ($0, Double(elements[$0])) }
      default: nil
      }
    guard let found else { return nil }
    var (rest, place) = (found.index, shape)
    for dimension in shape.indices.reversed() {
      (rest, place[dimension]) = rest.quotientAndRemainder(dividingBy: shape[dimension])
    }
    return (place, found.value)
  }
}

extension Tensor.Elements {
  /// Number of numbers.
  public var count: Int {
    switch self {
    case .bool(let elements): elements.count
    case .uint8(let elements): elements.count
    case .int8(let elements): elements.count
    case .uint16(let elements): elements.count
    case .int16(let elements): elements.count
    case .uint32(let elements): elements.count
    case .int32(let elements): elements.count
    case .uint64(let elements): elements.count
    case .int64(let elements): elements.count
    case .float16(let elements): elements.count
    case .float(let elements): elements.count
    case .double(let elements): elements.count
    }
  }

  /// The name of the type, as NumPy spells it.
  public var typeName: String {
    switch self {
    case .bool: "bool"
    case .uint8: "uint8"
    case .int8: "int8"
    case .uint16: "uint16"
    case .int16: "int16"
    case .uint32: "uint32"
    case .int32: "int32"
    case .uint64: "uint64"
    case .int64: "int64"
    case .float16: "float16"
    case .float: "float32"
    case .double: "float64"
    }
  }

  /// Whether the numbers are floating-point ones.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .float, .double: true
    default: false
    }
  }

  /// The numbers as `Double`s, rounded where a 64-bit integer needs it; truth is 1.
  public var doubles: [Double] {
    // Of an UInt64, `Double.init` without arguments would take the bits.
    switch self {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .uint8(let elements): elements.map(Double.init)
    case .int8(let elements): elements.map(Double.init)
    case .uint16(let elements): elements.map(Double.init)
    case .int16(let elements): elements.map(Double.init)
    case .uint32(let elements): elements.map(Double.init)
    case .int32(let elements): elements.map(Double.init)
    case .uint64(let elements): elements.map { Double($0) }
    case .int64(let elements): elements.map(Double.init)
    case .float16(let elements): elements.map(Double.init)
    case .float(let elements): elements.map(Double.init)
    case .double(let elements): elements
    }
  }

  /// The numbers as `Float`s, each rounded once.
  public var floats: [Float] {
    switch self {
    case .float(let elements): elements
    case .float16(let elements): elements.map(Float.init)
    case .uint64(let elements): elements.map { Float($0) }
    case .int64(let elements): elements.map(Float.init)
    default: doubles.map(Float.init)
    }
  }

  /// The numbers as `Int`s; `nil` where they are floating-point ones or one does not fit.
  public var integers: [Int]? {
    switch self {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .uint8(let elements): elements.map(Int.init)
    case .int8(let elements): elements.map(Int.init)
    case .uint16(let elements): elements.map(Int.init)
    case .int16(let elements): elements.map(Int.init)
    case .uint32(let elements): elements.map(Int.init)
    case .int32(let elements): elements.map(Int.init)
    case .uint64(let elements): elements.contains { $0 > UInt64(Int.max) } ? nil : elements.map { Int($0) }
    case .int64(let elements): elements.map(Int.init)
    case .float16, .float, .double: nil
    }
  }
}
