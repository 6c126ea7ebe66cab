import Kernels
import Models
import Testing

@testable import Tasks

@Suite struct SentimentJudgesTests {
  private static func model(seed: UInt64) throws -> SequenceModel<Float> {
    try SequenceModel(
      SequenceArchitecture(
        embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
        recurrent: RecurrentStack(RecurrentCell(.gru, inputSize: 4, hiddenSize: 5), isBidirectional: true),
        readout: .meanState, outputSize: 2, loss: .softmaxCrossEntropy), seed: seed)
  }

  private let sentences: [[Int32]] = [[1, 2, 3], [4], [5, 6], [0, 1]]

  @Test func theEnsembleGivesTheMeanOfItsNetworks() throws {
    let models = try [Self.model(seed: 1), Self.model(seed: 2), Self.model(seed: 3)]
    let alone = models.map { SentimentJudges([$0]).probabilities(of: sentences) }
    for (place, together) in SentimentJudges(models).probabilities(of: sentences).enumerated() {
      #expect(abs(together - alone.reduce(0) { $0 + $1[place] } / 3) < 1e-12)
    }
  }

  @Test func theOrderOfSentencesDoesNotCount() throws {
    let judges = SentimentJudges([try Self.model(seed: 4)])
    let forwards = judges.probabilities(of: sentences)
    let backwards = judges.probabilities(of: sentences.reversed())
    #expect(zip(forwards, backwards.reversed()).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func theJudgementAfterTheLastWordIsThatOfTheSentence() throws {
    let judges = SentimentJudges([try Self.model(seed: 5)])
    let running = judges.probabilitiesAfterEachWord(of: [3, 1, 6, 2])
    #expect(running.count == 4 && abs(running[3] - judges.probability(of: [3, 1, 6, 2])) < 1e-6)
    #expect(abs(running[0] - judges.probability(of: [3])) < 1e-6)
  }

  @Test func accuracyIsTheShareOfSentencesJudgedRightly() throws {
    let judges = SentimentJudges([try Self.model(seed: 6)])
    let right: [Int32] = judges.probabilities(of: sentences).map { $0 > 0.5 ? 1 : 0 }
    #expect(judges.accuracy(on: LabelledSentences(sentences: sentences, classes: right)) == 100)
    let wrong = [1 - right[0]] + right.dropFirst()
    #expect(judges.accuracy(on: LabelledSentences(sentences: sentences, classes: wrong)) == 75)
  }
}
