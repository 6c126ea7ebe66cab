internal import CFusedKernels

extension FusedCell {
  /// The time loop of backpropagation on the fused path: one call of a fused loop a step, and one barrier; for each window
  /// of steps (see ``BackwardSchedule``) one product each for dX, dWx and dWh.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    let layout = pass.layout
    tape.fused.schedule.cut(layout, pass.direction, tape.storage)
    let run = FusedBackwardRun(self, pass, tape.storage, &tape.fused)
    withRegion(
      threads: min(pass.execution.threads(for: layout, rowWork: cell.forwardOperations), run.blocks.groups), run)
  }
}

extension FusedBackwardRun: RegionBody {
  /// The time loop, as one member of the team goes through it.
  func run(_ team: Team) {
    let layout = pass.layout
    let groups = team.share(of: blocks.groups)
    begin(team, groups)
    // The input weights are read by all.
    if pass.dInputs != nil { team.barrier() }
    var again = again
    for (index, window) in schedule.windows.enumerated() {
      // Cells that record gates have a panel for each block.
      again?.recompute(window: index, blocks.blocks(ofGroups: groups))
      for t in pass.direction.backpropagationOrder(of: window.steps) {
        let running = layout.batchSizes[t]
        let notEnding = layout.countNotEnding(at: t, pass.direction)
        let goingOn = layout.countGoingOn(at: t, pass.direction)
        step(t, 0..<min(notEnding, goingOn), ofWindow: index, groups)
        step(t, min(notEnding, goingOn)..<max(notEnding, goingOn), ofWindow: index, groups)
        step(t, max(notEnding, goingOn)..<running, ofWindow: index, groups)
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
}

/// The memory of a backward pass on the fused path, as all members of its team see it.
///
/// Unchecked `Sendable`: members write disjoint panels, columns and rows.
private struct FusedBackwardRun<Scalar: BLASScalar>: @unchecked Sendable {
  let cell: FusedCell
  let pass: BackwardPass<Scalar>
  let loops: CFKCellLoops
  let loop: FusedCell.BackwardLoop
  let storage: TapeStorage
  /// The forward steps once more, where their gates were not kept.
  let again: FusedForwardRun<Scalar>?
  let blocks: UnitBlocks
  let schedule: BackwardSchedule
  let parameters: CellParameters<Scalar>
  let gradients: CellParameters<Scalar>
  let recurrentWeights: BackwardWeights<Scalar>
  let inputWeights: BackwardWeights<Scalar>

  /// See ``FusedBuffers``.
  let gates: UnsafePointer<Scalar>
  let cells: UnsafePointer<Scalar>
  let initialCells: UnsafePointer<Scalar>
  let checkpoints: UnsafePointer<Scalar>
  let initialHidden: MatrixView<Scalar>
  /// What the recurrent weights saw, masked if there was a mask: after every row, and before the first step.
  let recurrentInputs: (afterRows: MatrixView<Scalar>, initial: MatrixView<Scalar>)
  let dGates: UnsafeMutablePointer<Scalar>
  let dCells: UnsafeMutablePointer<Scalar>
  let dHidden: UnsafeMutablePointer<Scalar>
  let sums: UnsafeMutablePointer<Scalar>

  private var lanes: Int { blocks.lanes }
  private var shape: RecurrentCell { cell.cell }
  private var rows: Int { pass.layout.rowCount }
  private var batch: Int { pass.layout.batch }
  /// Numbers in a row of gate gradients of one block.
  private var gradientRow: Int { cell.gradientVectors * lanes }
  /// Numbers in a panel of gate gradients: a window, and behind it the step that follows it.
  private var gradientPanel: Int { (schedule.mostRows + batch) * gradientRow }

  init(
    _ cell: FusedCell, _ pass: BackwardPass<Scalar>, _ storage: TapeStorage, _ buffers: inout FusedBuffers<Scalar>
  ) {
    self.cell = cell
    self.storage = storage
    again =
      storage == .recomputed && cell.recordedVectors > 0 ? FusedForwardRun(again: cell, for: pass, &buffers) : nil
    self.pass = pass
    let loops = Scalar.fusedLoops
    self.loops = loops
    loop = cell.backwardLoop(loops)
    let (shape, lanes, batch) = (cell.cell, loops.lanes, pass.layout.batch)
    let blocks = UnitBlocks(units: shape.hiddenSize, for: loops)
    self.blocks = blocks
    schedule = buffers.schedule
    parameters = CellParameters(shape, reading: pass.parameters)
    gradients = CellParameters(shape, pass.dParameters)

    func weights(
      _ columns: Int, _ vectors: FusedCell.GradientVectors, in matrix: inout Matrix<Scalar>
    ) -> BackwardWeights<Scalar> {
      let columns = UnitBlocks(units: columns, for: loops)
      let count = BackwardWeights<Scalar>.count(blocks, columns, vectors)
      return BackwardWeights(
        units: blocks, columns: columns, vectors: vectors,
        panels: matrix.reshaped(rows: 1, columns: count).baseAddress)
    }
    recurrentWeights = weights(shape.outputSize, cell.recurrentGradientVectors, in: &buffers.backwardWeights)
    inputWeights = weights(
      pass.dInputs == nil ? 0 : shape.inputSize, cell.inputGradientVectors, in: &buffers.inputWeights)

    gates = buffers.gates.unsafeView.baseAddress
    cells = buffers.cells.unsafeView.baseAddress
    initialCells = buffers.initialCells.unsafeView.baseAddress
    checkpoints = buffers.checkpoints.unsafeView.baseAddress
    initialHidden = buffers.initialHidden.unsafeView
    recurrentInputs =
      pass.recurrentMask == nil
      ? (pass.outputs, buffers.initialHidden.unsafeView)
      : (buffers.maskedHidden.unsafeView, buffers.maskedInitialHidden.unsafeView)

    dGates =
      buffers.dGates.reshaped(
        rows: blocks.count * (schedule.mostRows + batch), columns: cell.gradientVectors * lanes
      ).baseAddress
    dCells =
      buffers.dCells.reshaped(rows: cell.hasCellState ? blocks.count * batch : 0, columns: lanes).baseAddress
    dHidden = buffers.dHidden.reshaped(rows: blocks.count * batch, columns: lanes).baseAddress
    sums = buffers.gradientSums.reshaped(rows: blocks.count, columns: cell.gradientVectors * lanes).baseAddress
  }

  /// Packs the weights and copies the gradient for the final state to where the loop reads it.
  func begin(_ team: Team, _ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    recurrentWeights.pack(parameters.recurrentWeights.readOnly, groups: groups)
    if pass.dInputs != nil {
      inputWeights.pack(parameters.inputWeights.readOnly, groups: team.share(of: inputWeights.columns.groups))
    }
    pass.dHidden.readOnly.copy(toPanelsOf: blocks, mine, dHidden)
    if cell.hasCellState { pass.dCell.readOnly.copy(toPanelsOf: blocks, mine, dCells) }
    (sums + mine.lowerBound * gradientRow).update(repeating: 0, count: mine.count * gradientRow)
  }

  /// Row `rank` of the gate gradients of step `t`, in the panel of block 0: in the window, or behind it.
  private func gradientRow(_ t: Int, _ rank: Int, _ window: BackwardSchedule.Window) -> UnsafeMutablePointer<Scalar> {
    let row =
      window.steps.contains(t) ? pass.layout.offsets[t] - window.rows.lowerBound + rank : schedule.mostRows + rank
    return dGates + row * gradientRow
  }

  /// Step `t` of the ranks `ranks`, all of which end here or none, and all of which start here or none.
  func step(_ t: Int, _ ranks: Range<Int>, ofWindow index: Int, _ groups: Range<Int>) {
    let window = schedule.windows[index]
    guard !ranks.isEmpty, !groups.isEmpty else { return }
    let (first, layout) = (ranks.lowerBound, pass.layout)
    let row = layout.offsets[t] + first
    var step = CFKBackwardStep()
    step.rows = ranks.count
    step.units = shape.hiddenSize
    step.weights = UnsafeRawPointer(recurrentWeights.panels)
    step.depth = recurrentWeights.depth
    let isEnding = first >= layout.countNotEnding(at: t, pass.direction)
    if !isEnding {
      let next = gradientRow(t + pass.direction.increment, first, window)
      step.dNext = UnsafeRawPointer(next + recurrentWeights.vectors.first * lanes)
      step.dNextRow = gradientRow
      step.dNextPanel = gradientPanel
      step.runLength = recurrentWeights.runLength
      if let mask = pass.recurrentMask {
        step.mask = UnsafeRawPointer(mask.row(first))
        step.maskRow = mask.stride
      }
    }
    step.dHiddenPanel = batch * lanes
    if isEnding || cell.carriesHiddenGradient { step.dHidden = UnsafeRawPointer(dHidden + first * lanes) }
    if cell.carriesHiddenGradient { step.dHiddenBefore = UnsafeMutableRawPointer(dHidden + first * lanes) }
    step.dOutputs = UnsafeRawPointer(pass.dOutputs.row(row))
    step.dOutputRow = pass.dOutputs.stride

    let startsHere = first >= layout.countGoingOn(at: t, pass.direction)
    let rowBefore = startsHere ? nil : layout.offsets[t - pass.direction.increment] + first
    // The rows whose gates and cell states are there.
    let kept = storage == .everything ? 0..<rows : window.rows
    let capacity = storage == .everything ? rows : schedule.mostRows
    step.gates = UnsafeRawPointer(gates + (row - kept.lowerBound) * cell.recordedVectors * lanes)
    step.gatesPanel = capacity * cell.recordedVectors * lanes
    switch cell.kind {
    case .vanilla:
      step.hidden = UnsafeRawPointer(pass.outputs.row(row))
      step.hiddenRow = pass.outputs.stride
    case .gru:
      step.hidden = UnsafeRawPointer(rowBefore.map { pass.outputs.row($0) } ?? initialHidden.row(first))
      step.hiddenRow = rowBefore == nil ? initialHidden.stride : pass.outputs.stride
    case .lstm:
      step.cell = UnsafeRawPointer(cells + (row - kept.lowerBound) * lanes)
      step.cellPanel = capacity * lanes
      if let rowBefore, kept.contains(rowBefore) {
        step.cellBefore = UnsafeRawPointer(cells + (rowBefore - kept.lowerBound) * lanes)
        step.cellBeforePanel = capacity * lanes
      } else {
        let before = rowBefore == nil ? initialCells : checkpoints + index * blocks.count * batch * lanes
        step.cellBefore = UnsafeRawPointer(before + first * lanes)
        step.cellBeforePanel = batch * lanes
      }
    }
    step.dCell = UnsafeMutableRawPointer(dCells + first * lanes)
    step.dCellPanel = batch * lanes
    step.dGates = UnsafeMutableRawPointer(gradientRow(t, first, window))
    step.dGatesPanel = gradientPanel
    step.rectifies = cell.rectifies
    step.descends = !t.isMultiple(of: 2)
    loop(&step, groups.lowerBound, groups.upperBound)
  }
  /// The gradient for the initial hidden state of the sequences whose walk starts at step `t`, once all gate gradients of
  /// that step are there.
  func finish(sequencesStartingAt t: Int, _ window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let ranks = pass.layout.countGoingOn(at: t, pass.direction)..<pass.layout.batchSizes[t]
    guard !ranks.isEmpty else { return }
    let gradients = gradientRow(t, ranks.lowerBound, window) + recurrentWeights.vectors.first * lanes
    for group in groups {
      multiply(
        (gradients, ranks.count), recurrentWeights, group,
        into: pass.dHidden.rows(ranks), adding: false)
    }
    let mine = blocks.blocks(ofGroups: groups)
    let columns = blocks.units(ofBlocks: mine)
    for rank in ranks {
      let target = pass.dHidden.row(rank)
      if let mask = pass.recurrentMask { multiplyElements(target, mask.row(rank), into: target, columns) }
      guard cell.carriesHiddenGradient else { continue }
      for block in mine {
        let carried = dHidden + (block * batch + rank) * lanes
        for (lane, unit) in blocks.units(ofBlock: block).enumerated() { target[unit] += carried[lane] }
      }
    }
  }

  /// The product of some rows of gate gradients with one group of columns of a weight matrix.
  private func multiply(
    _ gradients: (start: UnsafeMutablePointer<Scalar>, rows: Int), _ weights: BackwardWeights<Scalar>, _ group: Int,
    into target: MutableMatrixView<Scalar>, adding: Bool
  ) {
    let columns = weights.columns.blocks(ofGroup: group)
    let start = target.baseAddress + columns.lowerBound * lanes
    var product = CFKPackedProduct()
    product.rows = gradients.rows
    product.a = UnsafeRawPointer(gradients.start)
    product.aRow = gradientRow
    product.runs = blocks.count
    product.runLength = weights.runLength
    product.runStride = gradientPanel
    product.b = UnsafeRawPointer(weights.panel(ofBlocksFrom: columns.lowerBound))
    product.vectors = columns.count
    if adding { product.start = UnsafeRawPointer(start) }
    product.startRow = target.stride
    product.startVector = lanes
    product.c = UnsafeMutableRawPointer(start)
    product.cRow = target.stride
    product.cVector = lanes
    product.lastCount = weights.columns.units(ofBlock: columns.upperBound - 1).count
    loops.packedProduct(&product)
  }

  /// dX += dGates Wx for the rows of `window`: this member's share of the rows.
  func addInputGradients(_ window: BackwardSchedule.Window, _ team: Team) {
    guard let dInputs = pass.dInputs else { return }
    let mine = team.share(of: window.rows.count)
    let gradients = dGates + mine.lowerBound * gradientRow + inputWeights.vectors.first * lanes
    let first = window.rows.lowerBound + mine.lowerBound
    for group in 0..<inputWeights.columns.groups {
      multiply(
        (gradients, mine.count), inputWeights, group, into: dInputs.rows(first..<first + mine.count), adding: true)
    }
  }

  /// dWx += dGatesᵀ X, dWh += dGatesᵀ H and the sums for the biases, for the rows of `window` and the gates of `groups`.
  func addWeightGradients(_ window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    guard !mine.isEmpty, !window.rows.isEmpty else { return }
    let increment = schedule.increment
    let first = increment > 0 ? 0 : window.rows.count - 1
    var inputs = CFKRowRun(
      gradients: UnsafeRawPointer(dGates + first * gradientRow),
      factors: UnsafeRawPointer(pass.inputs.row(window.rows.lowerBound + first)), count: window.rows.count,
      factorRow: increment * pass.inputs.stride)
    multiply(&inputs, 1, cell.inputGradientVectors, mine, addingTo: gradients.inputWeights)

    let runs = schedule.runs[window.runs]
    withUnsafeTemporaryAllocation(of: CFKRowRun.self, capacity: runs.count) { hidden in
      for (i, run) in zip(hidden.indices, runs) {
        let factors = run.isInitial ? recurrentInputs.initial : recurrentInputs.afterRows
        hidden[i] = CFKRowRun(
          gradients: UnsafeRawPointer(dGates + run.gradientRow * gradientRow),
          factors: UnsafeRawPointer(factors.row(run.hiddenRow)), count: run.count,
          factorRow: increment * factors.stride)
      }
      multiply(
        hidden.baseAddress, runs.count, cell.recurrentGradientVectors, mine,
        addingTo: gradients.recurrentWeights)
    }
    for block in mine {
      loops.addRowSums(
        dGates + block * gradientPanel + first * gradientRow, window.rows.count, increment * gradientRow,
        cell.gradientVectors,
        sums + block * gradientRow)
    }
  }

  private func multiply(
    _ runs: UnsafePointer<CFKRowRun>?, _ count: Int, _ vectors: FusedCell.GradientVectors,
    _ mine: Range<Int>, addingTo target: MutableMatrixView<Scalar>
  ) {
    var product = CFKOuterProduct()
    product.runs = runs
    product.runCount = count
    product.firstBlock = mine.lowerBound
    product.lastBlock = mine.upperBound
    product.gradientRow = schedule.increment * gradientRow
    product.gradientPanel = gradientPanel
    product.gates = shape.gates.count
    withUnsafeMutableBytes(of: &product.gateVector) {
      for (gate, vector) in vectors.ofGate.enumerated() {
        $0.storeBytes(of: vector, toByteOffset: gate * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
    product.c = UnsafeMutableRawPointer(target.baseAddress)
    product.cRow = target.stride
    product.units = shape.hiddenSize
    product.columns = target.columns
    loops.outerProduct(&product)
  }

  /// Keeps the gate gradients of the step of `window` that backpropagation came to last, for the window that follows.
  func keepFirstStep(of window: BackwardSchedule.Window, _ groups: Range<Int>) {
    let t = window.firstStep(pass.direction)
    let (count, row) = (pass.layout.batchSizes[t], pass.layout.offsets[t] - window.rows.lowerBound)
    for block in blocks.blocks(ofGroups: groups) {
      let panel = dGates + block * gradientPanel
      (panel + schedule.mostRows * gradientRow).update(from: panel + row * gradientRow, count: count * gradientRow)
    }
  }

  /// Adds the sums to the gradients of the biases and writes the gradient for the initial cell state.
  func finish(_ groups: Range<Int>) {
    let mine = blocks.blocks(ofGroups: groups)
    if cell.hasCellState { pass.dCell.copy(fromPanelsOf: blocks, mine, dCells) }
    addSums(cell.inputGradientVectors, mine, to: gradients.inputBias)
    addSums(cell.recurrentGradientVectors, mine, to: gradients.recurrentBias)
  }

  private func addSums(
    _ vectors: FusedCell.GradientVectors, _ mine: Range<Int>, to bias: MutableMatrixView<Scalar>?
  ) {
    guard let bias = bias?.baseAddress else { return }
    for block in mine {
      for gate in 0..<shape.gates.count {
        let sum = sums + block * gradientRow + vectors.ofGate[gate] * lanes
        for (lane, unit) in blocks.units(ofBlock: block).enumerated() {
          bias[gate * shape.hiddenSize + unit] += sum[lane]
        }
      }
    }
  }
}
