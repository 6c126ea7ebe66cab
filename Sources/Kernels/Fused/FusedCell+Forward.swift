internal import CFusedKernels

extension FusedCell {
  /// The time loop of the fused path: one call of a fused loop a step, and one barrier.
  ///
  /// Each member of the team keeps its panels of weights for the whole sequence, so that they stay in its own cache.
  /// Nothing is copied between steps: a step reads the hidden state where the one before wrote it, among the outputs.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let layout = pass.layout
    let run = FusedForwardRun(self, pass, &tape.fused)
    let parameters = CellParameters(shape, reading: pass.parameters)
    let threads = min(
      pass.execution.threads(forStepWork: layout.batch * shape.forwardOperations), run.weights.panelCount)

    withRegion(threads: threads) { team in
      let panels = team.share(of: run.weights.panelCount)
      if pass.prepared == nil { run.weights.pack(parameters, panels: panels) }
      run.begin(panels)
      if run.projectsAhead { run.projectInputs(panels) }
      // Until here nobody read what another member wrote; a masked state has columns of all.
      if pass.recurrentMask != nil { team.barrier() }

      for t in pass.direction.order(of: layout.steps) {
        let goingOn = layout.countGoingOn(at: t, pass.direction)
        run.step(t, 0..<goingOn, from: t - pass.direction.increment, panels)
        run.step(t, goingOn..<layout.batchSizes[t], from: nil, panels)
        team.barrier()
      }
      run.finish(panels)
    }
  }
}

/// The memory of a forward pass on the fused path, as all members of its team see it.
///
/// Unchecked `Sendable`: members write disjoint panels and columns.
private struct FusedForwardRun<Scalar: BLASScalar>: @unchecked Sendable {
  let cell: FusedCell
  let pass: ForwardPass<Scalar>
  let loops: CFKCellLoops
  let loop: FusedCell.ForwardLoop
  let weights: ForwardWeights<Scalar>
  /// Whether the input products of all steps are computed before the first.
  let projectsAhead: Bool

  /// See ``FusedBuffers``.
  let gates: UnsafeMutablePointer<Scalar>
  let cells: UnsafeMutablePointer<Scalar>
  let runningCells: UnsafeMutablePointer<Scalar>
  let initialHidden: MutableMatrixView<Scalar>
  let maskedInitialHidden: MutableMatrixView<Scalar>
  let maskedHidden: MutableMatrixView<Scalar>

  private var blocks: UnitBlocks { weights.blocks }
  private var lanes: Int { blocks.lanes }
  private var shape: CellShape { cell.shape }
  private var rows: Int { pass.layout.rowCount }
  private var batch: Int { pass.layout.batch }

  init(_ cell: FusedCell, _ pass: ForwardPass<Scalar>, _ buffers: inout FusedBuffers<Scalar>) {
    self.cell = cell
    self.pass = pass
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.forwardLoop(loops)
    let (shape, rows, batch) = (cell.shape, pass.layout.rowCount, pass.layout.batch)
    let blocks = UnitBlocks(units: shape.hiddenSize, for: loops)
    projectsAhead = AheadProjection.isWorthIt(pass.layout)
    let recorded = pass.isRecording ? rows : 0
    let summed = projectsAhead ? rows : cell.recordedVectors > 0 ? recorded : 0
    gates =
      buffers.gates.reshaped(rows: blocks.count * summed, columns: cell.sumVectors * loops.lanes).baseAddress
    let stateBlocks = cell.hasCellState ? blocks.count : 0
    cells = buffers.cells.reshaped(rows: stateBlocks * recorded, columns: loops.lanes).baseAddress
    runningCells = buffers.runningCells.reshaped(rows: stateBlocks * batch, columns: loops.lanes).baseAddress
    initialHidden = buffers.initialHidden.reshaped(rows: pass.isRecording ? batch : 0, columns: shape.outputSize)
    let isMasked = pass.recurrentMask != nil
    maskedInitialHidden = buffers.maskedInitialHidden.reshaped(rows: isMasked ? batch : 0, columns: shape.outputSize)
    maskedHidden = buffers.maskedHidden.reshaped(
      rows: !isMasked ? 0 : pass.isRecording ? rows : 2 * batch, columns: shape.outputSize)
    if let prepared = pass.prepared {
      weights = prepared.forwardWeights(cell, blocks)
    } else {
      let memory = buffers.forwardWeights.reshaped(rows: 1, columns: ForwardWeights<Scalar>.count(cell, blocks))
      weights = ForwardWeights(cell, blocks, in: memory.baseAddress)
    }
  }

  /// Copies the initial state to where the loop reads it, and keeps it for a backward pass.
  func begin(_ panels: Range<Int>) {
    let mine = weights.blocks(ofPanels: panels)
    if cell.hasCellState { pass.cell.readOnly.copy(toPanelsOf: blocks, mine, runningCells) }
    let columns = blocks.units(ofBlocks: mine)
    if pass.isRecording { initialHidden.columns(columns).copy(from: pass.hidden.readOnly.columns(columns)) }
    guard let mask = pass.recurrentMask else { return }
    for b in 0..<batch {
      multiplyElements(pass.hidden.row(b), mask.row(b), into: maskedInitialHidden.row(b), columns)
    }
  }

  /// Input products and biases of all rows: one product for each panel.
  func projectInputs(_ panels: Range<Int>) {
    for panel in panels {
      let first = weights.blocks(ofPanels: panel..<panel + 1)
      let vectors = first.count * shape.gates
      var product = CFKPackedProduct()
      product.rows = rows
      product.a = UnsafeRawPointer(pass.inputs.baseAddress)
      product.aRow = pass.inputs.stride
      product.runs = 1
      product.runLength = shape.inputSize
      product.b = UnsafeRawPointer(weights.panel(ofBlocksFrom: first.lowerBound))
      product.vectors = vectors
      product.start = UnsafeRawPointer(weights.starts + first.lowerBound * shape.gates * lanes)
      product.startVector = lanes
      product.c = UnsafeMutableRawPointer(gates + first.lowerBound * rows * cell.sumVectors * lanes)
      product.cRow = cell.sumVectors * lanes
      product.cVector = cell.hasPanelPerBlock ? lanes : rows * lanes
      product.lastCount = lanes
      loops.packedProduct(&product)
    }
  }

  /// Step `t` of the ranks `ranks`, which come from the step `before`, or from the initial state where that is `nil`.
  func step(_ t: Int, _ ranks: Range<Int>, from before: Int?, _ panels: Range<Int>) {
    guard !ranks.isEmpty, !panels.isEmpty else { return }
    let (first, lanes, layout) = (ranks.lowerBound, lanes, pass.layout)
    let row = layout.offsets[t] + first
    let rowBefore = before.map { layout.offsets[$0] + first }
    var step = CFKForwardStep()
    step.rows = ranks.count
    step.units = shape.hiddenSize

    step.weights = UnsafeRawPointer(weights.panels)
    step.depth = weights.depth
    if projectsAhead {
      step.start = UnsafeRawPointer(gates + row * cell.sumVectors * lanes)
      step.startRow = cell.sumVectors * lanes
      step.startPanel = rows * cell.sumVectors * lanes
      step.skippedDepth = shape.inputSize
    } else {
      step.start = UnsafeRawPointer(weights.starts)
      step.startPanel = shape.gates * lanes
      step.inputs = UnsafeRawPointer(pass.inputs.row(row))
      step.inputRow = pass.inputs.stride
      step.inputCount = shape.inputSize
    }
    step.candidateStart = UnsafeRawPointer(weights.candidateStarts)

    let hidden = rowBefore.map { pass.outputs.row($0) } ?? pass.hidden.row(first)
    let hiddenStride = rowBefore == nil ? pass.hidden.stride : pass.outputs.stride
    step.hiddenBefore = UnsafeRawPointer(hidden)
    step.hiddenBeforeRow = hiddenStride
    step.hidden = UnsafeRawPointer(hidden)
    step.hiddenRow = hiddenStride
    step.hiddenCount = shape.outputSize
    if let mask = pass.recurrentMask {
      step.hidden = UnsafeRawPointer(before.map { maskedRow($0, first) } ?? maskedInitialHidden.row(first))
      step.hiddenRow = maskedHidden.stride
      step.mask = UnsafeRawPointer(mask.row(first))
      step.maskRow = mask.stride
      step.masked = UnsafeMutableRawPointer(maskedRow(t, first))
      step.maskedRow = maskedHidden.stride
    }

    step.cellBefore = UnsafeRawPointer(runningCells + first * lanes)
    step.cellBeforePanel = batch * lanes
    step.cell = UnsafeMutableRawPointer(runningCells + first * lanes)
    step.cellPanel = batch * lanes
    if pass.isRecording {
      step.cell = UnsafeMutableRawPointer(cells + row * lanes)
      step.cellPanel = rows * lanes
      if let rowBefore {
        step.cellBefore = UnsafeRawPointer(cells + rowBefore * lanes)
        step.cellBeforePanel = rows * lanes
      }
      step.gates = UnsafeMutableRawPointer(gates + row * cell.recordedVectors * lanes)
      step.gatesPanel = rows * cell.recordedVectors * lanes
    }

    step.outputs = UnsafeMutableRawPointer(pass.outputs.row(row))
    step.outputRow = pass.outputs.stride
    step.rectifies = cell.rectifies
    step.descends = !t.isMultiple(of: 2)
    loop(&step, panels.lowerBound, panels.upperBound)
  }

  /// The masked hidden state after step `t` of the sequences from rank `first` on.
  private func maskedRow(_ t: Int, _ first: Int) -> UnsafeMutablePointer<Scalar> {
    maskedHidden.row(pass.isRecording ? pass.layout.offsets[t] + first : t % 2 * batch + first)
  }

  /// Copies the state after each sequence's last step to where the caller wants it.
  func finish(_ panels: Range<Int>) {
    let mine = weights.blocks(ofPanels: panels)
    let columns = blocks.units(ofBlocks: mine)
    for rank in 0..<batch {
      guard let row = pass.layout.lastRow(ofRank: rank, pass.direction) else { continue }
      (pass.hidden.row(rank) + columns.lowerBound)
        .update(from: pass.outputs.row(row) + columns.lowerBound, count: columns.count)
      guard cell.hasCellState else { continue }
      for block in mine {
        let units = blocks.units(ofBlock: block)
        let after =
          pass.isRecording ? cells + (block * rows + row) * lanes : runningCells + (block * batch + rank) * lanes
        (pass.cell.row(rank) + units.lowerBound).update(from: after, count: units.count)
      }
    }
  }
}

/// When the input products of all steps are computed before the first one, as one product.
///
/// A step reads all its weights once for a tile of rows. From a few sequences on, the input weights cost nothing extra
/// there; with fewer, one product over all steps reads them once for six steps.
enum AheadProjection {
  /// Sequences up to which it pays.
  static let mostSequences = 3

  static func isWorthIt(_ layout: PackedLayout) -> Bool { layout.batch <= mostSequences && layout.steps > 1 }
}

extension PackedLayout {
  /// The row of the last step that a walk takes through the sequence of rank `rank`; `nil` where it has none.
  func lastRow(ofRank rank: Int, _ direction: TimeDirection) -> Int? {
    let length = lengths[order[rank]]
    return length == 0 ? nil : direction == .forward ? offsets[length - 1] + rank : rank
  }
}

extension MatrixView {
  /// Copies the columns of the blocks `range` to panels of as many rows; lanes past the last column are zero.
  func copy(toPanelsOf blocks: UnitBlocks, _ range: Range<Int>, _ panels: UnsafeMutablePointer<Scalar>) {
    for block in range {
      let units = blocks.units(ofBlock: block)
      for b in 0..<rows {
        let target = panels + (block * rows + b) * blocks.lanes
        target.update(from: row(b) + units.lowerBound, count: units.count)
        (target + units.count).update(repeating: 0, count: blocks.lanes - units.count)
      }
    }
  }
}

extension MutableMatrixView {
  /// Copies panels of as many rows back to the columns of the blocks `range`.
  func copy(fromPanelsOf blocks: UnitBlocks, _ range: Range<Int>, _ panels: UnsafeMutablePointer<Scalar>) {
    for block in range {
      let units = blocks.units(ofBlock: block)
      for b in 0..<rows {
        (row(b) + units.lowerBound).update(from: panels + (block * rows + b) * blocks.lanes, count: units.count)
      }
    }
  }
}
