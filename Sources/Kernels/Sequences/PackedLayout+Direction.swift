/// Which sequences start, continue and end at a step of a pass over time. The running sequences are a prefix of the ranks, and
/// so are those of them that continue, in either direction.
extension PackedLayout {
  /// How many of the sequences that run at step `t` ran at the step before it too; the others start here.
  func continuingCount(at t: Int, _ direction: TimeDirection) -> Int {
    switch direction {
    case .forward: t == 0 ? 0 : batchSizes[t]
    case .backward: t + 1 == steps ? 0 : batchSizes[t + 1]
    }
  }

  /// How many of the sequences that run at step `t` run at the step after it too; the others end here.
  func remainingCount(at t: Int, _ direction: TimeDirection) -> Int {
    continuingCount(at: t, direction.opposite)
  }

  /// The rows of step `t` that belong to the ranks `ranks`.
  func rows(at t: Int, ofRanks ranks: Range<Int>) -> Range<Int> {
    offsets[t] + ranks.lowerBound..<offsets[t] + ranks.upperBound
  }

  /// The row of the last step of the sequence of rank `rank`; `nil` where it has none.
  func lastRow(ofRank rank: Int, _ direction: TimeDirection) -> Int? {
    let length = lengths[order[rank]]
    return length == 0 ? nil : direction == .forward ? offsets[length - 1] + rank : rank
  }
}
