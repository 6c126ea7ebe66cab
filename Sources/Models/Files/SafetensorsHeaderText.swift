/// Takes the parts of a safetensors header one after the other: as much of JSON as the format has, which are objects, strings
/// and arrays of whole numbers.
///
/// White space between the parts is skipped. Nothing nests but what the caller asks for.
struct SafetensorsHeaderText {
  private let text: [UInt8]
  private var position = 0
  private let context: SafetensorsErrorContext

  init(_ text: [UInt8], _ context: SafetensorsErrorContext) {
    self.text = text
    self.context = context
  }

  /// What stands behind a name in an entry.
  enum Field: Equatable {
    case text(String)
    case numbers([Int])
    /// Something else, which was skipped.
    case other
  }

  /// Takes an object: calls `body` with each name, for it to take what stands behind.
  mutating func object(
    _ body: (_ name: String, inout SafetensorsHeaderText) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    if skip("}") { return }
    repeat {
      let name = try string()
      try expect(":")
      try body(name, &self)
    } while skip(",")
    try expect("}")
  }

  /// Takes an object, or returns `false` where something else comes next, which is taken.
  mutating func objectIfPresent(
    _ body: (_ name: String, inout SafetensorsHeaderText) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) -> Bool {
    guard next == UInt8(ascii: "{") else {
      _ = try field()
      return false
    }
    try object(body)
    return true
  }

  /// Takes a string, a number or an array of them.
  mutating func field() throws(SafetensorsError) -> Field {
    switch next {
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "["):
      position += 1
      var numbers: [Int] = []
      var areAllNumbers = true
      if skip("]") { return .numbers([]) }
      repeat {
        if next == UInt8(ascii: "\"") {
          _ = try string()
          areAllNumbers = false
        } else if let number = try number() {
          numbers.append(number)
        } else {
          areAllNumbers = false
        }
      } while skip(",")
      try expect("]")
      return areAllNumbers ? .numbers(numbers) : .other
    default:
      _ = try number()
      return .other
    }
  }

  /// Throws unless nothing is left.
  mutating func expectEnd() throws(SafetensorsError) {
    guard next == nil else { throw unexpected(wanted: "its end") }
  }

  private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ mark: Unicode.Scalar) throws(SafetensorsError) {
    guard skip(mark) else { throw unexpected(wanted: "\(mark)") }
  }

  /// The next byte that is no white space, which is skipped; `nil` at the end.
  private var next: UInt8? {
    mutating get {
      while position < text.count {
        switch text[position] {
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
        case let byte: return byte
        }
      }
      return nil
    }
  }

  /// A whole number in digits alone, without zeros before it; `nil` for one with them or one too large.
  private mutating func number() throws(SafetensorsError) -> Int? {
    guard let first = next, isDigit(first) else { throw unexpected(wanted: "a whole number in digits") }
    let start = position
    var value: Int? = 0
    while position < text.count, isDigit(text[position]) {
      let digit = Int(text[position] - UInt8(ascii: "0"))
      value = value.flatMap { value in
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(digit)
        return overflow || carry ? nil : sum
      }
      position += 1
    }
    return position - start > 1 && first == UInt8(ascii: "0") ? nil : value
  }

  private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  /// A string, its escapes resolved: two spellings of one name are one name.
  private mutating func string() throws(SafetensorsError) -> String {
    try expect("\"")
    var bytes: [UInt8] = []
    var start = position
    while position < text.count {
      let byte = text[position]
      guard byte >= 0x20 else { throw unexpected(wanted: "no control character in a string") }
      if byte == UInt8(ascii: "\"") {
        let rest = text[start..<position]
        position += 1
        guard let string = String(validating: bytes.isEmpty ? rest : bytes[...] + rest, as: UTF8.self) else {
          throw context(.headerText, "a header that is not UTF-8", "UTF-8")
        }
        return string
      }
      if byte == UInt8(ascii: "\\") {
        bytes += text[start..<position]
        bytes += String(try escape()).utf8
        start = position
      } else {
        position += 1
      }
    }
    throw unexpected(wanted: "the end of a string")
  }

  /// What an escape stands for, from its backslash on.
  private mutating func escape() throws(SafetensorsError) -> Unicode.Scalar {
    guard position + 1 < text.count else { throw unexpected(wanted: "an escape") }
    let scalar: Unicode.Scalar? =
      switch text[position + 1] {
      case UInt8(ascii: "\""): "\""
      case UInt8(ascii: "\\"): "\\"
      case UInt8(ascii: "/"): "/"
      case UInt8(ascii: "b"): "\u{8}"
      case UInt8(ascii: "f"): "\u{c}"
      case UInt8(ascii: "n"): "\n"
      case UInt8(ascii: "r"): "\r"
      case UInt8(ascii: "t"): "\t"
      default: nil
      }
    if let scalar {
      position += 2
      return scalar
    }
    let first = try codeUnit()
    guard UTF16.isLeadSurrogate(first) else {
      guard let scalar = Unicode.Scalar(first) else { throw unexpected(wanted: "a whole surrogate pair") }
      return scalar
    }
    let second = try codeUnit()
    let value = 0x1_0000 + UInt32(first - 0xD800) << 10 + UInt32(second & 0x3FF)
    guard UTF16.isTrailSurrogate(second), let scalar = Unicode.Scalar(value) else {
      throw unexpected(wanted: "a whole surrogate pair")
    }
    return scalar
  }

  /// The number in `\u0061`.
  private mutating func codeUnit() throws(SafetensorsError) -> UInt16 {
    let digits = text[min(position + 2, text.count)...].prefix(4)
    guard position + 6 <= text.count, text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u"),
      digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw unexpected(wanted: "an escape of JSON") }
    position += 6
    return unit
  }

  /// An error about what comes next.
  private mutating func unexpected(wanted: String) -> SafetensorsError {
    let rest = String(decoding: text[min(position, text.count)...].prefix(16), as: UTF8.self)
    return context(.headerText, rest.isEmpty ? "a header that ends early" : "“\(rest)” in the header", wanted)
  }
}
