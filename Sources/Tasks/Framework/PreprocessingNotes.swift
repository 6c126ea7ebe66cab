package import DataIO
internal import FoundationEssentials
package import Models

extension Preprocessing {
  /// Keeps `value` as JSON under `key`. The same value gives the same text.
  package mutating func setNote(_ key: String, _ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do { notes[key] = String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
      fatalError("cannot write \(type(of: value)) as JSON: \(error)")
    }
  }

  /// What ``setNote(_:_:)`` kept under `key`; `nil` where there is nothing.
  ///
  /// - Throws: `DataError` for `file` where the note is no `Value`.
  package func note<Value: Decodable>(
    _ key: String, as type: Value.Type = Value.self, file: String
  ) throws(DataError) -> Value? {
    guard let text = notes[key] else { return nil }
    guard text.utf8.count <= DecodingProblem.maxTextSize else {
      throw DataError(
        file: file,
        reason: "the note \(quoted(key)) has \(text.utf8.count) bytes, wanted at most \(DecodingProblem.maxTextSize)")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    do { return try decoder.decode(Value.self, from: Data(text.utf8)) } catch {
      let problem = DecodingProblem(error)
      throw DataError(file: file, reason: "the note \(quoted(key)) has \(problem.found), wanted \(problem.wanted)")
    }
  }
}
