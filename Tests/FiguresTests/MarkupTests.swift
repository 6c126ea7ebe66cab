import TestSupport
import Testing

@testable import Figures

@Suite struct MarkupTests {
  @Test func textsAndAttributesComeBackAsTheyWere() throws {
    let hostile = "</text><script>\"alert('1')\"</script> & ]]> ä 漢 🙂"
    let text = Markup("a", ["b": hostile], [Markup("c", text: hostile)]).text
    let root = try parsedXML(text)
    #expect(root.name == "a")
    #expect(root.attributes["b"] == hostile)
    #expect(root.children.map(\.name) == ["c"])
    #expect(root.children[0].text == hostile)
  }

  @Test func whatXMLDoesNotAllowIsShownAsAPicture() throws {
    let text = Markup("a", text: "\u{0}\u{7}\u{1B}\u{7F}\u{FFFE}").text
    #expect(try parsedXML(text).text == "␀␇␛\u{FFFD}\u{FFFD}")
  }

  @Test func aTitleComesFirst() throws {
    let root = try parsedXML(Markup("a", [:], [Markup("b")]).titled("t").text)
    #expect(root.children.map(\.name) == ["title", "b"])
  }
}
