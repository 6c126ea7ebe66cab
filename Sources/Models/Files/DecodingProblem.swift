/// What is wrong with JSON from a file that is not trusted, in words for an error message.
package struct DecodingProblem {
  /// What is there.
  package let found: String
  /// What should be.
  package let wanted: String

  /// The limit on a text of JSON in bytes: a decoder takes some twenty-five times as much.
  package static let maxTextSize = 1 << 24
  /// The limit where nearly all of the text is numbers, such as the losses of a million epochs.
  static let maxNumbersSize = 3 << 24

  /// The words for `error`, which decoding threw.
  package init(_ error: any Error) {
    (found, wanted) =
      switch error {
      case let error as ConfigurationError: ("\(error.setting) that is \(error.found)", error.wanted)
      case DecodingError.keyNotFound(let missing, let context):
        ("no \"\(Self.place(context.codingPath + [missing]))\"", "one")
      case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
        DecodingError.dataCorrupted(let context):
        ("\(Self.place(context.codingPath)) that cannot be used (\(context.debugDescription))", "what a model can have")
      default: ("text that cannot be used (\(error))", "what a model can have")
      }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "text" : path.map(\.stringValue).joined(separator: ".")
  }
}
