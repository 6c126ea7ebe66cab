import Testing

@testable import Kernels

@Suite struct GatesTests {
  @Test func gatesComeInTheOrderOfTheirBlocks() {
    #expect(GRUGate.allCases.sorted() == [.reset, .update, .candidate])
    #expect(RecurrentCell.Kind.gru.gates == [.reset, .update, .candidate])
    #expect(RecurrentCell.Kind.lstm.gates == [.input, .forget, .candidate, .output])
    #expect(RecurrentCell.Kind.vanilla.gates == [.hidden])
    #expect(RecurrentCell.gru(inputSize: 3, hiddenSize: 5).parameters.map(\.rows) == [15, 15, 15, 15])
  }

  @Test func aRangeOfGatesIsTheRowsOfItsBlocks() {
    let range = ClosedRange<GRUGate>.init(uncheckedBounds: (.reset, .update))
    #expect(range.block(hiddenSize: 5) == 0..<10)
    #expect(ClosedRange<GRUGate>(uncheckedBounds: (.candidate, .candidate)).block(hiddenSize: 5) == 10..<15)
  }
}
