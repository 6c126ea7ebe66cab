/// The types of numbers that safetensors files may hold here, by the format's names.
public enum SafetensorsType: String, CaseIterable, Codable, Sendable {
  /// IEEE 754 `Float`.
  case float32 = "F32"
  /// IEEE 754 `Double`.
  case float64 = "F64"
  /// IEEE 754 half precision; only for reading.
  case float16 = "F16"
  /// The upper half of a `Float`; only for reading.
  case bfloat16 = "BF16"
  /// `Int32`.
  case int32 = "I32"
  /// `Int64`.
  case int64 = "I64"

  /// Bytes of a number.
  package var size: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  /// Whether the numbers are floating-point ones.
  package var isFloatingPoint: Bool { self != .int32 && self != .int64 }

  /// The numbers in `bytes`, or `nil` where one does not fit `Element`.
  func decode<Element: SafetensorsElement>(_ bytes: [UInt8], as type: Element.Type) -> [Element]? {
    func decode<Stored: BitwiseCopyable>(_ stored: Stored.Type, _ convert: (Stored) -> Element?) -> [Element]? {
      bytes.withUnsafeBytes { bytes in
        var result: [Element] = []
        result.reserveCapacity(bytes.count / MemoryLayout<Stored>.size)
        for offset in stride(from: 0, to: bytes.count, by: MemoryLayout<Stored>.size) {
          guard let element = convert(bytes.loadUnaligned(fromByteOffset: offset, as: Stored.self)) else { return nil }
          result.append(element)
        }
        return result
      }
    }
    if self == Element.safetensorsType {
      let count = bytes.count / size
      // For none, the initialiser below would write to the empty array that all threads share.
      guard count > 0 else { return [] }
      return [Element](unsafeUninitializedCapacity: count) { elements, initialized in
        UnsafeMutableRawBufferPointer(elements).copyBytes(from: bytes)
        initialized = count
      }
    }
    switch self {
    case .float32: return decode(Float.self) { Element(safetensors: Double($0)) }
    case .float64: return decode(Double.self) { Element(safetensors: $0) }
    case .float16: return decode(UInt16.self) { Element(safetensors: Double(Float16(bitPattern: $0))) }
    case .bfloat16: return decode(UInt16.self) { Element(safetensors: Double(Float(bitPattern: UInt32($0) << 16))) }
    case .int32: return decode(Int32.self) { Element(safetensors: Int64($0)) }
    case .int64: return decode(Int64.self) { Element(safetensors: $0) }
    }
  }
}

/// A Swift type whose numbers safetensors files hold: `Float`, `Double`, `Int32` or `Int64`, and no other.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  /// Its name in the format.
  static var safetensorsType: SafetensorsType { get }
  /// The nearest number, or `nil` if this type holds no such numbers.
  init?(safetensors number: Double)
  /// The same number, or `nil` if this type does not hold it.
  init?(safetensors number: Int64)
}

extension SafetensorsElement where Self: BinaryFloatingPoint {
  /// The nearest number.
  public init?(safetensors number: Double) { self.init(number) }
  /// Nothing: integers do not turn into floating-point numbers unasked.
  public init?(safetensors number: Int64) { nil }
}

extension SafetensorsElement where Self: FixedWidthInteger {
  /// Nothing: floating-point numbers do not turn into integers unasked.
  public init?(safetensors number: Double) { nil }
  /// The same number if it fits.
  public init?(safetensors number: Int64) { self.init(exactly: number) }
}

extension Float: SafetensorsElement {
  /// F32.
  public static var safetensorsType: SafetensorsType { .float32 }
}
extension Double: SafetensorsElement {
  /// F64.
  public static var safetensorsType: SafetensorsType { .float64 }
}
extension Int32: SafetensorsElement {
  /// I32.
  public static var safetensorsType: SafetensorsType { .int32 }
}
extension Int64: SafetensorsElement {
  /// I64.
  public static var safetensorsType: SafetensorsType { .int64 }
}
