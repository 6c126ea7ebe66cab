internal import CFusedKernels

/// The weights of one cell in the order in which the fused path reads them, prepared once for many forward passes.
///
/// Without it a pass begins by bringing the weights into that order, which takes as long as some twenty steps of a single
/// sequence. A value: it holds a copy, which later changes to the parameters do not reach.
public struct PreparedWeights<Scalar: BLASScalar>: Sendable {
  let cell: RecurrentCell
  private let fused: FusedCell
  private let numbers: Matrix<Scalar>

  /// Prepares the weights of `cell`; `nil` where its step is more than one product, so that it has no fused path.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - parameters: Its parameters, `[1 × parameterCount]`, in the order of ``RecurrentCell/parameters``.
  public init?(_ cell: RecurrentCell, parameters: MatrixView<Scalar>) {
    guard let fused = cell.fused else { return nil }
    self.cell = cell
    self.fused = fused
    require(
      parameters.rows == 1 && parameters.columns == cell.parameterCount,
      "the parameters must be 1 × \(cell.parameterCount), not \(parameters.rows) × \(parameters.columns)")
    let blocks = UnitBlocks(units: cell.hiddenSize, for: Scalar.fusedLoops)
    var numbers = Matrix<Scalar>(uninitializedRows: 1, columns: ForwardWeights<Scalar>.count(fused, blocks))
    let weights = ForwardWeights(fused, blocks, in: numbers.unsafeMutableView().baseAddress)
    weights.pack(CellParameters(cell, reading: parameters), panels: 0..<weights.panelCount)
    self.numbers = numbers
  }

  /// A view that is only read.
  func forwardWeights(_ cell: FusedCell, _ blocks: UnitBlocks) -> ForwardWeights<Scalar> {
    ForwardWeights(cell, blocks, in: UnsafeMutablePointer(mutating: numbers.unsafeView.baseAddress))
  }

  /// A step of one sequence, which points into these weights.
  package func singleStep() -> SingleStep {
    let loops = Scalar.fusedLoops
    let blocks = UnitBlocks(units: cell.hiddenSize, for: loops)
    let weights = forwardWeights(fused, blocks)
    var step = CFKForwardStep()
    step.rows = 1
    step.units = cell.hiddenSize
    step.setWeights(weights)
    step.setStart(weights.startPanels)
    step.inputCount = cell.inputSize
    step.hiddenCount = cell.outputSize
    step.cellBeforePanel = blocks.lanes
    step.cellPanel = blocks.lanes
    step.rectifies = fused.rectifies
    return SingleStep(
      step, fused.forwardLoop(loops), panelCount: weights.panelCount,
      stateBytes: cell.outputSize * MemoryLayout<Scalar>.stride)
  }
}
