import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceDecoderGenerationTests {
  private let decoder = HistoryDecoder(vocabularySize: 6, seed: 2)
  private let prompts: [[Int32]] = [[3], [1, 4, 2], [0, 5], [2, 2, 1, 3]]

  private func generate(
    _ prompts: [[Int32]], _ change: (inout GenerationOptions) -> Void = { _ in }
  ) throws -> [GeneratedSequence] {
    var options = GenerationOptions(maximumLength: 9, endToken: 4, seed: 5)
    change(&options)
    return try decoder.generate(from: prompts, state: decoder.start(batch: prompts.count), options: options)
  }

  @Test func theSeedDecidesWhatIsDrawn() throws {
    #expect(try generate(prompts) == generate(prompts))
    #expect(try generate(prompts) != generate(prompts) { $0.seed = 6 })
  }

  @Test func greedyIsTheLargestLogitAtEveryStep() throws {
    for (prompt, found) in zip(prompts, try generate(prompts) { $0.strategy = .greedy }) {
      var tokens: [Int32] = []
      while tokens.count < 9, tokens.last != 4 {
        let logits = decoder.logits(after: prompt + tokens)
        tokens.append(Int32(try #require(logits.indices.max { logits[$0] < logits[$1] })))
      }
      #expect(found.isFinished == (tokens.last == 4))
      #expect(found.tokens == tokens.filter { $0 != 4 })
    }
  }

  @Test func aSequenceDoesNotDependOnThoseBehindIt() throws {
    let together = try generate(prompts)
    for count in 1..<prompts.count {
      #expect(try generate(Array(prompts.prefix(count))) == Array(together.prefix(count)))
    }
  }

  @Test func everythingEndsWithItsEndTokenOrItsLength() throws {
    let sequences = try (0..<20).flatMap { seed in try generate(prompts) { $0.seed = seed } }
    #expect(sequences.contains { $0.isFinished } && sequences.contains { !$0.isFinished })
    for sequence in sequences {
      #expect(!sequence.tokens.contains(4))
      #expect(sequence.isFinished ? sequence.steps <= 9 : sequence.tokens.count == 9)
    }
    for sequence in try generate(prompts, { $0.endToken = nil }) {
      #expect(sequence.tokens.count == 9 && !sequence.isFinished)
    }
  }

  @Test(arguments: [SamplingStrategy.temperature(3), .topK(2), .greedy])
  func theLogProbabilityIsTheModelsOwn(_ strategy: SamplingStrategy) throws {
    let sequences = try generate(prompts) {
      $0.strategy = strategy
      $0.forbidden = [1]
    }
    for (prompt, sequence) in zip(prompts, sequences) {
      #expect(!sequence.tokens.contains(1))
      let wanted = decoder.logProbability(of: sequence.tokens + (sequence.isFinished ? [4] : []), after: prompt)
      #expect(abs(sequence.logProbability - wanted) <= abs(wanted) * Tolerance.operations(32, Double.self))
    }
  }

  @Test func onePromptIsABatchOfOne() throws {
    let options = GenerationOptions(maximumLength: 7, seed: 3)
    let alone: GeneratedSequence = try decoder.generate(from: [2, 1], state: decoder.start(batch: 1), options: options)
    #expect(try decoder.generate(from: [[2, 1]], state: decoder.start(batch: 1), options: options) == [alone])
  }

  @Test func noPromptsGiveNothing() throws { #expect(try generate([]).isEmpty) }

  @Test func whatCannotBeIsAnError() {
    let broken: [(setting: String, prompts: [[Int32]], change: (inout GenerationOptions) -> Void)] = [
      ("prompt", [[1], []], { _ in }), ("length to generate", prompts, { $0.maximumLength = 0 }),
      ("temperature", prompts, { $0.strategy = .temperature(0) }),
      ("forbidden tokens", prompts, { $0.forbidden = [0, 1, 2, 3, 4, 5] }),
    ]
    for (setting, prompts, change) in broken {
      let error = #expect(throws: ConfigurationError.self) { try generate(prompts, change) }
      #expect(error?.setting == setting)
    }
  }
}
