internal import CFusedKernels

/// The weights of one cell in the order in which the fused path reads them, prepared once for many forward passes.
///
/// Without it a pass begins by bringing the weights into that order, which takes as long as some twenty steps of a single
/// sequence. A value: it holds a copy and knows nothing of later changes to the parameters it was made from.
///
/// Unchecked `Sendable`: `step` points into `numbers`, which nobody changes.
public struct PreparedWeights<Scalar: BLASScalar>: @unchecked Sendable {
  let shape: CellShape
  private let numbers: Matrix<Scalar>
  /// A step of one sequence, but for the addresses of its data.
  private let step: CFKForwardStep
  private let loop: FusedCell.ForwardLoop
  private let panelCount: Int

  /// Prepares the weights of `cell`; `nil` where its step is more than one product, so that it has no fused path.
  ///
  /// - Parameters:
  ///   - cell: The cell.
  ///   - parameters: Its parameters, `[1 × parameterCount]`, in the order of ``CellShape/parameters``.
  public init?(_ cell: some RecurrentCell, parameters: MatrixView<Scalar>) {
    guard let fused = cell.fused else { return nil }
    shape = cell.shape
    precondition(
      parameters.rows == 1 && parameters.columns == shape.parameterCount,
      "the parameters must be 1 × \(shape.parameterCount), not \(parameters.rows) × \(parameters.columns)")
    let blocks = UnitBlocks(units: shape.hiddenSize, lanes: Scalar.fusedLoops.lanes)
    var numbers = Matrix<Scalar>(uninitializedRows: 1, columns: ForwardWeights<Scalar>.count(fused, blocks))
    let weights = ForwardWeights(fused, blocks, in: numbers.lent().baseAddress)
    weights.pack(CellParameters(shape, reading: parameters), panels: 0..<weights.panelCount)
    self.numbers = numbers

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
    step.rectifies = fused.rectifies
    self.step = step
    loop = fused.forwardLoop(Scalar.fusedLoops)
    panelCount = weights.panelCount
  }

  /// A view that is only read.
  func forwardWeights(_ cell: FusedCell, _ blocks: UnitBlocks) -> ForwardWeights<Scalar> {
    ForwardWeights(cell, blocks, in: UnsafeMutablePointer(mutating: numbers.lentForReading.baseAddress))
  }

  /// One step of one sequence on the calling thread: 2·G·H·(I + R) operations and nothing around them. The same bits as a
  /// step of a sequence on the fused path. Allocates nothing, locks nothing, calls nothing of the system.
  ///
  /// Denormals are taken as the thread's mode says; see ``withFlushedDenormals(_:)``.
  ///
  /// - Parameters:
  ///   - inputs: `[I]`.
  ///   - hidden: The hidden state before the step, `[R]`.
  ///   - cell: The cell state, `[H]`, updated in place; of a cell that has none anything. Its memory must go on to a whole
  ///     cache line, as that of a ``Matrix`` with one row does.
  ///   - outputs: Receives the hidden state after the step, `[R]`; not the memory of `hidden`.
  @inline(__always)
  public func step(
    _ inputs: UnsafePointer<Scalar>, hidden: UnsafePointer<Scalar>, cell: UnsafeMutablePointer<Scalar>,
    into outputs: UnsafeMutablePointer<Scalar>
  ) {
    var step = step
    step.inputs = UnsafeRawPointer(inputs)
    step.hidden = UnsafeRawPointer(hidden)
    step.hiddenBefore = UnsafeRawPointer(hidden)
    step.cellBefore = UnsafeRawPointer(cell)
    step.cell = UnsafeMutableRawPointer(cell)
    step.outputs = UnsafeMutableRawPointer(outputs)
    loop(&step, 0, panelCount)
  }
}

/// Calls `body` while the calling thread takes denormal numbers for zero, as the engine does in all its passes: states that
/// decay to nothing are full of them, and arithmetic on them takes many times as long.
@inline(__always)
public func withFlushedDenormals(_ body: () -> Void) {
  let mode = CFKFlushDenormals()
  body()
  CFKRestoreFloatingPointMode(mode)
}
