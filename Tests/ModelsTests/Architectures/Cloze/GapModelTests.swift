import Kernels
import Models
import TestSupport
import Testing

@Suite struct GapModelTests {
  /// Five tokens of six features; two sequences of different lengths and one without a gap.
  private static func model(
    _ kind: RecurrentCell.Kind = .lstm, layers: Int = 1, dropout: Double = 0
  ) throws -> GapModel<Double> {
    try GapModel(
      GapArchitecture(
        embedding: EmbeddingTable(vocabularySize: 5, dimension: 6),
        recurrent: RecurrentStack(
          RecurrentCell(kind, inputSize: 6, hiddenSize: 7), layers: layers,
          recurrentDropout: dropout),
        dropout: dropout), scheme: .pyTorch(hiddenSize: 3), seed: 3)
  }

  private static let sequences: [[Int32]] = [[1, 3, 2], [1, 4, 0, 3, 3, 2], [1, 2]]

  @Test(arguments: [(RecurrentCell.Kind.lstm, 1, 0.0), (.gru, 2, 0), (.lstm, 1, 0.4)])
  func gradientMatchesFiniteDifferences(_ kind: RecurrentCell.Kind, layers: Int, dropout: Double) throws {
    let batch = GapExamples(Self.sequences, unknown: 0).batch([1, 0, 2])
    let check = try Self.model(kind, layers: layers, dropout: dropout).checkGradient(on: batch, atMost: 20, seed: 5)
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test func theGradientIsAddedToWhatIsThere() throws {
    let model = try Self.model()
    let batch = GapExamples(Self.sequences, unknown: 0).batch([0, 1])
    var (tape, once) = (model.makeTape(seed: 0), ParameterVector<Double>.zeros(model.parameters.layout))
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &once)
    var twice = once
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &twice)
    twice.add(once, scaledBy: -2)
    #expect(twice.norm <= once.norm * Tolerance.operations(4, Double.self))
  }

  @Test func aGapDoesNotSeeItsOwnTokenAndSeesAllOthers() throws {
    let model = try Self.model(layers: 2)
    let sequence: [Int32] = [1, 4, 0, 3, 4, 2]
    let logits = model(PackedSequence([sequence])).sequence(0)
    #expect(logits.rows == 4 && logits.columns == 5)
    for place in sequence.indices {
      var changed = sequence
      changed[place] = (sequence[place] + 1) % 5
      let others = model(PackedSequence([changed])).sequence(0)
      for gap in 1...4 { #expect((logits.row(gap - 1) == others.row(gap - 1)) == (gap == place)) }
    }
  }

  @Test func resultsDoNotDependOnTheBatch() throws {
    let model = try Self.model()
    let together = model(PackedSequence(Self.sequences))
    for (index, sequence) in Self.sequences.enumerated() {
      let alone = model(PackedSequence([sequence])).sequence(0)
      #expect(alone.rows == max(0, sequence.count - 2))
      #expect(maximumRelativeDifference(alone, together.sequence(index)) < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test func readBackwardsWithItsSidesExchangedItSaysTheSame() throws {
    let model = try Self.model()
    var mirrored = model
    let layout = model.parameters.layout
    for entry in layout.entries where entry.name.hasPrefix("forward.") {
      let other = "backward." + entry.name.dropFirst("forward.".count)
      mirrored.parameters[other] = model.parameters[entry.name]
      mirrored.parameters[entry.name] = model.parameters[other]
    }
    let readout = model.parameters["readout.weight"]
    mirrored.parameters["readout.weight"] = Matrix(
      (0..<6).map { row in (0..<14).map { readout[row, ($0 + 7) % 14] } })
    let forwards = model(PackedSequence([[1, 4, 0, 3, 2]])).sequence(0)
    let backwards = mirrored(PackedSequence([[2, 3, 0, 4, 1]])).sequence(0)
    for gap in 0..<3 {
      let difference = zip(forwards.row(gap), backwards.row(2 - gap)).map { abs($0 - $1) }.max() ?? 1
      #expect(difference < Tolerance.gemm(k: 50, Double.self))
    }
  }

  @Test func whatIsUnknownIsNoGapAndIsReadWhereTokensAreDropped() {
    let examples = GapExamples([[1, 0, 3, 2]], unknown: 0, tokenDropout: 0.5)
    #expect(examples.batch([0]).targets == PackedSequence([[1, -1, 3, 2]]))
    #expect(examples.batch([0]).tokens == PackedSequence([[1, 0, 3, 2]]))
    var generator = SeededGenerator(seed: 1)
    var dropped = 0
    for _ in 0..<100 {
      let batch = examples.batch([0], using: &generator)
      #expect(batch.targets == PackedSequence([[1, -1, 3, 2]]))
      dropped += batch.tokens.sequence(0).withUnsafeBufferPointer { $0.count { $0 == 0 } } - 1
    }
    #expect(100...200 ~= dropped)
  }

  @Test func itLearnsWhatIsBetween() throws {
    // Between 3 and 3 is 1, between 4 and 4 is 2, between 3 and 4 is 5: neither side alone says it.
    let sequences: [[Int32]] = [[3, 1, 3], [4, 2, 4], [3, 5, 4], [4, 6, 3]]
    var model = GapModel<Float>(
      try GapArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 8),
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 8, hiddenSize: 9))), seed: 1)
    try model.train(
      on: GapExamples(sequences, unknown: 0),
      TrainingOptions(epochs: 150, batchSize: 4, schedule: .constant(0.02)))
    let logits = model(PackedSequence(sequences))
    for (index, sequence) in sequences.enumerated() {
      let row = logits.sequence(index).row(0)
      #expect(row.indices.max { row[$0] < row[$1] } == Int(sequence[1]))
    }
  }

  @Test func partsThatDoNotFitAreRefused() throws {
    let embedding = try EmbeddingTable(vocabularySize: 5, dimension: 6)
    #expect(throws: ConfigurationError.self) {
      try GapArchitecture(
        embedding: embedding, recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 4, hiddenSize: 3)))
    }
    #expect(throws: ConfigurationError.self) {
      try GapArchitecture(
        embedding: embedding,
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 6, hiddenSize: 3), isBidirectional: true))
    }
  }
}
