import Models
import TestSupport
import Testing

@testable import Kernels

@Suite struct PanelsTests {
  private let blocks = UnitBlocks(units: 11, lanes: 4, maxInGroup: 2)

  @Test func aRowOfABlockLiesWhereTheShapeSays() {
    var memory = Matrix<Double>.zeros(rows: 0, columns: 0)
    let panels = Panels(&memory, blocks, rows: 5, vectors: 3)
    #expect((memory.rows, memory.columns) == (3 * 5, 3 * 4))
    for block in 0..<3 {
      for row in 0..<5 {
        #expect(panels.row(row, ofBlock: block) - panels.start == (block * 5 + row) * 3 * 4)
        #expect(panels.rows(from: 2).row(row, ofBlock: block) == panels.row(row + 2, ofBlock: block))
      }
    }
    #expect(Panels(reading: memory, blocks, rows: 5, vectors: 3).row(4, ofBlock: 2) == panels.row(4, ofBlock: 2))
  }

  /// To panels of more rows than the matrix has, and back; lanes that are no units hold zeros.
  @Test func copyingToPanelsAndBackChangesNothing() {
    var generator = SeededGenerator(seed: 3)
    let matrix = Matrix<Float>.random(rows: 3, columns: 11, from: &generator)
    var memory = Matrix<Float>.zeros(rows: 0, columns: 0)
    let panels = Panels(&memory, blocks, rows: 4)
    memory.withMutableView { $0.fill(7) }
    // One block after another, as the members of a team.
    for block in blocks.all { matrix.withView { $0.copy(block..<block + 1, of: blocks, to: panels) } }
    for row in 0..<4 {
      for block in blocks.all {
        for lane in 0..<4 {
          let unit = block * 4 + lane
          let wanted = row == 3 ? 7 : unit < 11 ? matrix[row, unit] : 0
          #expect(panels.row(row, ofBlock: block)[lane] == wanted)
        }
      }
    }
    var back = Matrix<Float>.zeros(rows: 3, columns: 11)
    back.withMutableView { $0.copy(blocks.all, of: blocks, from: panels) }
    #expect(back == matrix)
  }
}
