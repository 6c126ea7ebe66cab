/// Rows of vectors in panels, `[block][row][vector][lane]`: what the fused loops read and write beside matrices.
///
/// Unchecked `Sendable`: members of a team write disjoint panels.
struct Panels<Scalar: BLASScalar>: @unchecked Sendable {
  /// The first row of the panel of block 0.
  let start: UnsafeMutablePointer<Scalar>
  /// Numbers from a row to the next.
  let rowStride: Int
  /// Numbers from a panel to the next.
  let panelStride: Int

  init(_ start: UnsafeMutablePointer<Scalar>, rowStride: Int, panelStride: Int) {
    self.start = start
    self.rowStride = rowStride
    self.panelStride = panelStride
  }

  /// Panels of `rows` rows in the workspace `matrix`, whose contents are discarded.
  init(_ matrix: inout Matrix<Scalar>, _ blocks: UnitBlocks, rows: Int, vectors: Int = 1) {
    self.init(
      matrix.reshaped(rows: blocks.count * rows, columns: vectors * blocks.lanes).baseAddress,
      rowStride: vectors * blocks.lanes, panelStride: rows * vectors * blocks.lanes)
  }

  /// Panels of `rows` rows that were written to `matrix` earlier, only to be read.
  init(reading matrix: Matrix<Scalar>, _ blocks: UnitBlocks, rows: Int, vectors: Int = 1) {
    self.init(
      UnsafeMutablePointer(mutating: matrix.unsafeView.baseAddress),
      rowStride: vectors * blocks.lanes, panelStride: rows * vectors * blocks.lanes)
  }

  /// Row `row` of the panel of `block`.
  func row(_ row: Int, ofBlock block: Int = 0) -> UnsafeMutablePointer<Scalar> {
    start + (block * panelStride + row * rowStride)
  }

  /// The rows from `row` on.
  func rows(from row: Int) -> Panels {
    Panels(start + row * rowStride, rowStride: rowStride, panelStride: panelStride)
  }
}

extension MatrixView {
  /// Copies the columns of the blocks `range` to the first rows of `panels`; lanes past the last column are zero.
  func copy(_ range: Range<Int>, of blocks: UnitBlocks, to panels: Panels<Scalar>) {
    for block in range {
      let units = blocks.units(ofBlock: block)
      for b in 0..<rows {
        let target = panels.row(b, ofBlock: block)
        target.update(from: row(b) + units.lowerBound, count: units.count)
        (target + units.count).update(repeating: 0, count: blocks.lanes - units.count)
      }
    }
  }
}

extension MutableMatrixView {
  /// Copies the first rows of `panels` to the columns of the blocks `range`.
  func copy(_ range: Range<Int>, of blocks: UnitBlocks, from panels: Panels<Scalar>) {
    for block in range {
      let units = blocks.units(ofBlock: block)
      for b in 0..<rows {
        (row(b) + units.lowerBound).update(from: panels.row(b, ofBlock: block), count: units.count)
      }
    }
  }
}
