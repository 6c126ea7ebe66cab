import Testing

@testable import Serving

@Suite struct JSONTextTests {
  private func skip(_ text: String) -> Int {
    statusOf { () throws(ServingError) in
      let bytes = Array(text.utf8)
      var json = JSONText(bytes, 0..<bytes.count)
      try json.skipValue()
      try json.expectEnd()
    }
  }

  @Test(arguments: [
    "{}", " [ ] ", "null", "true", "-0", "1.5e-7", "[1,[2,{\"a\":\"b\"}],null]", "\"\\u00e9\\n\"", "{\"a\":1,\"a\":2}",
  ])
  func whatIsJSONIsRead(_ text: String) { #expect(skip(text) == 200) }

  @Test(arguments: [
    "", "{", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-", "nul", "NaN", "\"",
    "\"\\x\"",
    "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "1 2", "]", "\u{FEFF}1", "'a'",
  ])
  func whatIsNoJSONIsRefused(_ text: String) { #expect(skip(text) == 400) }

  @Test func everyPrefixOfARequestIsRefused() {
    let text = Array("{\"inputs\":[{\"name\":\"a\\u00e9\",\"shape\":[1,2],\"x\":[true,null,-1.5e3]}]}".utf8)
    for end in 0..<text.count { #expect(skip(String(decoding: text[..<end], as: UTF8.self)) == 400) }
  }

  @Test func depthIsLimited() {
    let depth = 100_000
    #expect(skip(String(repeating: "[", count: depth)) == 400)
    #expect(skip(String(repeating: "{\"a\":", count: depth)) == 400)
    #expect(skip(String(repeating: "[", count: 31) + String(repeating: "]", count: 31)) == 200)
  }

  @Test func aTextIsReadAsItWasWritten() throws {
    for text in ["", "plain", "\"\\/\n\t\r\u{1}", "ünïcødé 🦊"] {
      let bytes = Array(jsonText(text).utf8)
      var json = JSONText(bytes, 0..<bytes.count)
      #expect(try json.readText() == text)
    }
    let pair = Array("\"\\ud83e\\udd8a\"".utf8)
    var json = JSONText(pair, 0..<pair.count)
    #expect(try json.readText() == "🦊")
  }
}
