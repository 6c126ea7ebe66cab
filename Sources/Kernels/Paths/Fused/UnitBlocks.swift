internal import CFusedKernels

/// How the fused loops cut a number of hidden units, or of any columns: into *blocks* as wide as a vector register, the
/// last of which may be short, and those into *groups* of as equal size as can be.
///
/// What belongs to a block lies in a *panel*: rows of `lanes` numbers for each gate, one after the other.
struct UnitBlocks: Hashable, Sendable {
  /// Number of units.
  let units: Int
  /// Units in a whole block: elements in a vector register.
  let lanes: Int
  /// Blocks in a group, at most: the vectors of columns in a plain register tile.
  let maxInGroup: Int

  /// Number of blocks.
  var count: Int { (units + lanes - 1) / lanes }
  /// Number of groups.
  var groups: Int { (count + maxInGroup - 1) / maxInGroup }
  /// All blocks.
  var all: Range<Int> { 0..<count }

  /// The blocks of group `group`.
  func blocks(ofGroup group: Int) -> Range<Int> { start(ofGroup: group)..<start(ofGroup: group + 1) }

  /// The blocks of the groups `groups`.
  func blocks(ofGroups groups: Range<Int>) -> Range<Int> {
    start(ofGroup: groups.lowerBound)..<start(ofGroup: groups.upperBound)
  }

  /// The units of block `block`.
  func units(ofBlock block: Int) -> Range<Int> { block * lanes..<min(units, (block + 1) * lanes) }

  /// The units of the blocks `blocks`.
  func units(ofBlocks blocks: Range<Int>) -> Range<Int> {
    min(units, blocks.lowerBound * lanes)..<min(units, blocks.upperBound * lanes)
  }

  private func start(ofGroup group: Int) -> Int { groups == 0 ? 0 : count * group / groups }
}

extension UnitBlocks {
  /// How `loops` cut `units` units.
  init(units: Int, for loops: CFKCellLoops) {
    self.init(units: units, lanes: loops.lanes, maxInGroup: loops.groupBlocks)
  }
}
