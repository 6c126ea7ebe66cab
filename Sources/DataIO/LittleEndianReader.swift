/// Takes numbers and runs of bytes one after the other from the front of a record.
struct LittleEndianReader {
  /// What has not been taken yet.
  private(set) var remaining: ArraySlice<UInt8>
  private let exhausted: DataError

  /// Reads `bytes`; `exhausted` is thrown where there are fewer of them than asked for.
  init(_ bytes: ArraySlice<UInt8>, exhausted: DataError) {
    remaining = bytes
    self.exhausted = exhausted
  }

  /// Whether nothing is left.
  var isAtEnd: Bool { remaining.isEmpty }

  /// The next number, its lowest byte first.
  mutating func next<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type = Value.self
  ) throws(DataError) -> Value {
    try take(MemoryLayout<Value>.size).reversed().reduce(0) { $0 << 8 | Value($1) }
  }

  /// The next `count` bytes.
  mutating func take(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
    guard count <= remaining.count else { throw exhausted }
    defer { remaining = remaining.dropFirst(count) }
    return remaining.prefix(count)
  }

  /// A reader of the next `count` bytes, which says the same where they are exhausted.
  mutating func part(_ count: Int) throws(DataError) -> LittleEndianReader {
    LittleEndianReader(try take(count), exhausted: exhausted)
  }
}

extension [UInt8] {
  /// Appends `value`, its lowest byte first.
  mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
