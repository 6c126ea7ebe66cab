import TestSupport
import Testing

@testable import Serving

@Suite struct BearerTokenTests {
  @Test func oneHeaderAloneIsAccepted() throws {
    let token = try BearerToken("abcabc")
    #expect(token.accepts("Bearer abcabc") && token.accepts("bearer abcabc"))
    let others = [
      nil, "", "Bearer", "Bearer ", "abcabc", "Bearer abc", "Bearer abcabcabc", "Bearer abcabcabcabc", "Bearer abcabd",
      "Bearer bbcabc", "Bearer  abcabc", "Basic abcabc", "Bearer abcabc ",
    ]
    for header in others { #expect(!token.accepts(header), "\(header ?? "none")") }
  }

  @Test func aFileHoldsOneLine() throws {
    let token = try withTemporaryFile(Array("secret\n".utf8)) { try BearerToken(contentsOf: $0) }
    #expect(token.accepts("Bearer secret"))
    for text in ["", "\n", "two\nlines", "with space", "ünicode"] {
      try withTemporaryFile(Array(text.utf8)) { path in
        #expect(throws: ServingError.self) { try BearerToken(contentsOf: path) }
      }
    }
    #expect(throws: ServingError.self) { try BearerToken(contentsOf: "/nowhere") }
  }
}
