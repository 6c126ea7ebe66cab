internal import FoundationEssentials
internal import Kernels

// What the files of models and of training runs share: JSON in the metadata, and errors about it.

extension SafetensorsFile {
  /// The parameters of `layout`, where the file holds exactly those, in floating point.
  func allParameters<Scalar: BLASScalar & SafetensorsElement>(
    _ layout: ParameterLayout, as _: Scalar.Type
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
    return try parameters(layout)
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

  /// What the metadata holds as JSON.
  func decode<Value: Decodable>(
    _ metadata: [String: String], _ key: String
  ) throws(SafetensorsError) -> Value {
    guard let text = metadata[key] else { throw self(.metadata, "no metadata \"\(key)\"", "JSON") }
    do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch {
      throw self.metadata(key, error)
    }
  }

  /// What is wrong with the metadata `key`, as `error` says.
  func metadata(_ key: String, _ error: any Error) -> SafetensorsError {
    let (found, wanted): (String, String) =
      switch error {
      case let error as ConfigurationError: ("\(error.setting) that is \(error.found)", error.wanted)
      case DecodingError.keyNotFound(let missing, let context):
        ("no \"\(place(context.codingPath + [missing]))\"", "one")
      case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
        DecodingError.dataCorrupted(let context):
        ("\(place(context.codingPath)) that cannot be used (\(context.debugDescription))", "what a model can have")
      default: ("text that cannot be used (\(error))", "what a model can have")
      }
    return self(.metadata, "metadata \"\(key)\" with \(found)", wanted)
  }

  private func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "text" : path.map(\.stringValue).joined(separator: ".")
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
