/// Reads JSON from bytes that are not trusted, value by value: nothing is built that the caller does not ask for, and the
/// depth is limited.
///
/// A value that is read later, or not at all, is skipped, which checks its syntax, and is a range of the bytes meanwhile.
struct JSONText {
  let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  /// How deep arrays and objects may lie in each other.
  private static let maxDepth = 32

  /// Reads the part of `bytes` in `range`.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// What the next value is, by its first byte.
  enum Kind { case object, array, text, number, literal }

  mutating func nextKind() throws(ServingError) -> Kind {
    switch try peek() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .text
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .literal
    default: throw unexpected("a value")
    }
  }

  /// Calls `member` with each key of an object; it must read or skip the value.
  mutating func readObject(
    _ member: (inout JSONText, String) throws(ServingError) -> Void
  ) throws(ServingError) {
    try expect(UInt8(ascii: "{"))
    guard try peek() != UInt8(ascii: "}") else { return position += 1 }
    while true {
      let key = try readText()
      try expect(UInt8(ascii: ":"))
      try member(&self, key)
      if try peek() == UInt8(ascii: "}") { return position += 1 }
      try expect(UInt8(ascii: ","))
    }
  }

  /// Calls `element` at each element of an array; it must read or skip it.
  mutating func readArray(_ element: (inout JSONText) throws(ServingError) -> Void) throws(ServingError) {
    try expect(UInt8(ascii: "["))
    guard try peek() != UInt8(ascii: "]") else { return position += 1 }
    while true {
      try element(&self)
      if try peek() == UInt8(ascii: "]") { return position += 1 }
      try expect(UInt8(ascii: ","))
    }
  }

  mutating func readText() throws(ServingError) -> String {
    try expect(UInt8(ascii: "\""))
    let start = position
    while position < end, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") { position += 1 }
    var text = Array(bytes[start..<position])
    while true {
      guard position < end else { throw unexpected("the end of a text") }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      try appendEscape(to: &text)
    }
    guard let result = String(validating: text, as: UTF8.self), text.allSatisfy({ $0 >= 0x20 }) || hasEscapes(start)
    else {
      throw .badRequest("a text in the JSON is no UTF-8 or holds control characters")
    }
    return result
  }

  /// Whether the text that began at `start` and ended just now had escapes, which may stand for control characters.
  private func hasEscapes(_ start: Int) -> Bool {
    bytes[start..<position].contains(UInt8(ascii: "\\")) && bytes[start..<position].allSatisfy { $0 >= 0x20 }
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(ServingError) {
    guard position < end else { throw unexpected("the end of a text") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try readHexadecimal()
      if 0xD800..<0xDC00 ~= code {
        guard end - position >= 2, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else {
          throw .badRequest("half of a surrogate pair in the JSON")
        }
        position += 2
        let low = try readHexadecimal()
        guard 0xDC00..<0xE000 ~= low else { throw .badRequest("half of a surrogate pair in the JSON") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw .badRequest("half of a surrogate pair in the JSON") }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw .badRequest("an unknown escape in a text of the JSON")
    }
  }

  private mutating func readHexadecimal() throws(ServingError) -> UInt32 {
    guard end - position >= 4,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw .badRequest("an unknown escape in a text of the JSON") }
    position += 4
    return code
  }

  /// The characters of a number.
  mutating func readNumber() throws(ServingError) -> Range<Int> {
    _ = try peek()
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let digits = try skipDigits()
    if bytes[digits.lowerBound] == UInt8(ascii: "0"), digits.count > 1 {
      throw unexpected("a number without zeros before it")
    }
    if position < end, bytes[position] == UInt8(ascii: ".") {
      position += 1
      _ = try skipDigits()
    }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
      _ = try skipDigits()
    }
    return start..<position
  }

  private mutating func skipDigits() throws(ServingError) -> Range<Int> {
    let start = position
    while position < end, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
    guard position > start else { throw unexpected("a digit") }
    return start..<position
  }

  /// An integer that `Int64` or `UInt64` holds, in digits alone.
  mutating func readInteger<Integer: FixedWidthInteger>(
    _ what: String, as type: Integer.Type = Integer.self
  ) throws(ServingError) -> Integer {
    guard try nextKind() == .number else { throw .badRequest("\(what) is no integer") }
    let text = String(decoding: bytes[try readNumber()], as: UTF8.self)
    guard let value = Integer(text) else { throw .badRequest("\(what) is \(quoted(text)), no integer that fits") }
    return value
  }

  mutating func readBoolean(_ what: String) throws(ServingError) -> Bool {
    guard try nextKind() == .literal else { throw .badRequest("\(what) is neither true nor false") }
    switch try readLiteral() {
    case "true": return true
    case "false": return false
    default: throw .badRequest("\(what) is neither true nor false")
    }
  }

  private mutating func readLiteral() throws(ServingError) -> String {
    _ = try peek()
    for literal in ["true", "false", "null"]
    where end - position >= literal.utf8.count
      && bytes[position..<position + literal.utf8.count].elementsEqual(literal.utf8)
    {
      position += literal.utf8.count
      return literal
    }
    throw unexpected("a value")
  }

  /// Skips a value, and gives the bytes that it is.
  @discardableResult
  mutating func skipValue(depth: Int = 0) throws(ServingError) -> Range<Int> {
    guard depth < Self.maxDepth else { throw .badRequest("the JSON is nested deeper than \(Self.maxDepth)") }
    let kind = try nextKind()
    let start = position
    switch kind {
    case .object: try readObject { (json, _) throws(ServingError) in try json.skipValue(depth: depth + 1) }
    case .array: try readArray { json throws(ServingError) in try json.skipValue(depth: depth + 1) }
    case .text: _ = try readText()
    case .number: _ = try readNumber()
    case .literal: _ = try readLiteral()
    }
    return start..<position
  }

  /// Throws where something follows.
  mutating func expectEnd() throws(ServingError) {
    skipSpace()
    guard position == end else { throw unexpected("the end of the JSON") }
  }

  private mutating func skipSpace() {
    while position < end {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func peek() throws(ServingError) -> UInt8 {
    skipSpace()
    guard position < end else { throw .badRequest("the JSON ends in the middle") }
    return bytes[position]
  }

  private mutating func expect(_ byte: UInt8) throws(ServingError) {
    guard try peek() == byte else { throw unexpected("'\(Character(Unicode.Scalar(byte)))'") }
    position += 1
  }

  private func unexpected(_ wanted: String) -> ServingError {
    guard position < end else { return .badRequest("the JSON ends where \(wanted) should be") }
    return .badRequest("the JSON has no \(wanted) at byte \(position)")
  }
}

/// `text` as a text of JSON, with its quotation marks.
func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case let scalar where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
