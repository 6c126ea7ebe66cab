internal import CFusedKernels

/// A forward pass on the fused path, as all members of its team see it: one call of a fused loop a step, and one barrier.
///
/// Each member of the team keeps its panels of weights for the whole sequence, so that they stay in its own cache.
/// Nothing is copied between steps: a step reads the hidden state where the one before wrote it, among the outputs.
///
/// Unchecked `Sendable`: members write disjoint panels and columns.
struct FusedForwardRun<Scalar: BLASScalar>: RegionBody, @unchecked Sendable {
  let cell: FusedCell
  let pass: ForwardPass<Scalar>
  let loops: CFKCellLoops
  let loop: FusedCell.ForwardLoop
  let weights: ForwardWeights<Scalar>
  /// Whether the weights are yet to be packed.
  let packsWeights: Bool
  /// Whether the input products of all steps are computed before the first.
  let projectsAhead: Bool
  /// Where gates and cell states are kept; `nil` for nowhere.
  var recording: FusedRecording<Scalar>?
  /// Cell states before each window, where the backward pass is to recompute gates; `nil` elsewhere.
  let checkpoints: Checkpoints<Scalar>?

  /// See ``FusedBuffers``.
  let sums: Panels<Scalar>
  let runningCells: Panels<Scalar>
  let initialCells: Panels<Scalar>
  let initialHidden: MutableMatrixView<Scalar>
  let maskedInitialHidden: MutableMatrixView<Scalar>
  let maskedHidden: MutableMatrixView<Scalar>
  /// Where a recomputation writes hidden states, `[B × R]`, because the outputs have them already; `nil` in other passes.
  let recomputedHidden: MutableMatrixView<Scalar>?
  let schedule: BackwardSchedule

  private var blocks: UnitBlocks { weights.blocks }

  /// A pass that begins.
  init(
    _ cell: FusedCell, _ pass: ForwardPass<Scalar>, _ storage: TapeStorage, _ buffers: inout FusedBuffers<Scalar>
  ) {
    self.cell = cell
    self.pass = pass
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.forwardLoop(loops)
    let (rows, batch, R) = (pass.layout.rowCount, pass.layout.batch, cell.outputSize)
    let blocks = UnitBlocks(units: cell.hiddenSize, for: loops)
    let recordsAll = pass.isRecording && storage == .everything
    let recordsCheckpoints = pass.isRecording && storage == .recomputed
    // Input products of all rows are as much memory as a recording.
    projectsAhead = AheadProjection.isWorthIt(pass.layout) && !recordsCheckpoints
    schedule = buffers.schedule

    let hasSums = projectsAhead || recordsAll && cell.recordsGates
    sums = Panels(&buffers.gates, blocks, rows: hasSums ? rows : 0, vectors: cell.vectors)
    func cells(_ matrix: inout Matrix<Scalar>, rows: Int) -> Panels<Scalar> {
      Panels(&matrix, blocks, rows: cell.hasCellState ? rows : 0)
    }
    let recordedCells = cells(&buffers.cells, rows: recordsAll ? rows : 0)
    runningCells = cells(&buffers.runningCells, rows: recordsAll ? 0 : batch)
    initialCells = cells(&buffers.initialCells, rows: pass.isRecording ? batch : 0)
    recording =
      recordsAll
      ? FusedRecording(
        rows: 0..<rows, gates: sums, cells: recordedCells, initialCells: initialCells, cellsBefore: initialCells) : nil
    checkpoints =
      recordsCheckpoints
      ? Checkpoints(
        cells(&buffers.checkpoints, rows: schedule.windows.count * batch).start, blocks, batch: batch) : nil

    initialHidden = buffers.initialHidden.reshaped(rows: pass.isRecording ? batch : 0, columns: R)
    let isMasked = pass.recurrentMask != nil
    maskedInitialHidden = buffers.maskedInitialHidden.reshaped(rows: isMasked ? batch : 0, columns: R)
    maskedHidden = buffers.maskedHidden.reshaped(
      rows: !isMasked ? 0 : pass.isRecording ? rows : 2 * batch, columns: R)
    recomputedHidden = nil
    // A backward pass that recomputes gates reads the tape's own weights.
    packsWeights = pass.prepared == nil || recordsCheckpoints
    if let prepared = pass.prepared, !packsWeights {
      weights = prepared.forwardWeights(cell, blocks)
    } else {
      let memory = buffers.forwardWeights.reshaped(rows: 1, columns: ForwardWeights<Scalar>.count(cell, blocks))
      weights = ForwardWeights(cell, blocks, in: memory.baseAddress)
    }
  }

  /// The time loop, as one member of the team goes through it.
  func run(_ team: Team) {
    let panels = team.share(of: weights.panelCount)
    if packsWeights { weights.pack(CellParameters(cell.recurrentCell, reading: pass.parameters), panels: panels) }
    begin(panels)
    if projectsAhead { projectInputs(panels) }
    // Until here no member read what another wrote; a masked state has columns of all.
    if pass.recurrentMask != nil { team.barrier() }

    for t in pass.direction.order(of: pass.layout.steps) {
      keepCheckpoint(before: t, panels)
      let continuing = pass.layout.continuingCount(at: t, pass.direction)
      step(t, 0..<continuing, from: t - pass.direction.increment, panels)
      step(t, continuing..<pass.layout.batchSizes[t], from: nil, panels)
      team.barrier()
    }
    finish(panels)
  }

  /// Copies the initial state to where the loop reads it, and keeps it for a backward pass.
  private func begin(_ panels: Range<Int>) {
    let mine = weights.blocks(ofPanels: panels)
    if cell.hasCellState {
      if recording == nil { pass.cell.readOnly.copy(mine, of: blocks, to: runningCells) }
      if pass.isRecording { pass.cell.readOnly.copy(mine, of: blocks, to: initialCells) }
    }
    let columns = blocks.units(ofBlocks: mine)
    if pass.isRecording { initialHidden.columns(columns).copy(from: pass.hidden.readOnly.columns(columns)) }
    guard let mask = pass.recurrentMask else { return }
    for b in 0..<pass.layout.batch {
      multiplyElements(pass.hidden.row(b), mask.row(b), into: maskedInitialHidden.row(b), columns)
    }
  }

  /// Input products and biases of all rows: one product for each panel.
  private func projectInputs(_ panels: Range<Int>) {
    for panel in panels {
      let blocksOfPanel = weights.blocks(ofPanels: panel..<panel + 1)
      let first = blocksOfPanel.lowerBound
      var product = CFKPackedProduct()
      product.rows = pass.layout.rowCount
      product.a = UnsafeRawPointer(pass.inputs.baseAddress)
      product.aRow = pass.inputs.stride
      product.runs = 1
      product.runLength = cell.inputSize
      product.b = UnsafeRawPointer(weights.panel(ofBlocksFrom: first))
      product.vectors = blocksOfPanel.count * cell.gateCount
      product.start = UnsafeRawPointer(weights.startPanels.row(0, ofBlock: first))
      product.startVector = blocks.lanes
      product.c = UnsafeMutableRawPointer(sums.row(0, ofBlock: first))
      product.cRow = sums.rowStride
      product.cVector = cell.hasPanelPerBlock ? blocks.lanes : sums.panelStride
      product.lastCount = blocks.lanes
      loops.packedProduct(&product)
    }
  }

  /// Step `t` of the ranks `ranks`, which come from the step `before`, or from the initial state where that is `nil`.
  func step(_ t: Int, _ ranks: Range<Int>, from before: Int?, _ panels: Range<Int>) {
    guard !ranks.isEmpty, !panels.isEmpty else { return }
    let rows = pass.layout.rows(at: t, ofRanks: ranks)
    let rowsBefore = before.map { pass.layout.rows(at: $0, ofRanks: ranks) }
    var step = CFKForwardStep()
    step.rows = ranks.count
    step.units = cell.hiddenSize
    step.setWeights(weights)
    if projectsAhead {
      step.setStart(sums.rows(from: rows.lowerBound))
      step.skippedDepth = cell.inputSize
    } else {
      step.setStart(weights.startPanels)
      step.setInputs(pass.inputs.rows(rows))
    }
    let hiddenBefore = rowsBefore.map { pass.outputs.rows($0) } ?? pass.hidden.rows(ranks)
    step.setHiddenBefore(hiddenBefore)
    if let mask = pass.recurrentMask {
      step.setRecurrentInput(before.map { maskedHidden(after: $0, ranks) } ?? maskedInitialHidden.rows(ranks))
      if recomputedHidden == nil { step.setMask(mask.rows(ranks), into: maskedHidden(after: t, ranks)) }
    } else {
      step.setRecurrentInput(hiddenBefore)
    }
    if let recording {
      step.setCell(
        before: recording.cells(before: ranks.lowerBound, after: rowsBefore?.lowerBound),
        after: recording.cells(after: rows.lowerBound))
      if cell.recordsGates { step.setGates(recording.gates(from: rows.lowerBound)) }
    } else if cell.hasCellState {
      step.setCell(before: runningCells.rows(from: ranks.lowerBound), after: runningCells.rows(from: ranks.lowerBound))
    }
    step.setOutputs(recomputedHidden?.rows(ranks) ?? pass.outputs.rows(rows))
    step.rectifies = cell.rectifies
    step.descends = !t.isMultiple(of: 2)
    loop(&step, panels.lowerBound, panels.upperBound)
  }

  /// The masked hidden state after step `t` of the ranks `ranks`.
  private func maskedHidden(after t: Int, _ ranks: Range<Int>) -> MutableMatrixView<Scalar> {
    let first = pass.isRecording ? pass.layout.offsets[t] : t % 2 * pass.layout.batch
    return maskedHidden.rows(first + ranks.lowerBound..<first + ranks.upperBound)
  }

  /// Copies the state after each sequence's last step to the caller's state.
  private func finish(_ panels: Range<Int>) {
    let mine = weights.blocks(ofPanels: panels)
    let columns = blocks.units(ofBlocks: mine)
    for rank in 0..<pass.layout.batch {
      guard let row = pass.layout.lastRow(ofRank: rank, pass.direction) else { continue }
      copyElements(pass.outputs.row(row), to: pass.hidden.row(rank), columns)
      guard cell.hasCellState else { continue }
      let after = recording?.cells(after: row) ?? runningCells.rows(from: rank)
      for block in mine {
        let units = blocks.units(ofBlock: block)
        (pass.cell.row(rank) + units.lowerBound).update(from: after.row(0, ofBlock: block), count: units.count)
      }
    }
  }
}

/// When the input products of all steps are computed before the first one, as one product.
///
/// A step reads all its weights once for a tile of rows. From a few sequences on, the input weights cost nothing extra
/// there; with fewer, one product over all steps reads them once for six steps.
enum AheadProjection {
  /// Sequences up to which it pays. LSTM inference, I = 128, H = 256, 100 steps, one thread (Zen 4), ahead and not, in µs:
  /// 1 sequence 1257, 1575; 2 1582, 1683; 3 2190, 2170; 4 2910, 2860.
  static let maxSequences = 2

  static func isWorthIt(_ layout: PackedLayout) -> Bool { layout.batch <= maxSequences && layout.steps > 1 }
}
