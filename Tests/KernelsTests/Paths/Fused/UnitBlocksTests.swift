import CFusedKernels
import Testing

@testable import Kernels

@Suite struct UnitBlocksTests {
  private static let all = [(1, 2), (2, 4), (4, 2), (8, 2), (8, 4), (16, 4)].flatMap { lanes, most in
    (Array(0...70) + [1021]).map { UnitBlocks(units: $0, lanes: lanes, maxInGroup: most) }
  }

  @Test func blocksAreAllUnitsInOrderAndOnlyTheLastIsShort() {
    for blocks in Self.all {
      #expect(blocks.all.flatMap { Array(blocks.units(ofBlock: $0)) } == Array(0..<blocks.units))
      #expect(blocks.all.dropLast().allSatisfy { blocks.units(ofBlock: $0).count == blocks.lanes })
      #expect(blocks.all.allSatisfy { !blocks.units(ofBlock: $0).isEmpty })
    }
  }

  @Test func groupsAreAllBlocksInOrder() {
    for blocks in Self.all {
      #expect((0..<blocks.groups).flatMap { Array(blocks.blocks(ofGroup: $0)) } == Array(blocks.all))
    }
  }

  @Test func groupsAreAsFewAsCanBeAndOfAsEqualSizeAsCanBe() {
    for blocks in Self.all where blocks.units > 0 {
      let sizes = (0..<blocks.groups).map { blocks.blocks(ofGroup: $0).count }
      #expect(sizes.max()! <= blocks.maxInGroup && sizes.min()! >= 1)
      #expect(sizes.max()! - sizes.min()! <= 1)
      #expect((blocks.groups - 1) * blocks.maxInGroup < blocks.count)
    }
  }

  @Test func aRangeOfGroupsOrBlocksIsItsMembersTogether() {
    for blocks in Self.all where blocks.units < 40 {
      for first in 0...blocks.groups {
        for last in first...blocks.groups {
          let members = (first..<last).flatMap { Array(blocks.blocks(ofGroup: $0)) }
          let range = blocks.blocks(ofGroups: first..<last)
          #expect(Array(range) == members)
          #expect(Array(blocks.units(ofBlocks: range)) == range.flatMap { Array(blocks.units(ofBlock: $0)) })
        }
      }
    }
  }

  /// What `CFKCells.h` says of the cut, which the C loops make by themselves.
  @Test func theCutIsThatOfTheFusedLoops() {
    for (loops, type) in [(Float.fusedLoops, "Float"), (Double.fusedLoops, "Double")] {
      for units in 0...200 {
        let blocks = UnitBlocks(units: units, for: loops)
        let (count, most) = ((units + loops.lanes - 1) / loops.lanes, loops.groupBlocks)
        #expect(blocks.count == count)
        #expect(blocks.groups == (count + most - 1) / most, "\(units) units of \(type)")
        for group in 0..<blocks.groups {
          #expect(
            blocks.blocks(ofGroup: group) == count * group / blocks.groups..<count * (group + 1) / blocks.groups)
        }
      }
    }
  }
}
