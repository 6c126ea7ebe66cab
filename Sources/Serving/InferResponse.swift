/// The answer to an inference request: one output of FP32.
struct InferResponse {
  let modelName: String
  let modelVersion: String
  /// The request's.
  let id: String?
  /// The session's steps after the request; `nil` without a session.
  let sequence: (id: SequenceID, steps: Int)?
  let name: String
  let shape: [Int]
  /// As many as the shape says.
  let numbers: [Float]

  /// A number and its comma in JSON, at most: a sign, nine digits, a point, and `e-38` or zeros before the digits.
  static let maxTextBytesPerNumber = 16

  /// The body, and the bytes of its JSON where binary data follow. Numbers that JSON does not have are `null` in JSON.
  func body(isBinary: Bool) -> (bytes: [UInt8], headerLength: Int?) {
    var json = "{\"model_name\":\(jsonText(modelName)),\"model_version\":\(jsonText(modelVersion))"
    if let id { json += ",\"id\":\(jsonText(id))" }
    if let sequence {
      json += ",\"parameters\":{\"sequence_id\":\(jsonText(sequence.id.text)),\"sequence_steps\":\(sequence.steps)}"
    }
    json += ",\"outputs\":[{\"name\":\(jsonText(name)),\"datatype\":\"FP32\",\"shape\":["
    json += shape.map(String.init).joined(separator: ",") + "]"
    guard !isBinary else {
      json += ",\"parameters\":{\"binary_data_size\":\(4 * numbers.count)}}]}"
      var bytes = Array(json.utf8)
      let headerLength = bytes.count
      bytes.reserveCapacity(headerLength + 4 * numbers.count)
      for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
      return (bytes, headerLength)
    }
    json += ",\"data\":["
    for (index, number) in numbers.enumerated() {
      if index > 0 { json += "," }
      json += number.isFinite ? number.description : "null"
    }
    json += "]}]}"
    return (Array(json.utf8), nil)
  }
}
