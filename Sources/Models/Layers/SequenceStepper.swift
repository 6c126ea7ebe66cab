internal import Kernels

/// The weights of a stack in the order of the fused path, for all states that step through it.
///
/// It keeps the parameters that it prepared, and the cells. As long as it does, whoever changes a layer's parameters
/// changes a copy, so that their address says whether the weights are still those of the layer.
final class SteppingWeights<Scalar: BLASScalar>: Sendable {
  private let parameters: ParameterVector<Scalar>
  private let cells: [RecurrentCell]
  /// For each layer and direction; empty on other paths than the fused one.
  let weights: [PreparedWeights<Scalar>?]
  private let execution: Execution

  init(_ stack: RecurrentStack, _ parameters: ParameterVector<Scalar>, _ execution: Execution) {
    self.parameters = parameters
    cells = stack.cells
    self.execution = execution
    weights = execution.path == .fused ? parameters.withView { stack.prepare(parameters: $0) } : []
  }

  /// Whether the weights are those of `parameters` in the cells of `stack`.
  @inline(__always)
  func serve(
    _ stack: RecurrentStack, _ parameters: ParameterVector<Scalar>, _ execution: Execution
  ) -> Bool {
    parameters.isIdentical(to: self.parameters) && Self.address(of: stack.cells) == Self.address(of: cells)
      && execution == self.execution
  }

  @inline(__always)
  private static func address(of cells: [RecurrentCell]) -> UnsafeRawPointer? {
    cells.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
  }
}

/// Where a layer, and copies of it, find the weights that their states prepared, as long as there is a state that steps with
/// them. A few, because copies may have other parameters.
final class SteppingWeightsCache<Scalar: BLASScalar>: Sendable {
  private struct Cached {
    weak var weights: SteppingWeights<Scalar>?
  }
  private let cached = Guarded([Cached]())
  private static var maxCount: Int { 16 }

  /// The weights of `parameters`, prepared now where those that are there are others.
  func weights(
    _ stack: RecurrentStack, _ parameters: ParameterVector<Scalar>, _ execution: Execution
  ) -> SteppingWeights<Scalar> {
    cached.withLock { cached in
      for entry in cached {
        if let weights = entry.weights, weights.serve(stack, parameters, execution) { return weights }
      }
      let weights = SteppingWeights(stack, parameters, execution)
      cached.removeAll { $0.weights == nil }
      if cached.count == Self.maxCount { cached.removeFirst() }
      cached.append(Cached(weights: weights))
      return weights
    }
  }
}

/// What one step after another from a state works with: weights that all states of a layer share, and for a single sequence a
/// place for what a layer gives to the next.
///
/// Unchecked `Sendable`: a state uses the memory of its stepper only while no other state shares it.
final class SequenceStepper<Scalar: BLASScalar>: @unchecked Sendable {
  let shared: SteppingWeights<Scalar>
  /// One for each layer, where a step of one sequence can do with them alone: else none.
  private let steps: UnsafeMutableBufferPointer<SingleStep>
  private let outputs: UnsafeMutablePointer<Scalar>
  private let outputSize: Int
  private let cellSize: Int

  /// Whether it takes steps of one sequence; otherwise these go the general way: on another path than the fused one, in both
  /// directions, through a cell that has no fused path, and through weights that two threads read faster.
  var isUsable: Bool { !steps.isEmpty }

  /// Steps through `stack` with the weights `shared`.
  init(_ stack: RecurrentStack, _ shared: SteppingWeights<Scalar>, _ execution: Execution) {
    self.shared = shared
    let isAlone =
      !stack.isBidirectional
      && (execution.threads == 1
        || stack.cells.allSatisfy { $0.forwardOperations <= Execution.maxSingleStepWork })
    let weights = isAlone ? shared.weights.compactMap { $0 } : []
    steps = .allocate(capacity: weights.count == stack.layers ? stack.layers : 0)
    for layer in steps.indices { (steps.baseAddress! + layer).initialize(to: weights[layer].singleStep()) }
    outputSize = stack.outputSize
    cellSize = stack.cells[0].cellStateSize
    outputs = .allocate(capacity: outputSize)
  }

  deinit {
    for step in steps { step.deallocate() }
    steps.deallocate()
    outputs.deallocate()
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
