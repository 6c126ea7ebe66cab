internal import Kernels

/// What one step after another of a single sequence works with: weights that were prepared once, and a place for what a
/// layer gives to the next.
///
/// It keeps the parameters that it prepared, and the cells. As long as it does, whoever changes a layer's parameters
/// changes a copy, so that their address says whether the weights are still those of the layer.
///
/// Unchecked `Sendable`: a state uses its stepper only while no other state shares it.
final class SequenceStepper<Scalar: BLASScalar>: @unchecked Sendable {
  private let parameters: ParameterVector<Scalar>
  private let cells: [RecurrentCell]
  private let cellsAddress: UnsafeRawPointer?
  private let execution: Execution
  private let weights: [PreparedWeights<Scalar>]
  /// One for each layer, into `weights`.
  private let steps: UnsafeMutableBufferPointer<SingleStep>
  private let outputs: UnsafeMutablePointer<Scalar>
  private let outputSize: Int
  private let cellSize: Int

  /// Whether it steps; otherwise a step had better take the general way: on another path than the fused one, in both directions, through a cell that has no fused path.
  var isUsable: Bool { !weights.isEmpty }

  /// Prepares the weights of `stack`, where a step can do with them alone.
  init(_ stack: RecurrentStack, _ parameters: ParameterVector<Scalar>, _ execution: Execution) {
    let isAlone =
      execution.path == .fused && !stack.isBidirectional
      && (execution.threads == 1
        || stack.cells.allSatisfy { $0.forwardOperations <= Execution.maxSingleStepWork })
    let prepared = parameters.withView { parameters in
      stack.layerDirections.compactMap { part in
        isAlone
          ? PreparedWeights(stack.cells[part.layer], parameters: parameters.columns(part.parameters)) : nil
      }
    }
    weights = prepared.count == stack.layers ? prepared : []
    steps = .allocate(capacity: weights.count)
    _ = steps.initialize(fromContentsOf: weights.map { $0.singleStep() })
    self.parameters = parameters
    cells = stack.cells
    cellsAddress = Self.address(of: stack.cells)
    self.execution = execution
    outputSize = stack.outputSize
    cellSize = stack.cells[0].cellStateSize
    outputs = .allocate(capacity: outputSize)
  }

  deinit {
    for step in steps { step.deallocate() }
    steps.deallocate()
    outputs.deallocate()
  }

  /// Whether the weights are those of `parameters` in the cells of `stack`.
  @inline(__always)
  func serves(
    _ stack: RecurrentStack, _ parameters: ParameterVector<Scalar>, _ execution: Execution
  ) -> Bool {
    parameters.isIdentical(to: self.parameters) && Self.address(of: stack.cells) == cellsAddress
      && execution == self.execution
  }

  @inline(__always)
  private static func address(of cells: [RecurrentCell]) -> UnsafeRawPointer? {
    cells.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
  }

  /// One step of the one sequence in `hidden` and `cell`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func step(
    _ inputs: UnsafePointer<Scalar>, _ hidden: inout [Matrix<Scalar>], _ cell: inout [Matrix<Scalar>],
    into target: UnsafeMutablePointer<Scalar>
  ) {
    // The state's matrices are for everybody to change.
    require(
      hidden.count == steps.count && cell.count == (cellSize == 0 ? 0 : steps.count), "the state of another network")
    var inputs = inputs
    for layer in steps.indices {
      require(
        hidden[layer].rows == 1 && hidden[layer].columns == outputSize
          && (cellSize == 0 || cell[layer].rows == 1 && cell[layer].columns == cellSize),
        "the state must be 1 × \(outputSize) and 1 × \(cellSize)")
      let state = hidden[layer].unsafeMutableView().baseAddress
      steps[layer](
        inputs, hidden: state, cell: cellSize == 0 ? state : cell[layer].unsafeMutableView().baseAddress,
        into: layer == steps.count - 1 ? target : outputs)
      inputs = UnsafePointer(state)
    }
  }
}
