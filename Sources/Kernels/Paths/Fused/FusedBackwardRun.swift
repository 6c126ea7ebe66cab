internal import CFusedKernels

/// A backward pass on the fused path, as all members of its team see it: one call of a fused loop a step, and one barrier;
/// for each window of steps (see ``BackwardSchedule``) one product each for dX, dWx and dWh.
///
/// Unchecked `Sendable`: members write disjoint panels, columns and rows.
struct FusedBackwardRun<Scalar: BLASScalar>: RegionBody, @unchecked Sendable {
  let cell: FusedCell
  let pass: BackwardPass<Scalar>
  let loops: CFKCellLoops
  let loop: FusedCell.BackwardLoop
  let blocks: UnitBlocks
  let schedule: BackwardSchedule
  let parameters: CellParameters<Scalar>
  let gradients: CellParameters<Scalar>
  let recurrentWeights: BackwardWeights<Scalar>
  let inputWeights: BackwardWeights<Scalar>
  /// Gates and cell states of all rows; where they were not kept, `recomputation` has those of one window after another.
  let recording: FusedRecording<Scalar>
  let recomputation: Recomputation<Scalar>?

  /// See ``FusedBuffers``.
  let initialHidden: MatrixView<Scalar>
  /// What the recurrent weights saw, masked if there was a mask: after every row, and before the first step.
  let recurrentInputs: (afterRows: MatrixView<Scalar>, initial: MatrixView<Scalar>)
  /// Rows of a window, and behind them those of the step that follows it.
  let dGates: Panels<Scalar>
  let dCells: Panels<Scalar>
  let dHidden: Panels<Scalar>
  let sums: Panels<Scalar>

  init(
    _ cell: FusedCell, _ pass: BackwardPass<Scalar>, _ storage: TapeStorage, _ buffers: inout FusedBuffers<Scalar>
  ) {
    self.cell = cell
    self.pass = pass
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.backwardLoop(loops)
    let (rows, batch) = (pass.layout.rowCount, pass.layout.batch)
    let blocks = UnitBlocks(units: cell.hiddenSize, for: loops)
    self.blocks = blocks
    schedule = buffers.schedule
    parameters = CellParameters(cell.recurrentCell, reading: pass.parameters)
    gradients = CellParameters(cell.recurrentCell, pass.dParameters)

    recomputation =
      storage == .recomputed && cell.recordsGates ? Recomputation(cell, for: pass, &buffers) : nil
    let initialCells = Panels(reading: buffers.initialCells, blocks, rows: batch)
    recording = FusedRecording(
      rows: 0..<rows, gates: Panels(reading: buffers.gates, blocks, rows: rows, vectors: cell.vectors),
      cells: Panels(reading: buffers.cells, blocks, rows: rows), initialCells: initialCells, cellsBefore: initialCells)
    initialHidden = buffers.initialHidden.unsafeView
    recurrentInputs =
      pass.recurrentMask == nil
      ? (pass.outputs, buffers.initialHidden.unsafeView)
      : (buffers.maskedHidden.unsafeView, buffers.maskedInitialHidden.unsafeView)

    recurrentWeights = BackwardWeights(
      &buffers.backwardWeights, blocks, columns: cell.outputSize, cell.recurrentGradients, loops)
    inputWeights = BackwardWeights(
      &buffers.inputWeights, blocks, columns: pass.dInputs == nil ? 0 : cell.inputSize, cell.inputGradients, loops)
    dGates = Panels(&buffers.dGates, blocks, rows: schedule.maxRows + batch, vectors: cell.vectors)
    dCells = Panels(&buffers.dCells, blocks, rows: cell.hasCellState ? batch : 0)
    dHidden = Panels(&buffers.dHidden, blocks, rows: batch)
    sums = Panels(&buffers.gradientSums, blocks, rows: 1, vectors: cell.vectors)
  }

  /// The time loop, as one member of the team goes through it.
  func run(_ team: Team) {
    let (layout, direction) = (pass.layout, pass.direction)
    let groups = team.share(of: blocks.groups)
    begin(team, groups)
    // The input weights are read by all.
    if pass.dInputs != nil { team.barrier() }
    for (index, window) in schedule.windows.enumerated() {
      // Cells that record gates have a panel for each block.
      let recording = recomputation?.recompute(window: index, blocks.blocks(ofGroups: groups)) ?? recording
      for t in direction.backpropagationOrder(of: window.steps) {
        let running = layout.batchSizes[t]
        let remaining = layout.remainingCount(at: t, direction)
        let continuing = layout.continuingCount(at: t, direction)
        step(t, 0..<min(remaining, continuing), window, recording, groups)
        step(t, min(remaining, continuing)..<max(remaining, continuing), window, recording, groups)
        step(t, max(remaining, continuing)..<running, window, recording, groups)
        team.barrier()
        finish(sequencesStartingAt: t, window, groups)
      }
      addInputGradients(window, team)
      addWeightGradients(window, groups)
      keepFirstStep(of: window, groups)
      team.barrier()
    }
    finish(groups)
  }

  /// Packs the weights and copies the gradient for the final state to where the loop reads it.
  private func begin(_ team: Team, _ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    recurrentWeights.pack(parameters.recurrentWeights.readOnly, groups: groups)
    if pass.dInputs != nil {
      inputWeights.pack(parameters.inputWeights.readOnly, groups: team.share(of: inputWeights.columns.groups))
    }
    pass.dHidden.readOnly.copy(mine, of: blocks, to: dHidden)
    if cell.hasCellState { pass.dCell.readOnly.copy(mine, of: blocks, to: dCells) }
    sums.row(0, ofBlock: mine.lowerBound).update(repeating: 0, count: mine.count * sums.panelStride)
  }

  /// The gate gradients of step `t` from rank `rank` on: in the window, or behind it.
  private func dGates(_ t: Int, from rank: Int, _ window: BackwardSchedule.Window) -> Panels<Scalar> {
    let first = window.steps.contains(t) ? pass.layout.offsets[t] - window.rows.lowerBound : schedule.maxRows
    return dGates.rows(from: first + rank)
  }

  /// Step `t` of the ranks `ranks`, all of which end here or none, and all of which start here or none.
  private func step(
    _ t: Int, _ ranks: Range<Int>, _ window: BackwardSchedule.Window, _ recording: FusedRecording<Scalar>,
    _ groups: Range<Int>
  ) {
    guard !ranks.isEmpty, !groups.isEmpty else { return }
    let (first, layout, direction) = (ranks.lowerBound, pass.layout, pass.direction)
    let rows = layout.rows(at: t, ofRanks: ranks)
    let isEnding = first >= layout.remainingCount(at: t, direction)
    let isStarting = first >= layout.continuingCount(at: t, direction)
    let rowsBefore = isStarting ? nil : layout.rows(at: t - direction.increment, ofRanks: ranks)
    var step = CFKBackwardStep()
    step.rows = ranks.count
    step.units = cell.hiddenSize
    step.setWeights(recurrentWeights)
    if !isEnding {
      step.setNextGates(dGates(t + direction.increment, from: first, window), recurrentWeights)
      if let mask = pass.recurrentMask { step.setMask(mask.rows(ranks)) }
    }
    step.setDHidden(
      dHidden.rows(from: first), reads: isEnding || cell.carriesHiddenGradient, writes: cell.carriesHiddenGradient)
    step.setDOutputs(pass.dOutputs.rows(rows))
    switch cell.hiddenStatesInChainRule {
    case .none: break
    case .before: step.setHidden(rowsBefore.map { pass.outputs.rows($0) } ?? initialHidden.rows(ranks))
    case .after: step.setHidden(pass.outputs.rows(rows))
    }
    if cell.recordsGates { step.setGates(recording.gates(from: rows.lowerBound)) }
    if cell.hasCellState {
      step.setCell(
        before: recording.cells(before: first, after: rowsBefore?.lowerBound),
        after: recording.cells(after: rows.lowerBound))
      step.setDCell(dCells.rows(from: first))
    }
    step.setDGates(dGates(t, from: first, window))
    step.rectifies = cell.rectifies
    step.descends = !t.isMultiple(of: 2)
    loop(&step, groups.lowerBound, groups.upperBound)
  }

  /// The gradient for the initial hidden state of the sequences that start at step `t`, once all gate gradients of that
  /// step are there.
  private func finish(sequencesStartingAt t: Int, _ window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let ranks = pass.layout.continuingCount(at: t, pass.direction)..<pass.layout.batchSizes[t]
    guard !ranks.isEmpty else { return }
    for group in groups {
      multiply(
        dGates(t, from: ranks.lowerBound, window), recurrentWeights, group, into: pass.dHidden.rows(ranks),
        adding: false)
    }
    let mine = blocks.blocks(ofGroups: groups)
    let columns = blocks.units(ofBlocks: mine)
    for rank in ranks {
      let target = pass.dHidden.row(rank)
      if let mask = pass.recurrentMask { multiplyElements(target, mask.row(rank), into: target, columns) }
      guard cell.carriesHiddenGradient else { continue }
      for block in mine {
        let carried = dHidden.row(rank, ofBlock: block)
        for (lane, unit) in blocks.units(ofBlock: block).enumerated() { target[unit] += carried[lane] }
      }
    }
  }

  /// The product of some rows of gate gradients, as many as `target` has, with one group of columns of a weight matrix.
  private func multiply(
    _ gradients: Panels<Scalar>, _ weights: BackwardWeights<Scalar>, _ group: Int,
    into target: MutableMatrixView<Scalar>, adding: Bool
  ) {
    let columns = weights.columns.blocks(ofGroup: group)
    let c = target.baseAddress + columns.lowerBound * blocks.lanes
    var product = CFKPackedProduct()
    product.rows = target.rows
    product.a = UnsafeRawPointer(gradients.start + weights.firstLane)
    product.aRow = gradients.rowStride
    product.runs = blocks.count
    product.runLength = weights.runLength
    product.runStride = gradients.panelStride
    product.b = UnsafeRawPointer(weights.panel(ofBlocksFrom: columns.lowerBound))
    product.vectors = columns.count
    product.start = adding ? UnsafeRawPointer(c) : nil
    (product.startRow, product.startVector) = (target.stride, blocks.lanes)
    product.c = UnsafeMutableRawPointer(c)
    (product.cRow, product.cVector) = (target.stride, blocks.lanes)
    product.lastCount = weights.columns.units(ofBlock: columns.upperBound - 1).count
    loops.packedProduct(&product)
  }

  /// dX += dGates Wx for the rows of `window`: this member's share of the rows.
  private func addInputGradients(_ window: BackwardSchedule.Window, _ team: Team) {
    guard let dInputs = pass.dInputs else { return }
    let mine = team.share(of: window.rows.count)
    let first = window.rows.lowerBound + mine.lowerBound
    for group in 0..<inputWeights.columns.groups {
      multiply(
        dGates.rows(from: mine.lowerBound), inputWeights, group, into: dInputs.rows(first..<first + mine.count),
        adding: true)
    }
  }

  /// dWx += dGatesᵀ X, dWh += dGatesᵀ H and the sums for the biases, for the rows of `window` and the gates of `groups`.
  private func addWeightGradients(_ window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    guard !mine.isEmpty, !window.rows.isEmpty else { return }
    let increment = schedule.increment
    let first = increment > 0 ? 0 : window.rows.count - 1
    var inputs = CFKRowRun(
      gradients: UnsafeRawPointer(dGates.row(first)),
      factors: UnsafeRawPointer(pass.inputs.row(window.rows.lowerBound + first)), count: window.rows.count,
      factorRow: increment * pass.inputs.stride)
    addOuterProducts(&inputs, 1, cell.inputGradients, mine, to: gradients.inputWeights)

    let runs = schedule.runs[window.runs]
    withUnsafeTemporaryAllocation(of: CFKRowRun.self, capacity: runs.count) { hidden in
      for (i, run) in zip(hidden.indices, runs) {
        let factors = run.isInitial ? recurrentInputs.initial : recurrentInputs.afterRows
        hidden[i] = CFKRowRun(
          gradients: UnsafeRawPointer(dGates.row(run.gradientRow)),
          factors: UnsafeRawPointer(factors.row(run.hiddenRow)), count: run.count,
          factorRow: increment * factors.stride)
      }
      addOuterProducts(hidden.baseAddress, runs.count, cell.recurrentGradients, mine, to: gradients.recurrentWeights)
    }
    for block in mine {
      loops.addRowSums(
        dGates.row(first, ofBlock: block), window.rows.count, increment * dGates.rowStride, cell.vectors,
        sums.row(0, ofBlock: block))
    }
  }

  private func addOuterProducts(
    _ runs: UnsafePointer<CFKRowRun>?, _ count: Int, _ vectors: GradientVectors, _ mine: Range<Int>,
    to target: MutableMatrixView<Scalar>
  ) {
    var product = CFKOuterProduct()
    (product.runs, product.runCount) = (runs, count)
    (product.firstBlock, product.lastBlock) = (mine.lowerBound, mine.upperBound)
    (product.gradientRow, product.gradientPanel) = (schedule.increment * dGates.rowStride, dGates.panelStride)
    product.gates = cell.gateCount
    withUnsafeMutableBytes(of: &product.gateVector) {
      for gate in 0..<vectors.count {
        let vector = vectors.vector(ofGate: gate)
        $0.storeBytes(of: vector, toByteOffset: gate * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
    product.c = UnsafeMutableRawPointer(target.baseAddress)
    product.cRow = target.stride
    (product.units, product.columns) = (cell.hiddenSize, target.columns)
    loops.outerProduct(&product)
  }

  /// Keeps the gate gradients of the step of `window` that backpropagation took last, for the window that follows.
  private func keepFirstStep(of window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let t = window.firstStep(pass.direction)
    let (count, row) = (pass.layout.batchSizes[t], pass.layout.offsets[t] - window.rows.lowerBound)
    for block in blocks.blocks(ofGroups: groups) {
      dGates.row(schedule.maxRows, ofBlock: block)
        .update(from: dGates.row(row, ofBlock: block), count: count * dGates.rowStride)
    }
  }

  /// Adds the sums to the gradients of the biases and writes the gradient for the initial cell state.
  private func finish(_ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    if cell.hasCellState { pass.dCell.copy(mine, of: blocks, from: dCells) }
    addSums(cell.inputGradients, mine, to: gradients.inputBias)
    addSums(cell.recurrentGradients, mine, to: gradients.recurrentBias)
  }

  private func addSums(_ vectors: GradientVectors, _ mine: Range<Int>, to bias: MutableMatrixView<Scalar>?) {
    guard let bias = bias?.baseAddress else { return }
    for block in mine {
      for gate in 0..<cell.gateCount {
        let sum = sums.row(0, ofBlock: block) + vectors.vector(ofGate: gate) * blocks.lanes
        for (lane, unit) in blocks.units(ofBlock: block).enumerated() {
          bias[gate * cell.hiddenSize + unit] += sum[lane]
        }
      }
    }
  }
}
