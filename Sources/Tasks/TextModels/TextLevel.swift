/// What the tokens of a text are.
package enum TextLevel: String, CaseIterable, Codable, Sendable {
  /// Unicode scalars: lossless.
  case char
  /// Words, marks of punctuation and line ends. Blanks are not kept: ``text(of:)`` puts them where they usually are.
  case word

  /// The tokens of `text`.
  package func tokens(of text: String) -> [String] {
    switch self {
    case .char: return text.unicodeScalars.map { String($0) }
    case .word:
      var tokens: [String] = []
      var word = ""
      func isInner(_ scalar: Unicode.Scalar) -> Bool { scalar == "'" || scalar == "’" || scalar == "-" }
      let scalars = Array(text.unicodeScalars)
      for (index, scalar) in scalars.enumerated() {
        let isLetter = isPartOfWord(scalar)
        // An apostrophe or a hyphen between letters belongs to the word.
        let joins =
          isInner(scalar) && !word.isEmpty && index + 1 < scalars.count && isPartOfWord(scalars[index + 1])
        if isLetter || joins {
          word.unicodeScalars.append(scalar)
          continue
        }
        if !word.isEmpty { tokens.append(word) }
        word = ""
        if scalar == "\n" || !scalar.properties.isWhitespace { tokens.append(String(scalar)) }
      }
      return word.isEmpty ? tokens : tokens + [word]
    }
  }

  /// The text of `tokens`.
  package func text(of tokens: some Sequence<String>) -> String {
    switch self {
    case .char: return tokens.joined()
    case .word:
      var text = ""
      var isGlued = true
      for token in tokens {
        let first = token.unicodeScalars.first ?? " "
        if !isGlued, !Self.closing.contains(first), token != "\n" { text += " " }
        text += token
        isGlued = token == "\n" || Self.opening.contains(first)
      }
      return text
    }
  }

  /// The name of a token.
  package var unit: String {
    switch self {
    case .char: "character"
    case .word: "word"
    }
  }

  /// Marks before which there is no blank.
  private static let closing: Set<Unicode.Scalar> = [".", ",", ";", ":", "!", "?", ")", "]", "}", "”", "’", "%", "…"]
  /// Marks after which there is no blank.
  private static let opening: Set<Unicode.Scalar> = ["(", "[", "{", "“", "‘"]

  private func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .decimalNumber, .nonspacingMark, .spacingMark, .connectorPunctuation: return true
    default: return properties.isAlphabetic
    }
  }
}
