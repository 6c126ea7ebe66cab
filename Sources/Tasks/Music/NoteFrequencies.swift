internal import Glibc
internal import Kernels

/// How often each note sounds, whatever came before: the baseline of the networks, and their initial biases.
struct NoteFrequencies: Sendable {
  /// log p / (1 − p) of each note, `[88]`.
  let logits: [Double]

  /// The frequencies of notes in all steps of `pieces` but the first of each. Each note is counted half a step more
  /// with and half a step more without it, so that none is impossible.
  init(of pieces: [Piece]) {
    var counts = [Double](repeating: 0.5, count: Piece.notes.count)
    var steps = 1.0
    for piece in pieces {
      for notes in piece.steps.dropFirst() {
        for note in notes { counts[note - Piece.notes.lowerBound] += 1 }
        steps += 1
      }
    }
    logits = counts.map { log($0 / (steps - $0)) }
  }

  /// The loss of predicting them on all steps of `pieces` but the first of each, in nats per step.
  func loss(over pieces: [Piece]) -> Double {
    // −log (1 − p) for each note that is silent; a note that sounds has a logit less.
    let silence = logits.reduce(0) { $0 + log1p(exp($1)) }
    var (sum, steps) = (0.0, 0)
    for piece in pieces {
      for notes in piece.steps.dropFirst() {
        sum += notes.reduce(silence) { $0 - logits[$1 - Piece.notes.lowerBound] }
        steps += 1
      }
    }
    return sum / Double(steps)
  }
}
