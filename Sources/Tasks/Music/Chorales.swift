internal import DataIO
internal import FoundationEssentials
internal import Kernels
internal import Models

/// A piece of music in equal steps: the notes that sound, without their dynamics.
struct Piece: Hashable, Sendable {
  /// The MIDI numbers of the notes that sound in each step, rising: 60 is the middle C. Empty for silence.
  var steps: [[Int]]

  /// The 88 notes of a piano, the features of a step.
  static let notes = 21...108

  /// What a note is called: C4 is the middle C.
  static func name(of note: Int) -> String {
    let names = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"]
    return "\(names[note % 12])\(note / 12 - 1)"
  }

  init(_ steps: [[Int]]) { self.steps = steps.map { $0.sorted() } }

  /// The piece moved by `semitones`, or as far towards that as the notes of a piano allow.
  func transposed(by semitones: Int) -> Piece {
    let lowest = steps.compactMap(\.first).min() ?? Self.notes.upperBound
    let highest = steps.compactMap(\.last).max() ?? Self.notes.lowerBound
    let shift = min(max(semitones, Self.notes.lowerBound - lowest), Self.notes.upperBound - highest)
    return Piece(steps.map { $0.map { $0 + shift } })
  }

  /// The steps `range` as features, `[T × 88]`: 1 for each note that sounds.
  func features(_ range: Range<Int>) -> Matrix<Float> {
    var matrix = Matrix<Float>.zeros(rows: range.count, columns: Self.notes.count)
    for (row, notes) in steps[range].enumerated() {
      for note in notes { matrix[row, note - Self.notes.lowerBound] = 1 }
    }
    return matrix
  }
}

/// The chorales of Bach, a step for each quarter, in the usual three parts
/// (Boulanger-Lewandowski, Bengio & Vincent, "Modeling temporal dependencies in high-dimensional sequences", 2012).
struct Chorales: Sendable {
  let training: [Piece]
  let validation: [Piece]
  let test: [Piece]

  /// Reads a file of JSON: an object of the parts `train`, `valid` and `test`, each a list of pieces, each a list of
  /// steps, each a list of MIDI numbers.
  init(path: String) throws(DataError) {
    let bytes = try FileReading.bytes(of: path, limit: 1 << 26)
    let parts: [String: [[[Int]]]]
    do {
      parts = try JSONDecoder().decode([String: [[[Int]]]].self, from: Data(bytes))
    } catch {
      throw DataError(file: path, reason: "is no JSON object of parts, pieces, steps and notes")
    }
    func pieces(_ part: String) throws(DataError) -> [Piece] {
      guard let pieces = parts[part] else { throw DataError(file: path, reason: "has no part \(part)") }
      for (number, piece) in pieces.enumerated() {
        let place = "piece \(number + 1) of \(part)"
        // The first step is input only, the last one target only.
        guard piece.count >= 2 else {
          throw DataError(file: path, reason: "\(place) has \(piece.count) steps, wanted at least 2")
        }
        for (step, notes) in piece.enumerated() {
          if let note = notes.first(where: { !Piece.notes.contains($0) }) {
            throw DataError(
              file: path,
              reason: "step \(step + 1) of \(place) has the note \(note), wanted \(Piece.notes.lowerBound) to "
                + "\(Piece.notes.upperBound)")
          }
        }
      }
      guard !pieces.isEmpty else { throw DataError(file: path, reason: "the part \(part) has no piece") }
      return pieces.map(Piece.init)
    }
    training = try pieces("train")
    validation = try pieces("valid")
    test = try pieces("test")
  }
}

/// Pieces to be predicted step by step: the inputs are all steps but the last, the targets all but the first.
struct PieceExamples: TrainingExamples {
  /// Each of at least two steps.
  let pieces: [Piece]
  /// The maximum transposition in training, in semitones up or down.
  var semitones = 0

  var lengths: [Int] { pieces.map { $0.steps.count - 1 } }

  func batch(_ indices: [Int]) -> SequenceBatch<Float> { Self.batch(indices.map { pieces[$0] }) }

  func batch(_ indices: [Int], using generator: inout SeededGenerator) -> SequenceBatch<Float> {
    Self.batch(
      indices.map { pieces[$0].transposed(by: generator.uniform(in: -semitones..<semitones + 1)) })
  }

  private static func batch(_ pieces: [Piece]) -> SequenceBatch<Float> {
    let notes = Piece.notes.count
    return SequenceBatch(
      inputs: .features(PackedSequence(pieces.map { $0.features(0..<$0.steps.count - 1) }, features: notes)),
      targets: .values(PackedSequence(pieces.map { $0.features(1..<$0.steps.count) }, features: notes)))
  }
}
