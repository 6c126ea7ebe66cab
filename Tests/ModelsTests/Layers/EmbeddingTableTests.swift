import Kernels
import Models
import TestSupport
import Testing

@Suite struct EmbeddingTableTests {
  private let tokens = PackedSequence<Int32>([[6, 2, 2], [], [0, 2, 5, 6]])

  private func embedding() throws -> Embedding<Double> {
    Embedding(try EmbeddingTable(vocabularySize: 7, dimension: 3), seed: 2)
  }

  @Test func everyTokenGivesItsRow() throws {
    let embedding = try embedding()
    let features = embedding(tokens)
    let table = embedding.parameters["weight"]
    #expect(features.layout == tokens.layout)
    for (b, sequence) in features.sequences.enumerated() {
      let indices = tokens.sequence(b).elements.map { Int($0) }
      #expect(sequence == (indices.isEmpty ? .zeros(rows: 0, columns: 3) : table.selectingRows(indices)))
    }
  }

  @Test func theGradientOfARowIsTheSumOverItsTokens() throws {
    let embedding = try embedding()
    var generator = SeededGenerator(seed: 4)
    let dOutputs = PackedSequence(
      layout: tokens.layout, rows: Matrix<Double>.random(rows: 7, columns: 3, from: &generator))
    func loss(_ table: Matrix<Double>) -> Double {
      var moved = embedding
      moved.parameters["weight"] = table
      return zip(moved(tokens).rows.elements, dOutputs.rows.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let wanted = centralDifferences(at: embedding.parameters["weight"], of: loss)
    var gradient = ParameterVector<Double>.zeros(embedding.parameters.layout)
    embedding.backward(tokens, dOutputs: dOutputs, accumulatingInto: &gradient)
    #expect(maximumRelativeDifference(gradient["weight"], wanted) < Tolerance.finiteDifference)
    #expect(gradient["weight"].row(1) == [0, 0, 0] && gradient["weight"].row(3) == [0, 0, 0])

    let once = gradient
    embedding.backward(tokens, dOutputs: dOutputs, accumulatingInto: &gradient)
    gradient.add(once, scaledBy: -2)
    #expect(gradient.norm <= once.norm * Tolerance.operations(3, Double.self))
  }

  @Test func sizesThatCannotBeAreAnError() {
    #expect(throws: ConfigurationError(setting: "vocabularySize", found: "0", wanted: "at least 1")) {
      try EmbeddingTable(vocabularySize: 0, dimension: 3)
    }
    #expect(throws: ConfigurationError(setting: "dimension", found: "-1", wanted: "at least 1")) {
      try EmbeddingTable(vocabularySize: 7, dimension: -1)
    }
  }
}
