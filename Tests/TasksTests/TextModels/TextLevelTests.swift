import Testing

@testable import Tasks

@Suite struct TextLevelTests {
  @Test(arguments: ["", "Grüße, 世界!\n\n  two", "e\u{301}"])
  func charactersLoseNothing(_ text: String) {
    #expect(TextLevel.char.text(of: TextLevel.char.tokens(of: text)) == text)
  }

  @Test func wordsKeepTheirApostrophesAndHyphens() {
    #expect(
      TextLevel.word.tokens(of: "Don't “well-known”\nit's 3rd-rate, 'tis-")
        == ["Don't", "“", "well-known", "”", "\n", "it's", "3rd-rate", ",", "'", "tis", "-"])
  }

  @Test(arguments: ["One, two (three): four!\nFive; six…", "No.", "a\n\nb", "“Yes”, he said."])
  func blanksAreWhereTheyUsuallyAre(_ text: String) {
    #expect(TextLevel.word.text(of: TextLevel.word.tokens(of: text)) == text)
  }
}
