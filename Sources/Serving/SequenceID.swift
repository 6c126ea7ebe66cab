/// What a client calls a session: a text, or an integer, which is the same as the text of its digits.
///
/// Two are the same where their bytes are, as with the names of files, and not by Unicode's canonical equivalence.
package struct SequenceID: Hashable, Sendable, CustomStringConvertible {
  /// 1 to ``maxBytes`` bytes of UTF-8.
  package let text: String

  /// The longest, in bytes: Triton's limit.
  static let maxBytes = 128

  /// `nil` where the text is empty or too long.
  init?(_ text: String) {
    guard 1...Self.maxBytes ~= text.utf8.count else { return nil }
    self.text = text
  }

  init(_ number: UInt64) { text = "\(number)" }

  package var description: String { text }

  package static func == (a: SequenceID, b: SequenceID) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  package func hash(into hasher: inout Hasher) { hasher.combine(Array(text.utf8)) }

  // MARK: - Files

  /// A file's name for it, whatever it is: plain ids are legible, and others in base 64 for URLs.
  var fileName: String {
    let isPlain = text.utf8.allSatisfy { Self.alphabet.contains($0) }
    return (isPlain ? "id-\(text)" : "b64-\(encoded)") + Self.fileExtension
  }

  /// The id whose ``fileName`` that is; `nil` where it is of none.
  init?(fileName: String) {
    guard fileName.hasSuffix(Self.fileExtension) else { return nil }
    let name = fileName.dropLast(Self.fileExtension.count)
    let text: String?
    if name.hasPrefix("id-") {
      text = String(name.dropFirst(3))
    } else if name.hasPrefix("b64-") {
      text = Self.decoded(name.dropFirst(4))
    } else {
      text = nil
    }
    guard let text, let id = SequenceID(text), id.fileName.utf8.elementsEqual(fileName.utf8) else { return nil }
    self = id
  }

  private static let fileExtension = ".safetensors"
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private var encoded: String {
    var digits: [UInt8] = []
    var (pending, bits) = (0, 0)
    for byte in text.utf8 {
      (pending, bits) = (pending << 8 | Int(byte), bits + 8)
      while bits >= 6 {
        bits -= 6
        digits.append(Self.alphabet[pending >> bits & 63])
      }
      pending &= 63
    }
    if bits > 0 { digits.append(Self.alphabet[pending << (6 - bits) & 63]) }
    return String(decoding: digits, as: UTF8.self)
  }

  private static func decoded(_ digits: Substring) -> String? {
    var bytes: [UInt8] = []
    var (pending, bits) = (0, 0)
    for digit in digits.utf8 {
      guard let value = alphabet.firstIndex(of: digit) else { return nil }
      (pending, bits) = (pending << 6 | value, bits + 6)
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
        pending &= 255
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
