internal import FoundationEssentials
internal import Kernels

// What the files of models and of training runs share: JSON in the metadata, and errors about it.

extension SafetensorsFile {
  /// The parameters of `layout`, where the file holds exactly those, in floating point.
  func allParameters<Scalar: BLASScalar & SafetensorsElement>(
    _ layout: ParameterLayout, as _: Scalar.Type, allowsNonFinite: Bool
  ) throws(SafetensorsError) -> ParameterVector<Scalar> {
    for (tensor, entry) in tensors.sorted(by: { $0.key < $1.key }) {
      let context = SafetensorsErrorContext(file: name, tensor: tensor)
      guard layout[tensor] != nil else {
        throw context(.unknownTensor, "a tensor that the model does not have", "\(layout.entries.count) others")
      }
      guard entry.type.isFloatingPoint else {
        throw context(.elementType, entry.type.rawValue, "floating-point numbers")
      }
    }
    return try parameters(layout, allowsNonFinite: allowsNonFinite)
  }
}

extension SafetensorsErrorContext {
  /// Throws unless the metadata says exactly this.
  func check(
    _ metadata: [String: String], _ key: String, is wanted: String
  ) throws(SafetensorsError) {
    guard let found = metadata[key] else { throw self(.metadata, "no metadata \"\(key)\"", "\"\(wanted)\"") }
    guard found == wanted else { throw self(.metadata, "metadata \"\(key)\" that is \"\(found)\"", "\"\(wanted)\"") }
  }

  /// What the metadata holds as JSON, at most `limit` bytes.
  func decode<Value: Decodable>(
    _ metadata: [String: String], _ key: String, limit: Int = DecodingProblem.maxTextSize
  ) throws(SafetensorsError) -> Value {
    guard let text = metadata[key] else { throw self(.metadata, "no metadata \"\(key)\"", "JSON") }
    try check(text, key, limit: limit)
    do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch {
      throw self.metadata(key, error)
    }
  }

  /// Throws where `text` is too long for the metadata `key`.
  func check(_ text: String, _ key: String, limit: Int = DecodingProblem.maxTextSize) throws(SafetensorsError) {
    guard text.utf8.count <= limit else {
      throw self(.metadata, "metadata \"\(key)\" of \(text.utf8.count) bytes", "at most \(limit)")
    }
  }

  /// A count in `range` that the metadata holds in digits.
  func count(
    _ metadata: [String: String], _ key: String, in range: ClosedRange<Int>
  ) throws(SafetensorsError) -> Int {
    guard let text = metadata[key] else { throw self(.metadata, "no metadata \"\(key)\"", "a count") }
    guard let count = Int(text), range.contains(count) else {
      throw self(
        .metadata, "metadata \"\(key)\" that is \"\(text)\"", "\(range.lowerBound) to \(range.upperBound)")
    }
    return count
  }

  /// What is wrong with the metadata `key`, as `error` says.
  func metadata(_ key: String, _ error: any Error) -> SafetensorsError {
    let problem = DecodingProblem(error)
    return self(.metadata, "metadata \"\(key)\" with \(problem.found)", problem.wanted)
  }
}

/// `value` as JSON with sorted keys.
func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
    // Numbers that JSON lacks are refused where these values are made.
    fatalError("cannot write \(type(of: value)) as JSON: \(error)")
  }
}
