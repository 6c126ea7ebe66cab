/// At most `limit` characters of `text`, none of which moves a cursor or breaks the line: what a file holds goes through here
/// before a terminal sees it.
package func printable(_ text: some StringProtocol, limit: Int) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(limit) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.dropFirst(limit).isEmpty ? result : result + "…"
}
