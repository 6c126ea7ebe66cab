import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceDecoderBeamSearchTests {
  private let decoder = HistoryDecoder(vocabularySize: 4, seed: 9)
  private let end: Int32 = 2
  private let prompts: [[Int32]] = [[3], [1, 0, 3], [0, 1]]

  private func search(_ prompts: [[Int32]], _ options: BeamSearchOptions) throws -> [[GeneratedSequence]] {
    try decoder.beamSearch(from: prompts, state: decoder.start(batch: prompts.count), options: options)
  }

  @Test(arguments: [0, 0.6, 2])
  func aBeamOfOneIsTheGreedyChoice(_ lengthPenalty: Double) throws {
    let wanted = try decoder.generate(
      from: prompts, state: decoder.start(batch: prompts.count),
      options: GenerationOptions(strategy: .greedy, maximumLength: 6, endToken: end))
    let found = try search(
      prompts, BeamSearchOptions(width: 1, maximumLength: 6, endToken: end, lengthPenalty: lengthPenalty))
    #expect(found == wanted.map { [$0] })
  }

  /// Every sequence of at most `length` steps that has ended or has that length.
  private func all(length: Int, forbidden: Set<Int32> = [], after prompt: [Int32]) -> [GeneratedSequence] {
    func extend(_ tokens: [Int32]) -> [GeneratedSequence] {
      (0..<Int32(decoder.vocabularySize)).filter { !forbidden.contains($0) }.flatMap { token in
        let extended = tokens + [token]
        guard token == end || extended.count == length else { return extend(extended) }
        return [
          GeneratedSequence(
            tokens: token == end ? tokens : extended,
            logProbability: decoder.logProbability(of: extended, after: prompt), isFinished: token == end)
        ]
      }
    }
    return extend([])
  }

  @Test(arguments: [0, 0.7, 1.5], [Set<Int32>(), [1]])
  func aWideBeamIsTheExhaustiveSearch(_ lengthPenalty: Double, _ forbidden: Set<Int32>) throws {
    let options = BeamSearchOptions(
      width: 300, maximumLength: 4, endToken: end, lengthPenalty: lengthPenalty, forbidden: forbidden)
    for (prompt, found) in zip(prompts, try search(prompts, options)) {
      let wanted = all(length: 4, forbidden: forbidden, after: prompt)
        .sorted { options.score(of: $0) > options.score(of: $1) }
      #expect(found.count == wanted.count && found.map(\.tokens) == wanted.map(\.tokens))
      #expect(found.map(\.isFinished) == wanted.map(\.isFinished))
      #expect(
        maximumRelativeDifference(found.map(\.logProbability), wanted.map(\.logProbability))
          <= Tolerance.operations(32, Double.self))
    }
  }

  @Test(arguments: [2, 3])
  func aSequenceDoesNotDependOnThoseBesideIt(_ width: Int) throws {
    let options = BeamSearchOptions(width: width, maximumLength: 7, endToken: end, lengthPenalty: 1)
    let together = try search(prompts, options)
    for (prompt, found) in zip(prompts, together) {
      #expect(try decoder.beamSearch(from: prompt, state: decoder.start(batch: 1), options: options) == found)
      #expect(found.count == width)
    }
  }

  @Test func withoutAnEndTokenAllHaveTheMaximumLength() throws {
    let options = BeamSearchOptions(width: 3, maximumLength: 5, endToken: nil)
    for sequence in try search(prompts, options).joined() {
      #expect(sequence.tokens.count == 5 && !sequence.isFinished)
    }
  }

  @Test func theLengthPenaltyIsThatOfThePaper() {
    let sequence = GeneratedSequence(tokens: [1, 3, 0], logProbability: -3, isFinished: true)
    let options = BeamSearchOptions(width: 1, maximumLength: 9, endToken: 2, lengthPenalty: 2)
    #expect(abs(options.score(of: sequence) + 3 * 36.0 / 81) <= 1e-15)
  }

  @Test func whatCannotBeIsAnError() {
    let broken: [(setting: String, prompts: [[Int32]], options: BeamSearchOptions)] = [
      ("beam width", prompts, BeamSearchOptions(width: 0, maximumLength: 5, endToken: 2)),
      ("length to generate", prompts, BeamSearchOptions(width: 2, maximumLength: 0, endToken: 2)),
      ("length penalty", prompts, BeamSearchOptions(width: 2, maximumLength: 5, endToken: 2, lengthPenalty: -1)),
      ("prompt", [[], [1]], BeamSearchOptions(width: 2, maximumLength: 5, endToken: 2)),
      (
        "forbidden tokens", prompts,
        BeamSearchOptions(width: 2, maximumLength: 5, endToken: 2, forbidden: [0, 1, 2, 3])
      ),
    ]
    for (setting, prompts, options) in broken {
      let error = #expect(throws: ConfigurationError.self) { try search(prompts, options) }
      #expect(error?.setting == setting)
    }
  }
}
