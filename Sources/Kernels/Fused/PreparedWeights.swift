internal import CFusedKernels

/// The weights of one cell in the order in which the fused path reads them, prepared once for many forward passes.
///
/// Without it a pass begins by bringing the weights into that order, which takes as long as some twenty steps of a single
/// sequence. A value: it holds a copy and knows nothing of later changes to the parameters it was made from.
public struct PreparedWeights<Scalar: BLASScalar>: Sendable {
  let shape: CellShape
  private let cell: FusedCell
  private let numbers: Matrix<Scalar>

  /// Prepares the weights of `cell`; `nil` where its step is more than one product, so that it has no fused path.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - parameters: Its parameters, `[1 × parameterCount]`, in the order of ``CellShape/parameters``.
  public init?(_ cell: some RecurrentCell, parameters: MatrixView<Scalar>) {
    guard let fused = cell.fused else { return nil }
    shape = cell.shape
    self.cell = fused
    precondition(
      parameters.rows == 1 && parameters.columns == shape.parameterCount,
      "the parameters must be 1 × \(shape.parameterCount), not \(parameters.rows) × \(parameters.columns)")
    let blocks = UnitBlocks(units: shape.hiddenSize, for: Scalar.fusedLoops)
    var numbers = Matrix<Scalar>(uninitializedRows: 1, columns: ForwardWeights<Scalar>.count(fused, blocks))
    let weights = ForwardWeights(fused, blocks, in: numbers.lent().baseAddress)
    weights.pack(CellParameters(shape, reading: parameters), panels: 0..<weights.panelCount)
    self.numbers = numbers
  }

  /// A view that is only read.
  func forwardWeights(_ cell: FusedCell, _ blocks: UnitBlocks) -> ForwardWeights<Scalar> {
    ForwardWeights(cell, blocks, in: UnsafeMutablePointer(mutating: numbers.lentForReading.baseAddress))
  }

  /// A step of one sequence, which points into these weights.
  package func singleStep() -> SingleStep {
    let loops = Scalar.fusedLoops
    let blocks = UnitBlocks(units: shape.hiddenSize, for: loops)
    let weights = forwardWeights(cell, blocks)
    var step = CFKForwardStep()
    step.rows = 1
    step.units = shape.hiddenSize
    step.start = UnsafeRawPointer(weights.starts)
    step.startPanel = shape.gates * blocks.lanes
    step.inputCount = shape.inputSize
    step.hiddenCount = shape.outputSize
    step.weights = UnsafeRawPointer(weights.panels)
    step.depth = weights.depth
    step.candidateStart = UnsafeRawPointer(weights.candidateStarts)
    step.cellBeforePanel = blocks.lanes
    step.cellPanel = blocks.lanes
    step.rectifies = cell.rectifies
    return SingleStep(
      step, cell.forwardLoop(loops), panelCount: weights.panelCount,
      stateBytes: shape.outputSize * MemoryLayout<Scalar>.stride)
  }
}
