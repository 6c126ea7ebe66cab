internal import FoundationEssentials

/// JSON of any form, from a file that may be hostile.
enum JSONValue: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Levels of nested arrays and objects: a Keras model needs about 16, and the reader is recursive.
  static let maxDepth = 64

  /// The limit on a text in bytes: a layer takes some thousand, and a decoder a hundred times as much as the text.
  static let maxSize = 1 << 20

  /// The value in `bytes`; `nil` where they are no JSON or nested deeper than ``maxDepth``.
  init?(_ bytes: [UInt8]) {
    guard Self.depth(of: bytes) <= Self.maxDepth, String(validating: bytes, as: UTF8.self) != nil,
      let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    else { return nil }
    self = value
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  private static func depth(of bytes: [UInt8]) -> Int {
    var (depth, maximum, isInString, isEscaped) = (0, 0, false, false)
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        maximum = max(maximum, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return maximum
  }

  /// The value of a key; `nil` where this is no object or has no such key.
  subscript(key: String) -> JSONValue? { if case .object(let fields) = self { fields[key] } else { nil } }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  /// Every object in it, at any depth, itself included.
  var objects: [[String: JSONValue]] {
    switch self {
    case .array(let elements): elements.flatMap(\.objects)
    case .object(let fields): [fields] + fields.values.flatMap(\.objects)
    default: []
    }
  }
}
