import Testing

import ArgumentParser
@testable import rnn

@Suite struct RNNTests {
  @Test func aCommandThatIsNotThereIsRefused() { #expect(throws: (any Error).self) { try RNN.parse(["fly"]) } }
}
