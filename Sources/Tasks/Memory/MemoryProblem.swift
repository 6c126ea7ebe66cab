internal import Kernels
internal import Models

/// A question at the end of a sequence whose answer lies far back. Sequences are random, so there are as many as
/// needed, of any length.
enum MemoryProblem: String, CaseIterable, Codable, Sendable {
  /// Every step shows a number of 0 … 1 and a mark, which is 1 at one step of the first half and at one of the second
  /// and 0 at all others: what is the sum of the two marked numbers? (Hochreiter & Schmidhuber, "Long short-term
  /// memory", 1997, in the form of Le, Jaitly & Hinton, 2015.) The constant answer 1 has a squared error of 1/6.
  case adding
  /// Among noise of four symbols are two of the symbols X and Y, the first after a tenth of the sequence and the second
  /// in its middle: which two were they, in which order? (Task 6a of Hochreiter & Schmidhuber 1997, with the positions
  /// of Pascanu, Mikolov & Bengio 2013.)
  case temporalOrder
  /// Some symbols, a long silence, a signal: what were the symbols? One is to be written a step, in their order
  /// (Arjovsky, Shah & Bengio, "Unitary evolution recurrent neural networks", 2016).
  case copy

  /// A sequence and the answer.
  struct Example: Sendable {
    /// `[T × I]`.
    var inputs: Matrix<Float>
    var answer: Answer
  }

  enum Answer: Hashable, Sendable {
    /// A number at the end.
    case sum(Float)
    /// A class at the end.
    case order(Int32)
    /// A class for every step; −1 where none is asked for.
    case symbols([Int32])
  }

  static let copiedSymbols = 5
  /// Different symbols that may have to be copied.
  static let alphabet = 8
  /// Different symbols of noise between those whose order is asked for.
  static let noiseSymbols = 4

  /// Features of a step, `I`.
  var inputSize: Int {
    switch self {
    case .adding: 2
    case .temporalOrder: 2 + Self.noiseSymbols
    // A symbol, silence or the signal.
    case .copy: Self.alphabet + 2
    }
  }

  /// Features of an answer, `O`.
  var outputSize: Int {
    switch self {
    case .adding: 1
    case .temporalOrder: 4
    case .copy: Self.alphabet
    }
  }

  /// Steps of a sequence of `lag`. That is the length of the sequence, but where symbols are copied: there it is the
  /// distance from each symbol to its copy.
  func steps(lag: Int) -> Int { self == .copy ? lag + Self.copiedSymbols : lag }

  /// The training objective.
  var loss: Loss { self == .adding ? .meanSquaredError : .softmaxCrossEntropy }

  var readout: SequenceArchitecture.Readout { self == .copy ? .everyStep : .finalState }

  /// An example of `lag`, which must be at least 10.
  func example(lag: Int, using generator: inout SeededGenerator) -> Example {
    require(lag >= 10, "a lag of \(lag) steps leaves no room for the problem")
    switch self {
    case .adding: return Self.adding(lag, &generator)
    case .temporalOrder: return Self.temporalOrder(lag, &generator)
    case .copy: return Self.copy(lag, &generator)
    }
  }

  private static func adding(_ steps: Int, _ generator: inout SeededGenerator) -> Example {
    var inputs = Matrix<Float>.zeros(rows: steps, columns: MemoryProblem.adding.inputSize)
    for t in 0..<steps { inputs[t, 0] = generator.uniform() }
    let marked = [generator.uniform(below: steps / 2), generator.uniform(in: steps / 2..<steps)]
    for t in marked { inputs[t, 1] = 1 }
    return Example(inputs: inputs, answer: .sum(inputs[marked[0], 0] + inputs[marked[1], 0]))
  }

  private static func temporalOrder(_ steps: Int, _ generator: inout SeededGenerator) -> Example {
    var symbols = (0..<steps).map { _ in 2 + generator.uniform(below: noiseSymbols) }
    let tenth = steps / 10
    let (first, second) = (generator.uniform(below: 2), generator.uniform(below: 2))
    symbols[generator.uniform(in: tenth..<2 * tenth)] = first
    symbols[generator.uniform(in: 4 * tenth..<5 * tenth)] = second
    return Example(inputs: oneHot(symbols, .temporalOrder), answer: .order(Int32(2 * first + second)))
  }

  private static func copy(_ lag: Int, _ generator: inout SeededGenerator) -> Example {
    let (silence, signal) = (alphabet, alphabet + 1)
    let symbols = (0..<copiedSymbols).map { _ in generator.uniform(below: alphabet) }
    var inputs = symbols + Array(repeating: silence, count: lag)
    inputs[lag] = signal
    return Example(
      inputs: oneHot(inputs, .copy),
      answer: .symbols(Array(repeating: -1, count: lag) + symbols.map(Int32.init)))
  }

  private static func oneHot(_ symbols: [Int], _ problem: MemoryProblem) -> Matrix<Float> {
    var matrix = Matrix<Float>.zeros(rows: symbols.count, columns: problem.inputSize)
    for (t, symbol) in symbols.enumerated() { matrix[t, symbol] = 1 }
    return matrix
  }
}
