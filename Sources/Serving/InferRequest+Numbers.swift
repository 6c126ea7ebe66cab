/// The numbers of an input.
extension InferRequest.RequestedInput {
  /// Finite numbers, of the datatype FP32.
  func floats(_ bytes: [UInt8]) throws(ServingError) -> [Float] {
    guard datatype == "FP32" else { throw wrongType("FP32") }
    let numbers: [Float]
    switch data {
    case .json(let range):
      numbers = try elements(bytes, range) { (text, bytes) throws(ServingError) in try number(text, bytes) }
    case .binary(let range):
      try checkSize(range, 4)
      numbers = bytes.withUnsafeBytes { all in
        (0..<count).map {
          Float(
            bitPattern: UInt32(
              littleEndian: all.loadUnaligned(fromByteOffset: range.lowerBound + 4 * $0, as: UInt32.self)))
        }
      }
    }
    guard numbers.allSatisfy(\.isFinite) else {
      throw .badRequest("input \(quoted(name)) holds a number that is infinite, NaN or too large for FP32")
    }
    return numbers
  }

  /// Tokens, of the datatype INT32 or INT64. Whether the model knows them is not checked.
  func tokens(_ bytes: [UInt8]) throws(ServingError) -> [Int32] {
    guard datatype == "INT32" || datatype == "INT64" else { throw wrongType("INT32 or INT64") }
    switch data {
    case .json(let range):
      return try elements(bytes, range) { (text, bytes) throws(ServingError) in
        try token(Int64(String(decoding: bytes[text], as: UTF8.self)))
      }
    case .binary(let range):
      let width = datatype == "INT32" ? 4 : 8
      try checkSize(range, width)
      var tokens: [Int32] = []
      tokens.reserveCapacity(count)
      for index in 0..<count {
        let offset = range.lowerBound + width * index
        tokens.append(
          try token(
            bytes.withUnsafeBytes {
              width == 4
                ? Int64(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
                : Int64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int64.self))
            }))
      }
      return tokens
    }
  }

  private func wrongType(_ wanted: String) -> ServingError {
    .badRequest("input \(quoted(name)) has the datatype \(quoted(datatype)), and the model reads \(wanted)")
  }

  private func checkSize(_ range: Range<Int>, _ width: Int) throws(ServingError) {
    guard range.count == width * count else {
      throw .badRequest("input \(quoted(name)) has \(range.count) bytes, and its shape \(shape) needs \(width * count)")
    }
  }

  private func token(_ value: Int64?) throws(ServingError) -> Int32 {
    guard let value, let token = Int32(exactly: value) else {
      throw .badRequest("input \(quoted(name)) holds what is no token")
    }
    return token
  }

  /// The elements of a JSON array, whether it is flat or nested as the shape says.
  private func elements<Element>(
    _ bytes: [UInt8], _ range: Range<Int>, _ element: (Range<Int>, [UInt8]) throws(ServingError) -> Element
  ) throws(ServingError) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(count)
    var json = JSONText(bytes, range)
    try append(&json, to: &result, element)
    guard result.count == count else { throw wrongCount("\(result.count)") }
    return result
  }

  private func append<Element>(
    _ json: inout JSONText, to result: inout [Element],
    _ element: (Range<Int>, [UInt8]) throws(ServingError) -> Element
  ) throws(ServingError) {
    try json.readArray { json throws(ServingError) in
      switch try json.nextKind() {
      case .array: try append(&json, to: &result, element)
      case .number:
        guard result.count < count else { throw wrongCount("more") }
        result.append(try element(try json.readNumber(), json.bytes))
      default: throw .badRequest("input \(quoted(name)) holds what is no number")
      }
    }
  }

  private func wrongCount(_ found: String) -> ServingError {
    .badRequest("input \(quoted(name)) has \(found) numbers, and its shape \(shape) needs \(count)")
  }

  private func number(_ range: Range<Int>, _ bytes: [UInt8]) throws(ServingError) -> Float {
    if let number = exactFloat(bytes[range]) { return number }
    guard let number = Float(String(decoding: bytes[range], as: UTF8.self)) else {
      throw .badRequest("input \(quoted(name)) holds what is no number")
    }
    return number
  }
}

/// The number whose digits these are where one correctly rounded operation gives it (Clinger 1990): at most 2²⁴ without
/// point and exponent, and up to 10 places after the point.
func exactFloat(_ text: ArraySlice<UInt8>) -> Float? {
  var (digits, places) = (UInt32(0), -1)
  var rest = text
  let isNegative = rest.first == UInt8(ascii: "-")
  if isNegative { rest = rest.dropFirst() }
  for byte in rest {
    if byte == UInt8(ascii: ".") {
      places = 0
    } else {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      digits = digits * 10 + UInt32(byte - UInt8(ascii: "0"))
      guard digits <= 1 << 24 else { return nil }
      if places >= 0 { places += 1 }
    }
  }
  guard places <= 10 else { return nil }
  let magnitude = Float(digits) / powersOfTen[max(places, 0)]
  return isNegative ? -magnitude : magnitude
}

/// 10⁰ to 10¹⁰, which `Float` holds exactly.
private let powersOfTen: [Float] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]
