/// The numbers that a file may name, whoever wrote it: each has a range, so that nothing derived from it overflows. What lies
/// outside is an error that names the field, the number and the range.
package enum FileNumbers {
  /// The size of a part of a model. With these, and 1024 layers, no count of parameters overflows.
  package static let sizes = 1...1 << 22
  /// How often something happened or is there. Sums of a few of these do not overflow, and a `Double` holds each.
  package static let counts = 0...1 << 53
}

extension KeyedDecodingContainer {
  /// A number in `range`. NaN is in no range.
  package func decode<Number: Decodable & Comparable>(forKey key: Key, in range: ClosedRange<Number>) throws -> Number {
    try checked(try decode(Number.self, forKey: key), key.stringValue, range, key)
  }

  /// A number in `range`, or `nil` where there is none.
  package func decodeIfPresent<Number: Decodable & Comparable>(
    forKey key: Key, in range: ClosedRange<Number>
  ) throws -> Number? {
    guard let number = try decodeIfPresent(Number.self, forKey: key) else { return nil }
    return try checked(number, key.stringValue, range, key)
  }

  /// Numbers in `range`.
  package func decodeAll<Number: Decodable & Comparable>(
    forKey key: Key, in range: ClosedRange<Number>
  ) throws -> [Number] {
    let numbers = try decode([Number].self, forKey: key)
    for (index, number) in numbers.enumerated() {
      _ = try checked(number, "\(key.stringValue)[\(index)]", range, key)
    }
    return numbers
  }

  /// The size of a part of a model.
  package func decodeSize(forKey key: Key) throws -> Int { try decode(forKey: key, in: FileNumbers.sizes) }

  /// How often something happened or is there.
  package func decodeCount(forKey key: Key) throws -> Int { try decode(forKey: key, in: FileNumbers.counts) }

  private func checked<Number: Comparable>(
    _ number: Number, _ name: String, _ range: ClosedRange<Number>, _ key: Key
  ) throws -> Number {
    guard range.contains(number) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self,
        debugDescription: "\(name) is \(number); wanted \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

extension ClosedRange<Double> {
  /// All finite numbers.
  package static var finite: ClosedRange { -.greatestFiniteMagnitude ... .greatestFiniteMagnitude }
  /// All finite numbers that are not negative.
  package static var finiteAndNotNegative: ClosedRange { 0 ... .greatestFiniteMagnitude }
}
