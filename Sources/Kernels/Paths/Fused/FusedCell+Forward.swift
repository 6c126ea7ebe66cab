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
    if pass.isRecording { tape.fused.schedule.cut(layout, pass.direction, tape.storage) }
    let run = FusedForwardRun(self, pass, tape.storage, &tape.fused)
    withRegion(
      threads: min(
        pass.execution.threads(for: layout, rowWork: cell.forwardOperations), run.weights.panelCount), run)
  }
}

extension FusedForwardRun: RegionBody {
  /// The time loop, as one member of the team goes through it.
  func run(_ team: Team) {
    let panels = team.share(of: weights.panelCount)
    if packsWeights { weights.pack(CellParameters(cell.cell, reading: pass.parameters), panels: panels) }
    begin(panels)
    if projectsAhead { projectInputs(panels) }
    // Until here nobody read what another member wrote; a masked state has columns of all.
    if pass.recurrentMask != nil { team.barrier() }

    for t in pass.direction.order(of: pass.layout.steps) {
      keepCheckpoint(before: t, panels)
      step(t, panels)
      team.barrier()
    }
    finish(panels)
  }
}

/// The memory of a forward pass on the fused path, as all members of its team see it.
///
/// Unchecked `Sendable`: members write disjoint panels and columns.
struct FusedForwardRun<Scalar: BLASScalar>: @unchecked Sendable {
  let cell: FusedCell
  let pass: ForwardPass<Scalar>
  let loops: CFKCellLoops
  let loop: FusedCell.ForwardLoop
  let weights: ForwardWeights<Scalar>
  /// Whether the weights are yet to be packed.
  let packsWeights: Bool
  /// Whether the input products of all steps are computed before the first.
  let projectsAhead: Bool

  /// The rows whose gates and cell states are kept, and room for how many there is in a panel; `nil` for none.
  private(set) var kept: (rows: Range<Int>, capacity: Int)?
  /// Cell states before the first of those rows, panels of `B` rows; `nil` where they are the initial ones.
  private var cellsBeforeKept: UnsafeMutablePointer<Scalar>?
  /// Whether steps write hidden states to `recomputedHidden`, because the outputs have them already.
  private let recomputes: Bool

  /// See ``FusedBuffers``.
  let gates: UnsafeMutablePointer<Scalar>
  let cells: UnsafeMutablePointer<Scalar>
  let runningCells: UnsafeMutablePointer<Scalar>
  let initialCells: UnsafeMutablePointer<Scalar>
  let checkpoints: UnsafeMutablePointer<Scalar>?
  let initialHidden: MutableMatrixView<Scalar>
  let maskedInitialHidden: MutableMatrixView<Scalar>
  let maskedHidden: MutableMatrixView<Scalar>
  let recomputedHidden: MutableMatrixView<Scalar>
  let schedule: BackwardSchedule

  private var blocks: UnitBlocks { weights.blocks }
  private var lanes: Int { blocks.lanes }
  private var shape: RecurrentCell { cell.cell }
  private var rows: Int { pass.layout.rowCount }
  private var batch: Int { pass.layout.batch }

  /// A pass that begins.
  init(
    _ cell: FusedCell, _ pass: ForwardPass<Scalar>, _ storage: TapeStorage, _ buffers: inout FusedBuffers<Scalar>
  ) {
    self.cell = cell
    self.pass = pass
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.forwardLoop(loops)
    let (shape, rows, batch) = (cell.cell, pass.layout.rowCount, pass.layout.batch)
    let blocks = UnitBlocks(units: shape.hiddenSize, for: loops)
    // Input products of all rows are as much memory as a recording.
    projectsAhead = AheadProjection.isWorthIt(pass.layout) && !(pass.isRecording && storage == .recomputed)
    schedule = buffers.schedule
    recomputes = false
    let keepsAll = pass.isRecording && storage == .everything
    kept = keepsAll ? (0..<rows, rows) : nil
    let summed = projectsAhead || keepsAll && cell.recordedVectors > 0 ? rows : 0
    gates =
      buffers.gates.reshaped(rows: blocks.count * summed, columns: cell.sumVectors * loops.lanes).baseAddress
    let stateBlocks = cell.hasCellState ? blocks.count : 0
    func panels(_ matrix: inout Matrix<Scalar>, rows: Int) -> UnsafeMutablePointer<Scalar> {
      matrix.reshaped(rows: stateBlocks * rows, columns: loops.lanes).baseAddress
    }
    cells = panels(&buffers.cells, rows: keepsAll ? rows : 0)
    runningCells = panels(&buffers.runningCells, rows: keepsAll ? 0 : batch)
    initialCells = panels(&buffers.initialCells, rows: pass.isRecording ? batch : 0)
    let keepsCheckpoints = pass.isRecording && storage == .recomputed
    checkpoints =
      keepsCheckpoints ? panels(&buffers.checkpoints, rows: schedule.windows.count * batch) : nil
    initialHidden = buffers.initialHidden.reshaped(rows: pass.isRecording ? batch : 0, columns: shape.outputSize)
    let isMasked = pass.recurrentMask != nil
    maskedInitialHidden = buffers.maskedInitialHidden.reshaped(rows: isMasked ? batch : 0, columns: shape.outputSize)
    maskedHidden = buffers.maskedHidden.reshaped(
      rows: !isMasked ? 0 : pass.isRecording ? rows : 2 * batch, columns: shape.outputSize)
    recomputedHidden = pass.outputs
    // A backward pass that computes gates again reads the tape's own weights.
    packsWeights = pass.prepared == nil || keepsCheckpoints
    if let prepared = pass.prepared, !packsWeights {
      weights = prepared.forwardWeights(cell, blocks)
    } else {
      let memory = buffers.forwardWeights.reshaped(rows: 1, columns: ForwardWeights<Scalar>.count(cell, blocks))
      weights = ForwardWeights(cell, blocks, in: memory.baseAddress)
    }
  }

  /// The steps of a recorded pass once more, for the gates and cell states that `pass`, its backward pass, needs.
  init(again cell: FusedCell, for pass: BackwardPass<Scalar>, _ buffers: inout FusedBuffers<Scalar>) {
    self.cell = cell
    initialHidden = MutableMatrixView(readingOnly: buffers.initialHidden.unsafeView)
    self.pass = ForwardPass(
      layout: pass.layout, direction: pass.direction, inputs: pass.inputs, parameters: pass.parameters,
      state: (initialHidden, pass.dCell), outputs: MutableMatrixView(readingOnly: pass.outputs),
      options: PassOptions(recurrentMask: pass.recurrentMask, isRecording: true))
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.forwardLoop(loops)
    let blocks = UnitBlocks(units: cell.cell.hiddenSize, for: loops)
    projectsAhead = false
    packsWeights = false
    schedule = buffers.schedule
    recomputes = true
    let (batch, capacity) = (pass.layout.batch, schedule.mostRows)
    gates =
      buffers.gates.reshaped(
        rows: blocks.count * capacity, columns: cell.recordedVectors * loops.lanes
      ).baseAddress
    cells =
      buffers.cells.reshaped(rows: cell.hasCellState ? blocks.count * capacity : 0, columns: loops.lanes).baseAddress
    runningCells = buffers.runningCells.unsafeMutableView().baseAddress
    initialCells = buffers.initialCells.unsafeMutableView().baseAddress
    checkpoints = buffers.checkpoints.unsafeMutableView().baseAddress
    maskedInitialHidden = MutableMatrixView(readingOnly: buffers.maskedInitialHidden.unsafeView)
    maskedHidden = MutableMatrixView(readingOnly: buffers.maskedHidden.unsafeView)
    recomputedHidden = buffers.recomputedHidden.reshaped(rows: batch, columns: cell.cell.outputSize)
    weights = ForwardWeights(cell, blocks, in: buffers.forwardWeights.unsafeMutableView().baseAddress)
  }

  /// Computes gates and cell states of the window `index` again. Every hidden state is known, so no member waits for
  /// another.
  mutating func recompute(window index: Int, _ panels: Range<Int>) {
    let window = schedule.windows[index]
    kept = (window.rows, schedule.mostRows)
    cellsBeforeKept = checkpoint(index)
    for t in pass.direction.order(of: window.steps) { step(t, panels) }
  }

  private func checkpoint(_ window: Int) -> UnsafeMutablePointer<Scalar>? {
    checkpoints.map { $0 + window * blocks.count * batch * lanes }
  }

  /// Keeps the cell states before step `t` where a window begins with it.
  func keepCheckpoint(before t: Int, _ panels: Range<Int>) {
    guard checkpoints != nil, !recomputes, cell.hasCellState,
      let index = schedule.windows.firstIndex(where: { $0.firstStep(pass.direction) == t }),
      let target = checkpoint(index)
    else { return }
    let mine = weights.blocks(ofPanels: panels)
    let (start, count) = (mine.lowerBound * batch * lanes, mine.count * batch * lanes)
    (target + start).update(from: runningCells + start, count: count)
  }

  /// Copies the initial state to where the loop reads it, and keeps it for a backward pass.
  func begin(_ panels: Range<Int>) {
    let mine = weights.blocks(ofPanels: panels)
    if cell.hasCellState {
      if kept == nil { pass.cell.readOnly.copy(toPanelsOf: blocks, mine, runningCells) }
      if pass.isRecording { pass.cell.readOnly.copy(toPanelsOf: blocks, mine, initialCells) }
    }
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
      let vectors = first.count * shape.gates.count
      var product = CFKPackedProduct()
      product.rows = rows
      product.a = UnsafeRawPointer(pass.inputs.baseAddress)
      product.aRow = pass.inputs.stride
      product.runs = 1
      product.runLength = shape.inputSize
      product.b = UnsafeRawPointer(weights.panel(ofBlocksFrom: first.lowerBound))
      product.vectors = vectors
      product.start = UnsafeRawPointer(weights.starts + first.lowerBound * shape.gates.count * lanes)
      product.startVector = lanes
      product.c = UnsafeMutableRawPointer(gates + first.lowerBound * rows * cell.sumVectors * lanes)
      product.cRow = cell.sumVectors * lanes
      product.cVector = cell.hasPanelPerBlock ? lanes : rows * lanes
      product.lastCount = lanes
      loops.packedProduct(&product)
    }
  }

  /// Step `t`: first of the sequences that come from the step before it, then of those that start here.
  func step(_ t: Int, _ panels: Range<Int>) {
    let goingOn = pass.layout.countGoingOn(at: t, pass.direction)
    step(t, 0..<goingOn, from: t - pass.direction.increment, panels)
    step(t, goingOn..<pass.layout.batchSizes[t], from: nil, panels)
  }

  /// Step `t` of the ranks `ranks`, which come from the step `before`, or from the initial state where that is `nil`.
  private func step(_ t: Int, _ ranks: Range<Int>, from before: Int?, _ panels: Range<Int>) {
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
      step.startPanel = shape.gates.count * lanes
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
      if !recomputes {
        step.mask = UnsafeRawPointer(mask.row(first))
        step.maskRow = mask.stride
        step.masked = UnsafeMutableRawPointer(maskedRow(t, first))
        step.maskedRow = maskedHidden.stride
      }
    }

    let ofBatch = batch * lanes
    (step.cellBefore, step.cellBeforePanel) = (UnsafeRawPointer(runningCells + first * lanes), ofBatch)
    (step.cell, step.cellPanel) = (UnsafeMutableRawPointer(runningCells + first * lanes), ofBatch)
    if let kept {
      let place = row - kept.rows.lowerBound
      (step.cell, step.cellPanel) = (UnsafeMutableRawPointer(cells + place * lanes), kept.capacity * lanes)
      if let rowBefore, kept.rows.contains(rowBefore) {
        step.cellBefore = UnsafeRawPointer(cells + (rowBefore - kept.rows.lowerBound) * lanes)
        step.cellBeforePanel = kept.capacity * lanes
      } else {
        let before = rowBefore == nil ? initialCells : cellsBeforeKept ?? initialCells
        (step.cellBefore, step.cellBeforePanel) = (UnsafeRawPointer(before + first * lanes), ofBatch)
      }
      step.gates = UnsafeMutableRawPointer(gates + place * cell.recordedVectors * lanes)
      step.gatesPanel = kept.capacity * cell.recordedVectors * lanes
    }

    let target = recomputes ? recomputedHidden.row(first) : pass.outputs.row(row)
    step.outputs = UnsafeMutableRawPointer(target)
    step.outputRow = recomputes ? recomputedHidden.stride : pass.outputs.stride
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
        let after = kept == nil ? runningCells + (block * batch + rank) * lanes : cells + (block * rows + row) * lanes
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
  /// Sequences up to which it pays. LSTM inference, I = 128, H = 256, 100 steps, one thread (Zen 4), ahead and not, in µs:
  /// 1 sequence 1257, 1575; 2 1582, 1683; 3 2190, 2170; 4 2910, 2860.
  static let mostSequences = 2

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
