/// Takes the parts of a Python literal one after the other: as much of the syntax as the header of a `.npy` file has.
///
/// White space between the parts is skipped. Nothing is read ahead, nothing nests.
struct PythonLiteral {
  private var rest: ArraySlice<UInt8>
  private let file: String

  init(_ text: ArraySlice<UInt8>, file: String) {
    rest = text
    self.file = file
  }

  /// An error about the header.
  func error(_ reason: String) -> DataError { DataError(file: file, reason: "the header \(reason)") }

  /// An error about what comes next.
  private func unexpected(wanted: String) -> DataError {
    error(rest.isEmpty ? "ends where \(wanted) should be" : "has \(quotedRest) where \(wanted) should be")
  }

  /// What comes next, for an error.
  var quotedRest: String { quoted(String(decoding: afterWhiteSpace.prefix(200), as: UTF8.self)) }

  /// Takes `mark` if it comes next.
  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    skipWhiteSpace()
    guard rest.first == UInt8(ascii: mark) else { return false }
    rest.removeFirst()
    return true
  }

  /// Takes `mark`, which must come next.
  mutating func expect(_ mark: Unicode.Scalar) throws(DataError) {
    guard skip(mark) else { throw unexpected(wanted: "“\(mark)”") }
  }

  /// Throws unless nothing is left.
  mutating func expectEnd() throws(DataError) {
    skipWhiteSpace()
    guard rest.isEmpty else { throw unexpected(wanted: "its end") }
  }

  /// A string in single or double quotes, of printable ASCII and without escapes; `nil` where none begins here.
  mutating func stringIfPresent() throws(DataError) -> String? {
    skipWhiteSpace()
    guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
    let text = rest.dropFirst().prefix { $0 != quote }
    guard text.endIndex < rest.endIndex, text.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") })
    else { throw unexpected(wanted: "a plain string") }
    rest = rest[(text.endIndex + 1)...]
    return String(decoding: text, as: UTF8.self)
  }

  /// A string, which must come next.
  mutating func string() throws(DataError) -> String {
    guard let string = try stringIfPresent() else { throw unexpected(wanted: "a string") }
    return string
  }

  /// `True` or `False`.
  mutating func boolean() throws(DataError) -> Bool {
    skipWhiteSpace()
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
      rest = rest.dropFirst(word.utf8.count)
      return value
    }
    throw unexpected(wanted: "True or False")
  }

  /// A tuple of numbers that are not negative. One number alone needs a comma after it, as always in Python.
  mutating func sizes() throws(DataError) -> [Int] {
    try expect("(")
    var sizes: [Int] = []
    while !skip(")") {
      sizes.append(try size())
      guard skip(",") else {
        guard sizes.count > 1 else { throw unexpected(wanted: "a comma") }
        try expect(")")
        break
      }
    }
    return sizes
  }

  /// A number that is not negative. Python 2 put an L after some.
  private mutating func size() throws(DataError) -> Int {
    skipWhiteSpace()
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard !digits.isEmpty else { throw unexpected(wanted: "a whole number that is not negative") }
    guard let size = Int(String(decoding: digits, as: UTF8.self)) else {
      throw unexpected(wanted: "a number of at most 63 bits")
    }
    rest = rest[digits.endIndex...]
    if rest.first == UInt8(ascii: "L") { rest.removeFirst() }
    return size
  }

  private var afterWhiteSpace: ArraySlice<UInt8> {
    rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
  }

  private mutating func skipWhiteSpace() { rest = afterWhiteSpace }
}
