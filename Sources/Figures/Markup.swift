/// An element of an XML document and its contents, written well-formed whatever its attributes and texts hold.
struct Markup {
  private enum Child {
    case element(Markup)
    case text(String)
  }

  private let name: String
  private var attributes: [(name: String, value: String)]
  private var children: [Child] = []

  /// An element; `name` is not escaped.
  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String? = nil) {
    self.name = name
    self.attributes = attributes.map { ($0.key, $0.value) }
    if let text { children.append(.text(text)) }
  }

  init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup]) {
    self.init(name, attributes)
    self.children = children.map(Child.element)
  }

  /// The same element with one more attribute.
  func with(_ name: String, _ value: String) -> Markup {
    var copy = self
    copy.attributes.append((name, value))
    return copy
  }

  /// The same element with a title, which browsers show where the mouse rests.
  func titled(_ title: String) -> Markup {
    var copy = self
    copy.children.insert(.element(Markup("title", text: title)), at: 0)
    return copy
  }

  var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    text += "<\(name)"
    for attribute in attributes { text += " \(attribute.name)=\"\(escapedForXML(attribute.value))\"" }
    guard !children.isEmpty else {
      text += "/>"
      return
    }
    text += ">"
    for child in children {
      switch child {
      case .element(let element): element.write(to: &text)
      case .text(let content): text += escapedForXML(content)
      }
    }
    text += "</\(name)>"
  }
}

/// `text` for the content of an XML or HTML element, or for an attribute in double quotes. Characters that XML does not
/// allow at all are shown as their pictures, `␇`, or as `�`.
package func escapedForXML(_ text: some StringProtocol) -> String {
  var result = ""
  result.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
    case "\u{0}"..."\u{1F}": result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
    case "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
