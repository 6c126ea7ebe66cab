internal import CFusedKernels

/// The forward weights of a cell in the order in which the fused loops read them.
///
/// A panel for each block of units, `[I + R][G][lanes]`, input weights above recurrent ones; in a vanilla cell a panel
/// for each group, `[I + R][blocks of the group][lanes]`. Beside them what the sums begin with, the biases.
struct ForwardWeights<Scalar: BLASScalar>: @unchecked Sendable {
  let cell: FusedCell
  let blocks: UnitBlocks
  /// All panels.
  let panels: UnsafeMutablePointer<Scalar>
  /// `[block][gate][lanes]`; in a GRU the candidate has the input bias alone.
  let starts: UnsafeMutablePointer<Scalar>
  /// b_hn of a GRU, `[block][lanes]`.
  let candidateStarts: UnsafeMutablePointer<Scalar>

  /// Numbers that the weights of `cell` take.
  static func count(_ cell: FusedCell, _ blocks: UnitBlocks) -> Int {
    blocks.count * blocks.lanes * (cell.gateCount * (cell.inputSize + cell.outputSize + 1) + 1)
  }

  init(_ cell: FusedCell, _ blocks: UnitBlocks, in memory: UnsafeMutablePointer<Scalar>) {
    self.cell = cell
    self.blocks = blocks
    let vectors = blocks.count * cell.gateCount
    panels = memory
    starts = panels + vectors * blocks.lanes * (cell.inputSize + cell.outputSize)
    candidateStarts = starts + vectors * blocks.lanes
  }

  /// Rows of a panel, I + R.
  var depth: Int { cell.inputSize + cell.outputSize }

  /// Panels, over which members of a team share the work: blocks or groups.
  var panelCount: Int { cell.hasPanelPerBlock ? blocks.count : blocks.groups }

  /// ``starts`` as a loop reads them: the same for every row.
  var startPanels: Panels<Scalar> { Panels(starts, rowStride: 0, panelStride: cell.gateCount * blocks.lanes) }

  /// The blocks of the panels `panels`.
  func blocks(ofPanels panels: Range<Int>) -> Range<Int> {
    cell.hasPanelPerBlock ? panels : blocks.blocks(ofGroups: panels)
  }

  /// The first number of the panel of the blocks from `block` on.
  func panel(ofBlocksFrom block: Int) -> UnsafeMutablePointer<Scalar> {
    panels + block * cell.gateCount * depth * blocks.lanes
  }

  /// Writes the panels `range` and what belongs to their blocks.
  func pack(_ weights: CellParameters<Scalar>, panels range: Range<Int>) {
    let lanes = blocks.lanes
    let transpose = Scalar.fusedLoops.transposeRows!
    for panel in range {
      let blocksOfPanel = blocks(ofPanels: panel..<panel + 1)
      let vectors = blocksOfPanel.count * cell.gateCount
      var target = self.panel(ofBlocksFrom: blocksOfPanel.lowerBound)
      for block in blocksOfPanel {
        let units = blocks.units(ofBlock: block)
        for gate in 0..<cell.gateCount {
          let row = gate * cell.hiddenSize + units.lowerBound
          transpose(
            weights.inputWeights.row(row), cell.inputSize, units.count, cell.inputSize, target, vectors * lanes)
          transpose(
            weights.recurrentWeights.row(row), cell.outputSize, units.count, cell.outputSize,
            target + cell.inputSize * vectors * lanes, vectors * lanes)
          target += lanes
          packStarts(weights, block, gate)
        }
      }
    }
  }

  private func packStarts(_ weights: CellParameters<Scalar>, _ block: Int, _ gate: Int) {
    let lanes = blocks.lanes
    let (units, start) = (blocks.units(ofBlock: block), starts + (block * cell.gateCount + gate) * lanes)
    let candidate = candidateStarts + block * lanes
    let addsRecurrentBias = gate != cell.gateWithOwnRecurrentBias
    for lane in 0..<lanes {
      let row = gate * cell.hiddenSize + units.lowerBound + lane
      let isUnit = lane < units.count
      let bias = isUnit ? weights.inputBias?.baseAddress[row] ?? 0 : 0
      let recurrentBias = isUnit ? weights.recurrentBias?.baseAddress[row] ?? 0 : 0
      start[lane] = addsRecurrentBias ? bias + recurrentBias : bias
      if !addsRecurrentBias { candidate[lane] = recurrentBias }
    }
  }
}

/// A weight matrix in the order in which gate gradients are multiplied with it: a panel for each group of its columns,
/// `[block of units][gate][lane of the block][blocks of columns][lanes]`.
struct BackwardWeights<Scalar: BLASScalar>: @unchecked Sendable {
  /// Of the hidden units, whose gates are the depth of the product.
  let units: UnitBlocks
  /// Of the columns.
  let columns: UnitBlocks
  /// Which vectors of a gradient row take part.
  let vectors: GradientVectors
  let panels: UnsafeMutablePointer<Scalar>

  init(
    units: UnitBlocks, columns: UnitBlocks, vectors: GradientVectors, panels: UnsafeMutablePointer<Scalar>
  ) {
    self.units = units
    self.columns = columns
    self.vectors = vectors
    self.panels = panels
  }

  /// Room in `matrix` for a weight matrix of `columns` columns.
  init(
    _ matrix: inout Matrix<Scalar>, _ units: UnitBlocks, columns: Int, _ vectors: GradientVectors, _ loops: CFKCellLoops
  ) {
    let columns = UnitBlocks(units: columns, for: loops)
    let count = Self.count(units, columns, vectors)
    self.init(
      units: units, columns: columns, vectors: vectors, panels: matrix.reshaped(rows: 1, columns: count).baseAddress)
  }

  /// Neighbouring numbers of a gradient row that take part.
  var runLength: Int { vectors.count * units.lanes }

  /// The first of them.
  var firstLane: Int { vectors.first * units.lanes }

  /// Rows of a panel.
  var depth: Int { units.count * runLength }

  /// Numbers that the panels take.
  static func count(_ units: UnitBlocks, _ columns: UnitBlocks, _ vectors: GradientVectors) -> Int {
    columns.count * columns.lanes * units.count * vectors.count * units.lanes
  }

  /// The first number of the panel of the blocks of columns from `block` on.
  func panel(ofBlocksFrom block: Int) -> UnsafeMutablePointer<Scalar> { panels + block * depth * columns.lanes }

  /// Writes the panels of the groups `groups`.
  func pack(_ weights: MatrixView<Scalar>, groups: Range<Int>) {
    for group in groups {
      let blocks = columns.blocks(ofGroup: group)
      let inGroup = columns.units(ofBlocks: blocks)
      let width = blocks.count * columns.lanes
      var target = panel(ofBlocksFrom: blocks.lowerBound)
      for block in units.all {
        let unitsOfBlock = units.units(ofBlock: block)
        for vector in 0..<vectors.count {
          let gate = vectors.gate(ofVector: vector)
          for lane in 0..<units.lanes {
            if lane < unitsOfBlock.count {
              let row = weights.row(gate * units.units + unitsOfBlock.lowerBound + lane)
              target.update(from: row + inGroup.lowerBound, count: inGroup.count)
              (target + inGroup.count).update(repeating: 0, count: width - inGroup.count)
            } else {
              target.update(repeating: 0, count: width)
            }
            target += width
          }
        }
      }
    }
  }
}
