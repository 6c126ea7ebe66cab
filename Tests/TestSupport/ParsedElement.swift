import Foundation
import FoundationXML

/// An element that a test reads.
package struct ParsedElement: Sendable {
  package var name: String
  package var attributes: [String: String]
  package var children: [ParsedElement] = []
  /// The text directly in it, without that of children.
  package var text = ""

  /// It and everything below it, in the order of the document.
  package var descendants: [ParsedElement] { [self] + children.flatMap(\.descendants) }

  /// The text of all `title` elements.
  package var titles: [String] { descendants.filter { $0.name == "title" }.map(\.text) }

  /// The text of all `text` elements.
  package var texts: [String] { descendants.filter { $0.name == "text" }.map(\.text) }
}

/// Why a text is no XML.
package struct XMLFault: Error, CustomStringConvertible {
  package let description: String
}

/// The root of `text`; throws where it is not well-formed.
package func parsedXML(_ text: String) throws -> ParsedElement {
  let reader = XMLReader()
  let parser = XMLParser(data: Data(text.utf8))
  parser.delegate = reader
  guard parser.parse(), let root = reader.root else {
    throw XMLFault(
      description:
        "line \(parser.lineNumber), column \(parser.columnNumber): \(parser.parserError.map { "\($0)" } ?? "")")
  }
  return root
}

private final class XMLReader: NSObject, XMLParserDelegate {
  var root: ParsedElement?
  private var open: [ParsedElement] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(ParsedElement(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += text
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    guard let element = open.popLast() else { return }
    if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
  }
}
