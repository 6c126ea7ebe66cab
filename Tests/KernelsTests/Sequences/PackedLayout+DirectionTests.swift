import Testing

@testable import Kernels

@Suite struct PackedLayoutDirectionTests {
  @Test(arguments: PackedLayoutTests.lengths, TimeDirection.allCases)
  func sequencesStartContinueAndEndWhereTheirLengthsSay(_ lengths: [Int], _ direction: TimeDirection) {
    let layout = PackedLayout(lengths: lengths)
    for t in 0..<layout.steps {
      let running = (0..<layout.batchSizes[t]).map { lengths[layout.order[$0]] }
      let before = t - direction.increment, after = t + direction.increment
      #expect(layout.continuingCount(at: t, direction) == running.count { (0..<$0).contains(before) })
      #expect(layout.remainingCount(at: t, direction) == running.count { (0..<$0).contains(after) })
      #expect(layout.rows(at: t, ofRanks: 0..<running.count) == layout.rows(at: t))
      #expect(layout.rows(at: t, ofRanks: 1..<1).isEmpty)
    }
    for (rank, sequence) in layout.order.enumerated() {
      let length = lengths[sequence]
      let last = direction == .forward ? length - 1 : 0
      #expect(layout.lastRow(ofRank: rank, direction) == (length == 0 ? nil : layout.row(of: sequence, at: last)))
    }
  }
}
