import Kernels
import Testing

@Suite struct PackedSequenceTests {
  /// Three features a step; every number says where it belongs: 100·sequence + 10·step + feature.
  private func nested(_ lengths: [Int]) -> [[[Double]]] {
    lengths.indices.map { b in
      (0..<lengths[b]).map { t in (0..<3).map { Double(100 * b + 10 * t + $0) } }
    }
  }

  private func packed(_ lengths: [Int]) -> PackedSequence<Double> {
    PackedSequence(
      nested(lengths).map { steps in Matrix(rows: steps.count, columns: 3, steps.flatMap { $0 }) }, features: 3)
  }

  // MARK: - Packing

  @Test(arguments: PackedLayoutTests.lengths)
  func rowsLieWhereTheLayoutSays(_ lengths: [Int]) {
    let sequence = packed(lengths)
    #expect(sequence.layout == PackedLayout(lengths: lengths))
    #expect((sequence.batch, sequence.features, sequence.rows.rows) == (lengths.count, 3, lengths.reduce(0, +)))
    for (b, steps) in nested(lengths).enumerated() {
      for (t, features) in steps.enumerated() {
        #expect(sequence.rows.row(sequence.layout.row(of: b, at: t)) == features)
      }
    }
  }

  @Test(arguments: PackedLayoutTests.lengths)
  func whatGoesInComesOutInTheCallersOrder(_ lengths: [Int]) {
    let sequence = packed(lengths)
    #expect(sequence.sequences.map(\.nestedRows) == nested(lengths))
    for b in lengths.indices { #expect(sequence.sequence(b) == sequence.sequences[b]) }
    #expect(PackedSequence(sequence.sequences, features: 3) == sequence)
    #expect(PackedSequence(layout: sequence.layout, rows: sequence.rows) == sequence)
  }

  @Test func nestedArraysTakeTheirFeaturesFromTheFirstRowThereIs() {
    let lengths = [0, 4, 2]
    #expect(PackedSequence(nested(lengths)) == packed(lengths))
    #expect(PackedSequence([[[Double]]]()).batch == 0)
    let empty = PackedSequence([[[Double]](), []])
    #expect((empty.batch, empty.rows.count) == (2, 0))
  }

  @Test func singleValuesAreOneFeature() {
    let tokens = PackedSequence<Int32>([[5, 6], [], [7, 8, 9]])
    #expect((tokens.features, tokens.batch) == (1, 3))
    #expect(tokens.rows.elements == [7, 5, 8, 6, 9])
    #expect(tokens.sequences.map(\.elements) == [[5, 6], [], [7, 8, 9]])
  }

  @Test func equalityComparesLayoutAndRows() {
    let sequence = packed([4, 2])
    var other = sequence
    #expect(other == sequence)
    other.rows[0, 0] += 1
    #expect(other != sequence)
    // The same rows in the same shape, cut into sequences differently.
    #expect(PackedSequence(layout: PackedLayout(lengths: [3, 3]), rows: sequence.rows) != sequence)
  }

  // MARK: - Padding

  @Test(arguments: PackedLayoutTests.lengths, [PaddedOrder.timeMajor, .batchMajor])
  func paddingAndPackingUndoEachOther(_ lengths: [Int], _ order: PaddedOrder) {
    let sequence = packed(lengths)
    let padded = sequence.padded(order, with: -1)
    #expect(padded.count == lengths.count * (lengths.max() ?? 0) * 3)
    #expect(padded.count { $0 == -1 } == padded.count - sequence.rows.count)
    #expect(PackedSequence(padded: padded, order, lengths: lengths, features: 3) == sequence)
  }

  /// [T × B × F] and [B × T × F] with T = 2, B = 2 and F = 3.
  @Test func eachOrderPutsItsFirstDimensionFirst() {
    let sequence = packed([1, 2])
    #expect(sequence.padded(.timeMajor, with: -1) == [0, 1, 2, 100, 101, 102, -1, -1, -1, 110, 111, 112])
    #expect(sequence.padded(.batchMajor, with: -1) == [0, 1, 2, -1, -1, -1, 100, 101, 102, 110, 111, 112])
  }

  @Test(arguments: [PaddedOrder.timeMajor, .batchMajor])
  func paddingMayBeLongerThanTheLongestSequence(_ order: PaddedOrder) {
    let full = packed([5, 5])
    let cut = PackedSequence(padded: full.padded(order, with: -1), order, lengths: [2, 3], features: 3)
    #expect(cut == packed([2, 3]))
  }

  // MARK: - Parts

  @Test(arguments: PackedLayoutTests.lengths)
  func theLastRowsAreInTheCallersOrder(_ lengths: [Int]) {
    let wanted = nested(lengths).map { $0.last ?? [-1, -1, -1] }
    let last = packed(lengths).lastRows(missing: -1)
    #expect(last.nestedRows == wanted)
    #expect(last.columns == 3)
  }

  @Test(arguments: PackedLayoutTests.lengths)
  func reversingHappensWithinEachLength(_ lengths: [Int]) {
    let sequence = packed(lengths)
    let reversed = sequence.reversedWithinLengths()
    #expect(reversed.layout == sequence.layout)
    #expect(reversed.sequences.map(\.nestedRows) == nested(lengths).map { $0.reversed() })
    #expect(reversed.reversedWithinLengths() == sequence)
  }

  @Test(arguments: PackedLayoutTests.lengths, [1, 2, 3, 10])
  func windowsOneAfterTheOtherAreTheWhole(_ lengths: [Int], _ width: Int) {
    let sequence = packed(lengths)
    var joined = lengths.map { _ in [[Double]]() }
    for start in stride(from: 0, to: sequence.layout.steps, by: width) {
      let window = sequence.steps(start..<start + width)
      #expect(window.layout.lengths == lengths.map { min(max($0 - start, 0), width) })
      #expect(window.features == 3)
      for (b, part) in window.sequences.enumerated() { joined[b] += part.nestedRows }
    }
    #expect(joined == nested(lengths))
  }

  @Test func aWindowBehindTheEndIsEmpty() {
    let window = packed([4, 2]).steps(4..<9)
    #expect(window.layout == PackedLayout(lengths: [0, 0]))
    #expect(packed([4, 2]).steps(1..<1).rows.rows == 0)
  }

  // MARK: - Mistakes

  @Test func contentsThatDoNotFitStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = PackedSequence(layout: PackedLayout(lengths: [2, 1]), rows: Matrix<Float>.zeros(rows: 4, columns: 3))
    }
    await #expect(processExitsWith: .failure) {
      _ = PackedSequence([Matrix<Float>.zeros(rows: 2, columns: 3)], features: 4)
    }
    // As many numbers as three rows of two, but not in rows of two.
    await #expect(processExitsWith: .failure) {
      let uneven: [[[Float]]] = [[[1, 2], [3], [4, 5, 6]]]
      _ = PackedSequence(uneven)
    }
    await #expect(processExitsWith: .failure) {
      _ = PackedSequence<Float>(padded: [1, 2, 3, 4, 5], .timeMajor, lengths: [1, 1], features: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = PackedSequence<Float>(padded: [1, 2, 3, 4], .timeMajor, lengths: [1, 2], features: 2)
    }
  }
}
