import Kernels
import Models
import Testing

@Suite struct SequenceExamplesTests {
  @Test func aBatchHoldsTheChosenExamplesInTheirOrder() throws {
    let examples = try SequenceExamples<Float>(
      inputs: .features([
        Matrix([[1, 2]]), Matrix([[3, 4], [5, 6], [7, 8]]), .zeros(rows: 0, columns: 2), Matrix([[9, 10], [11, 12]]),
      ]),
      targets: .finalValues([[1, 0, 0], [2, 0, 0], [3, 0, 0], [4, 0, 0]]))
    #expect(examples.lengths == [1, 3, 0, 2])
    let batch = examples.batch([3, 2, 1])
    guard case .features(let inputs) = batch.inputs, case .finalValues(let targets) = batch.targets else {
      Issue.record("a batch of another kind")
      return
    }
    #expect(inputs.layout.lengths == [2, 0, 3])
    #expect(inputs.sequence(0) == Matrix([[9, 10], [11, 12]]) && inputs.sequence(2).row(2) == [7, 8])
    #expect(targets == Matrix([[4, 0, 0], [3, 0, 0], [2, 0, 0]]))
    #expect(batch.initialState == nil)
  }

  @Test func tokensAndClassesAreBatchedAlike() throws {
    let examples = try SequenceExamples<Double>(
      inputs: .tokens([[5], [1, 2, 3], []]), targets: .classes([[-1], [0, 1, -1], []]))
    let batch = examples.batch([1, 2])
    guard case .tokens(let tokens) = batch.inputs, case .classes(let classes) = batch.targets else {
      Issue.record("a batch of another kind")
      return
    }
    #expect(tokens.sequences.map(\.elements) == [[1, 2, 3], []])
    #expect(classes.sequences.map(\.elements) == [[0, 1, -1], []])
  }

  @Test func aWindowOfABatchKeepsTheOrderOfItsSequences() {
    let inputs = SequenceInputs<Double>.tokens(PackedSequence([[1], [2, 3, 4, 5], [], [6, 7, 8]]))
    guard case .tokens(let window) = inputs.steps(1..<3) else { return }
    #expect(window.sequences.map(\.elements) == [[], [3, 4], [], [7, 8]])
  }
}
