internal import Glibc
internal import Kernels
internal import Models

/// Continues pieces of music, a step at a time, with a model that gives each note a probability of its own.
///
/// The notes of a step are drawn together: of all sets of as many notes as there are voices, each with the probability
/// that it has under the model, given that so many sound. Independent draws
/// would give steps of one voice or of seven.
struct PieceWriter {
  /// Gives, for the notes of a step, the logits of the notes of the next.
  let model: SequenceModel<Float>
  /// The number of notes that sound at once.
  var voices = 3...4
  /// Divides the logits: below 1, probable notes become more probable.
  var temperature = 1.0

  /// `count` steps after `beginning`, which must not be empty.
  func steps(after beginning: Piece, count: Int, using generator: inout SeededGenerator) -> [[Int]] {
    var (predictions, state) = model(
      .features(PackedSequence([beginning.features(0..<beginning.steps.count)], features: Piece.notes.count)))
    var written: [[Int]] = []
    while written.count < count {
      let logits = predictions.row(predictions.rows - 1).map(Double.init)
      let notes = NoteSampler(logits, temperature: temperature).draw(voices, using: &generator)
      written.append(notes.map { $0 + Piece.notes.lowerBound })
      let step = Piece([written[written.count - 1]]).features(0..<1)
      (predictions, state) = model(.features(PackedSequence([step], features: Piece.notes.count)), from: state)
    }
    return written
  }
}

/// Draws sets of notes that are independent of each other but for their number.
///
/// A set S has a probability proportional to ∏ of the odds w of its notes, whatever its size; so the sum over all sets
/// of k notes, the elementary symmetric polynomial e_k(w), says how probable k is, and taking note after note says
/// which (Chen & Liu, "Statistical applications of the Poisson-binomial and conditional Bernoulli distributions",
/// 1997).
struct NoteSampler {
  /// p / (1 − p) of each note.
  private let odds: [Double]

  /// A sampler of notes with these logits, which `temperature` divides.
  init(_ logits: [Double], temperature: Double = 1) {
    // Beyond these bounds a note is certain or impossible, and products of a few odds still fit.
    odds = logits.map { exp(min(max($0 / temperature, -60), 60)) }
  }

  /// The indices of notes that sound together, rising, as many as `sizes` allows and never more than there are.
  func draw(_ sizes: ClosedRange<Int>, using generator: inout SeededGenerator) -> [Int] {
    require(sizes.lowerBound >= 0, "no set has \(sizes.lowerBound) notes")
    let most = min(sizes.upperBound, odds.count)
    let sums = sumsOfProducts(most)
    var left = index(of: sums[0][min(sizes.lowerBound, most)...most], using: &generator)
    var notes: [Int] = []
    for (note, odds) in odds.enumerated() where left > 0 {
      // Of the sets of `left` notes from this one on, those with this note.
      if generator.uniform() * sums[note][left] < odds * sums[note + 1][left - 1] {
        notes.append(note)
        left -= 1
      }
    }
    return notes
  }

  /// e_k of the odds from each note on, `[notes + 1][limit + 1]`.
  private func sumsOfProducts(_ limit: Int) -> [[Double]] {
    var sums = Array(repeating: [Double](repeating: 0, count: limit + 1), count: odds.count + 1)
    sums[odds.count][0] = 1
    for note in odds.indices.reversed() {
      sums[note][0] = 1
      for k in 0..<limit { sums[note][k + 1] = sums[note + 1][k + 1] + odds[note] * sums[note + 1][k] }
    }
    return sums
  }

  /// An index of `weights` with a probability proportional to its weight.
  private func index(of weights: ArraySlice<Double>, using generator: inout SeededGenerator) -> Int {
    var left = generator.uniform() * weights.reduce(0, +)
    for (index, weight) in zip(weights.indices, weights) {
      left -= weight
      if left < 0 { return index }
    }
    return weights.endIndex - 1
  }
}
