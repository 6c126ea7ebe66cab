#if Tools
import ArgumentParser
import TestSupport
import Testing

@testable import rnn

@Suite struct RNNTests {
  @Test func aCommandThatIsNotThereIsRefused() { #expect(throws: (any Error).self) { try RNN.parse(["fly"]) } }

  @Test func theVersionIsTheChangelogsFirst() throws {
    let answer = #expect(throws: (any Error).self) { try RNN.parseAsRoot(["--version"]) }
    #expect(try RNN.message(for: #require(answer)) == Changelog.firstVersion())
  }
}
#endif
