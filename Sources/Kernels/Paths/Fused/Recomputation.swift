/// The forward steps of a recorded pass once more, a window at a time, for the gates and cell states that were not kept
/// (``TapeStorage/recomputed``).
struct Recomputation<Scalar: BLASScalar>: Sendable {
  private let run: FusedForwardRun<Scalar>
  private let checkpoints: Checkpoints<Scalar>
  /// Room for the largest window.
  private let cells: Panels<Scalar>

  /// What the backward pass `pass` needs of the forward pass that `buffers` hold the checkpoints of.
  init(_ cell: FusedCell, for pass: BackwardPass<Scalar>, _ buffers: inout FusedBuffers<Scalar>) {
    run = FusedForwardRun(recomputing: cell, for: pass, &buffers)
    let blocks = run.weights.blocks
    cells = Panels(&buffers.cells, blocks, rows: cell.hasCellState ? run.schedule.maxRows : 0)
    checkpoints = Checkpoints(
      buffers.checkpoints.unsafeMutableView().baseAddress, blocks, batch: pass.layout.batch)
  }

  /// Computes gates and cell states of the window `index`, this member's `panels` of them. Every hidden state is known, so
  /// no member waits for another.
  func recompute(window index: Int, _ panels: Range<Int>) -> FusedRecording<Scalar> {
    let (window, layout, direction) = (run.schedule.windows[index], run.pass.layout, run.pass.direction)
    let recording = FusedRecording(
      rows: window.rows, gates: run.sums, cells: cells, initialCells: run.initialCells,
      cellsBefore: checkpoints[index])
    var run = run
    run.recording = recording
    for t in direction.order(of: window.steps) {
      let continuing = layout.continuingCount(at: t, direction)
      run.step(t, 0..<continuing, from: t - direction.increment, panels)
      run.step(t, continuing..<layout.batchSizes[t], from: nil, panels)
    }
    return recording
  }
}

/// Cell states before each window of a ``BackwardSchedule``, by rank.
///
/// Unchecked `Sendable`: members of a team write disjoint panels.
struct Checkpoints<Scalar: BLASScalar>: @unchecked Sendable {
  private let start: UnsafeMutablePointer<Scalar>
  private let blocks: UnitBlocks
  private let batch: Int

  /// Those in `start`, `[window][block][batch][lane]`.
  init(_ start: UnsafeMutablePointer<Scalar>, _ blocks: UnitBlocks, batch: Int) {
    self.start = start
    self.blocks = blocks
    self.batch = batch
  }

  /// Those before window `window`.
  subscript(window: Int) -> Panels<Scalar> {
    let panelStride = batch * blocks.lanes
    return Panels(start + window * blocks.count * panelStride, rowStride: blocks.lanes, panelStride: panelStride)
  }
}

extension FusedForwardRun {
  /// Keeps the cell states before step `t` where a window begins with it.
  func keepCheckpoint(before t: Int, _ panels: Range<Int>) {
    guard let checkpoints, cell.hasCellState,
      let index = schedule.windows.firstIndex(where: { $0.firstStep(pass.direction) == t })
    else { return }
    let mine = weights.blocks(ofPanels: panels)
    checkpoints[index].row(0, ofBlock: mine.lowerBound)
      .update(from: runningCells.row(0, ofBlock: mine.lowerBound), count: mine.count * runningCells.panelStride)
  }

  /// The steps of a recorded pass once more.
  fileprivate init(
    recomputing cell: FusedCell, for pass: BackwardPass<Scalar>, _ buffers: inout FusedBuffers<Scalar>
  ) {
    self.cell = cell
    initialHidden = MutableMatrixView(readingOnly: buffers.initialHidden.unsafeView)
    self.pass = ForwardPass(
      layout: pass.layout, direction: pass.direction, inputs: pass.inputs, parameters: pass.parameters,
      state: (initialHidden, pass.dCell), outputs: MutableMatrixView(readingOnly: pass.outputs),
      options: PassOptions(recurrentMask: pass.recurrentMask, isRecording: true))
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.forwardLoop(loops)
    let blocks = UnitBlocks(units: cell.hiddenSize, for: loops)
    let batch = pass.layout.batch
    projectsAhead = false
    packsWeights = false
    schedule = buffers.schedule
    recording = nil
    checkpoints = nil
    sums = Panels(&buffers.gates, blocks, rows: schedule.maxRows, vectors: cell.vectors)
    runningCells = Panels(reading: buffers.runningCells, blocks, rows: batch)
    initialCells = Panels(reading: buffers.initialCells, blocks, rows: batch)
    maskedInitialHidden = MutableMatrixView(readingOnly: buffers.maskedInitialHidden.unsafeView)
    maskedHidden = MutableMatrixView(readingOnly: buffers.maskedHidden.unsafeView)
    recomputedHidden = buffers.recomputedHidden.reshaped(rows: batch, columns: cell.outputSize)
    weights = ForwardWeights(cell, blocks, in: buffers.forwardWeights.unsafeMutableView().baseAddress)
  }
}
