import Testing

@testable import Serving

@Suite struct SequenceIDTests {
  @Test(arguments: [
    "1", "plain-id_7", "a/../b", "..", ".", "\u{0}", "ü", "id with spaces", String(repeating: "x", count: 128),
    String(repeating: "ü", count: 64), "B64-x", "b64-x", "A", "a",
  ])
  func aFileNameIsSafeAndGivesTheIDBack(_ text: String) throws {
    let id = try #require(SequenceID(text))
    #expect(SequenceID(fileName: id.fileName) == id)
    #expect(id.fileName.utf8.count <= 255 && !id.fileName.contains("/") && !id.fileName.hasPrefix("."))
  }

  @Test(arguments: [
    "", "id-", "id-a b.safetensors", "id-a", "x-a.safetensors", "b64-!!.safetensors", "b64-YQ.safetensors",
  ])
  func otherFileNamesAreOfNoID(_ name: String) { #expect(SequenceID(fileName: name) == nil) }

  @Test func idsAreTheSameWhereTheirBytesAre() throws {
    for (a, b) in [("\u{E9}", "e\u{301}"), ("K", "\u{212A}")] {
      try #require(a == b)
      let first = try #require(SequenceID(a))
      let again = try #require(SequenceID(a))
      let second = try #require(SequenceID(b))
      #expect(first != second && first.fileName != second.fileName)
      #expect(Set([first, second, again]).count == 2)
    }
  }

  @Test func anIntegerIsTheTextOfItsDigits() {
    #expect(SequenceID(UInt64.max) == SequenceID("18446744073709551615"))
    #expect(SequenceID("") == nil && SequenceID(String(repeating: "x", count: 129)) == nil)
  }
}
