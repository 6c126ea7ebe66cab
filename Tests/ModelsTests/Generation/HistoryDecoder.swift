import Kernels
import Models

/// A decoder whose logits are decided by all that a sequence has read, so that a state that was mixed up shows.
struct HistoryDecoder: SequenceDecoder {
  struct State: DecoderState {
    var histories: [[Int32]]
    var batch: Int { histories.count }
    func selecting(_ indices: [Int]) -> State { State(histories: indices.map { histories[$0] }) }
  }

  let vocabularySize: Int
  var seed: UInt64 = 0

  func start(batch: Int) -> State { State(histories: Array(repeating: [], count: batch)) }

  func step(_ tokens: [Int32], _ state: inout State) -> Matrix<Double> {
    for (index, token) in tokens.enumerated() { state.histories[index].append(token) }
    return Matrix(state.histories.map(logits(after:)))
  }

  func logits(after history: [Int32]) -> [Double] {
    var generator = history.reduce(SeededGenerator(seed: seed)) {
      SeededGenerator(seed: $0.copyOfNext() &+ UInt64($1))
    }
    return (0..<vocabularySize).map { _ in 2 * generator.normal(Double.self) }
  }

  /// log softmax of the logits after `history`.
  func logProbabilities(after history: [Int32]) -> [Double] {
    let logits = logits(after: history)
    let normalizer = Double._log(logits.reduce(0) { $0 + Double._exp($1) })
    return logits.map { $0 - normalizer }
  }

  /// The model's own log-probability of `tokens` after `prompt`.
  func logProbability(of tokens: [Int32], after prompt: [Int32]) -> Double {
    tokens.indices.reduce(0) { $0 + logProbabilities(after: prompt + tokens[..<$1])[Int(tokens[$1])] }
  }
}

extension SeededGenerator {
  fileprivate func copyOfNext() -> UInt64 {
    var copy = self
    return copy.next()
  }
}
