internal import Kernels
internal import Models

extension SequenceArchitecture {
  /// The memory that an inference over `batch` sequences of `steps` steps takes with its results, beside the inputs and
  /// the parameters, in numbers of `scalarSize` bytes.
  ///
  /// A tape keeps the outputs of every layer. Gates of every step it keeps on the naive and the BLAS path alone, and of one
  /// or two sequences on the fused one.
  func inferenceMemory(batch: Int, steps: Int, path: ComputePath, scalarSize: Int) -> [RunBudget.Part] {
    let (cell, count) = (recurrent.cells[0], recurrent.layers * recurrent.directions)
    let workspace = InferenceWorkspace(cell, recurrent, path)
    func part(_ shape: [Int], _ elementSize: Int? = nil) -> RunBudget.Part {
      .init(shape: shape, elementSize: elementSize ?? scalarSize)
    }
    var parts = [
      part([batch, steps, recurrent.layers * recurrent.outputSize]),
      part([min(batch, workspace.maxSequences), steps, count * workspace.numbersPerRow]),
      part([batch, count * workspace.numbersPerSequence]),
      part([count * workspace.numbersForWeights]),
      // States before the batch, by rank while it runs, and after it.
      part([batch, count * (cell.outputSize + cell.cellStateSize), 3]),
      // Lengths, order, ranks, sizes of steps, offsets.
      part([batch, 6], MemoryLayout<Int>.size), part([steps, 4], MemoryLayout<Int>.size),
    ]
    if let embedding { parts.append(part([batch, steps, embedding.dimension])) }
    let headNumbers = head.hiddenLayers.reduce(head.outputSize) { $0 + $1.outputSize }
    switch readout {
    case .everyStep: parts.append(part([batch, steps, headNumbers]))
    // Which rows the largest outputs are from is an Int32 for each.
    case .finalState, .meanState, .maxState: parts.append(part([batch, headNumbers + 2 * recurrent.outputSize]))
    }
    return parts
  }
}

/// What one direction of one layer works in while it infers: see `CellTape` and `FusedBuffers`.
private struct InferenceWorkspace {
  /// Numbers for every row of at most ``maxSequences`` sequences.
  var numbersPerRow = 0
  var maxSequences = Int.max
  /// Numbers for every sequence.
  var numbersPerSequence = 0
  /// Copies of weights in another order.
  var numbersForWeights = 0

  /// The fused path computes the input products of all steps before the first of up to as many sequences.
  private static let maxSequencesAhead = 2
  /// Units are a multiple of this on the fused path: the numbers in the widest vector.
  private static let maxLanes = 16

  init(_ cell: RecurrentCell, _ stack: RecurrentStack, _ path: ComputePath) {
    let (hidden, outputs) = (cell.hiddenSize, cell.outputSize)
    switch path {
    case .fused where cell.isSingleProduct:
      let units = (hidden + Self.maxLanes - 1) / Self.maxLanes * Self.maxLanes
      // A GRU has sums of its own for the candidate's recurrent product.
      let vectors = cell.kind == .vanilla ? 1 : 4
      numbersPerRow = vectors * units
      maxSequences = Self.maxSequencesAhead
      numbersPerSequence = units
      numbersForWeights = units * (vectors * (max(cell.inputSize, stack.outputSize) + outputs + 1) + 1)
    case .fused, .blas:
      numbersPerRow = cell.gateRows
      numbersPerSequence = cell.gateRows + hidden
      numbersForWeights = outputs * cell.gateRows
    case .naive:
      numbersPerRow = cell.gateRows + outputs + 2 * hidden
    }
  }
}

extension RecurrentCell {
  /// Whether a step is one product, which is what the fused path takes; it leaves other cells to the BLAS path.
  fileprivate var isSingleProduct: Bool { !hasPeepholes && !isProjected && reset != .beforeProduct }
}
