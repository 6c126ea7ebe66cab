import Testing

@testable import Kernels

@Suite struct PackedLayoutTests {
  /// Unsorted, with equal ones, none, all equal, and empty sequences.
  static let lengths = [[4, 7, 0, 4, 2, 7], [5], [0], [], [0, 0], [3, 3, 3], [1, 2, 3, 4], [0, 9, 0, 1]]

  // MARK: - By hand

  @Test func theExampleOfThreeSequences() {
    let layout = PackedLayout(lengths: [2, 4, 0, 2])
    #expect(layout.order == [1, 0, 3, 2])
    #expect(layout.ranks == [1, 0, 3, 2])
    #expect(layout.batchSizes == [3, 3, 1, 1])
    #expect(layout.offsets == [0, 3, 6, 7, 8])
    #expect((layout.batch, layout.steps, layout.rowCount) == (4, 4, 8))
    #expect(layout.rows(at: 1) == 3..<6)
    #expect(layout.row(of: 3, at: 1) == 5)
    // Rows by rank and step: 1₀ 0₀ 3₀ | 1₁ 0₁ 3₁ | 1₂ | 1₃.
    #expect(layout.mirroredRows == [7, 4, 5, 6, 1, 2, 3, 0])
  }

  // MARK: - Laws

  @Test(arguments: lengths)
  func longerSequencesComeFirstAndEqualOnesKeepTheirOrder(_ lengths: [Int]) {
    let layout = PackedLayout(lengths: lengths)
    #expect(layout.lengths == lengths)
    #expect(layout.order.sorted() == Array(lengths.indices))
    for (first, second) in zip(layout.order, layout.order.dropFirst()) {
      #expect(lengths[first] > lengths[second] || (lengths[first] == lengths[second] && first < second))
    }
    #expect(layout.order.map { layout.ranks[$0] } == Array(lengths.indices))
  }

  @Test(arguments: lengths)
  func aStepHoldsTheSequencesThatAreStillRunning(_ lengths: [Int]) {
    let layout = PackedLayout(lengths: lengths)
    #expect(layout.steps == lengths.max() ?? 0)
    #expect(layout.rowCount == lengths.reduce(0, +))
    #expect(layout.batchSizes == (0..<layout.steps).map { t in lengths.count { $0 > t } })
    #expect(layout.offsets.count == layout.steps + 1)
    for t in 0..<layout.steps {
      #expect(layout.rows(at: t).count == layout.batchSizes[t])
      #expect(layout.rows(at: t).upperBound == layout.offsets[t + 1])
    }
  }

  @Test(arguments: lengths)
  func everyRowBelongsToOneStepOfOneSequence(_ lengths: [Int]) {
    let layout = PackedLayout(lengths: lengths)
    let rows = lengths.indices.flatMap { b in (0..<lengths[b]).map { layout.row(of: b, at: $0) } }
    #expect(rows.sorted() == Array(0..<layout.rowCount))
  }

  @Test(arguments: lengths)
  func mirroringPairsStepsOfOneSequenceAndIsItsOwnInverse(_ lengths: [Int]) {
    let layout = PackedLayout(lengths: lengths)
    let mirrored = layout.mirroredRows
    #expect(mirrored.map { mirrored[$0] } == Array(0..<layout.rowCount))
    for (b, length) in lengths.enumerated() {
      for t in 0..<length {
        #expect(mirrored[layout.row(of: b, at: t)] == layout.row(of: b, at: length - 1 - t))
      }
    }
  }

  @Test(arguments: [(3, 7), (1, 1), (0, 5), (4, 0)])
  func aBatchOfOneLengthIsDense(_ batch: Int, _ steps: Int) {
    let layout = PackedLayout(batch: batch, steps: steps)
    #expect(layout == PackedLayout(lengths: [Int](repeating: steps, count: batch)))
    #expect(layout.isDense)
    #expect(layout.order == Array(0..<batch))
  }

  @Test func aShortStepIsNotDense() {
    #expect(!PackedLayout(lengths: [3, 2]).isDense)
    #expect(!PackedLayout(lengths: [3, 0]).isDense)
    #expect(PackedLayout(lengths: [0, 0]).isDense)
  }

  // MARK: - Mistakes

  @Test func stepsThatAreNotThereStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = PackedLayout(lengths: [3, -1]) }
    await #expect(processExitsWith: .failure) { _ = PackedLayout(lengths: [3, 1]).row(of: 1, at: 1) }
    await #expect(processExitsWith: .failure) { _ = PackedLayout(lengths: [3, 1]).row(of: 0, at: -1) }
    await #expect(processExitsWith: .failure) { _ = PackedLayout(lengths: [3, 1]).row(of: 2, at: 0) }
  }
}
