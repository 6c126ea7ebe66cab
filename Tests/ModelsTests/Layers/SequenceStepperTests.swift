import Dispatch
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Models

/// Steps of a single sequence, one after another, for which weights are prepared once.
@Suite struct SequenceStepperTests {
  /// Layers of I = 3 and H = 17 without a zero among their parameters.
  private func layer<Scalar: BLASScalar>(
    _ kind: RecurrentCell.Kind, layers: Int = 2, seed: UInt64 = 2, as _: Scalar.Type = Scalar.self
  ) throws -> RecurrentLayer<Scalar> {
    let stack = try RecurrentStack(RecurrentCell(kind, inputSize: 3, hiddenSize: 17), layers: layers)
    var layer = RecurrentLayer<Scalar>(stack)
    layer.execution = Execution(path: .fused, threads: 1)
    layer.parameters = Self.parameters(layer, seed: seed)
    return layer
  }

  private static func parameters<Scalar>(
    _ layer: RecurrentLayer<Scalar>, seed: UInt64
  ) -> ParameterVector<Scalar> {
    var parameters = ParameterVector<Scalar>.zeros(layer.parameters.layout)
    var generator = SeededGenerator(seed: seed)
    parameters.withUnsafeMutableBufferPointer {
      _ = $0.update(
        from: Matrix<Scalar>.random(rows: 1, columns: $0.count, magnitudes: 0.05..<0.3, from: &generator).elements)
    }
    return parameters
  }

  private func inputs<Scalar: BLASScalar>(_ steps: Int, as _: Scalar.Type = Scalar.self) -> PackedSequence<Scalar> {
    var generator = SeededGenerator(seed: 3)
    return PackedSequence([.random(rows: steps, columns: 3, from: &generator)], features: 3)
  }

  private func start<Scalar>(_ layer: RecurrentLayer<Scalar>) -> RecurrentState<Scalar> {
    var generator = SeededGenerator(seed: 4)
    var state = layer.zeroState(batch: 1)
    for i in state.hidden.indices { state.hidden[i] = .random(rows: 1, columns: 17, from: &generator) }
    for i in state.cell.indices { state.cell[i] = .random(rows: 1, columns: 17, from: &generator) }
    return state
  }

  /// One step on plain buffers.
  private func step<Scalar>(
    _ layer: RecurrentLayer<Scalar>, _ input: [Scalar], _ state: inout RecurrentState<Scalar>
  ) -> [Scalar] {
    var output = [Scalar](repeating: .nan, count: 17)
    var span = output.mutableSpan
    layer.step(input.span, &state, into: &span)
    return output
  }

  private func haveSameBits<Scalar>(_ a: RecurrentState<Scalar>, _ b: RecurrentState<Scalar>) -> Bool {
    a.hidden.count == b.hidden.count && a.cell.count == b.cell.count
      && zip(a.hidden + a.cell, b.hidden + b.cell).allSatisfy { $0.hasSameBits(as: $1) }
  }

  // MARK: - The same numbers

  @Test(arguments: RecurrentCell.Kind.allCases, [1, 3])
  func steppingHasTheBitsOfRunningTheSequence(_ kind: RecurrentCell.Kind, _ layers: Int) throws {
    try expectSteppingToBeRunning(layer(kind, layers: layers, as: Float.self))
    try expectSteppingToBeRunning(layer(kind, layers: layers, as: Double.self))
  }

  private func expectSteppingToBeRunning<Scalar>(_ layer: RecurrentLayer<Scalar>) throws {
    let inputs = inputs(7, as: Scalar.self)
    var state = start(layer)
    let whole = layer(inputs, from: state)
    var matrixState = state
    for t in 0..<7 {
      let wanted = Matrix([whole.outputs.rows.row(t)])
      let output = step(layer, inputs.rows.row(t), &state)
      #expect(Matrix([output]).hasSameBits(as: wanted), "\(Scalar.self), step \(t)")
      #expect(layer.step(Matrix([inputs.rows.row(t)]), &matrixState).hasSameBits(as: wanted))
    }
    #expect(state.stepper != nil)
    #expect(haveSameBits(state, whole.state))
    #expect(haveSameBits(matrixState, whole.state))
  }

  /// Beside others, a sequence takes the general way.
  @Test(arguments: RecurrentCell.Kind.allCases)
  func steppingAloneHasTheBitsOfSteppingInABatch(_ kind: RecurrentCell.Kind) throws {
    let layer = try layer(kind, as: Float.self)
    let inputs = inputs(5, as: Float.self).rows
    var alone = start(layer)
    var together = alone.selecting([0, 0, 0, 0])
    together.reset(sequence: 1)
    for t in 0..<5 {
      let row = Matrix([inputs.row(t)])
      let wanted = layer.step(row.selectingRows([0, 0, 0, 0]), &together).selectingRows([2])
      #expect(layer.step(row, &alone).hasSameBits(as: wanted))
    }
    #expect(haveSameBits(alone, together.selecting([3])))
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func aSequenceMayGoOnFromStepsAndStepsFromASequence(_ kind: RecurrentCell.Kind) throws {
    let layer = try layer(kind, as: Double.self)
    let inputs = inputs(9, as: Double.self)
    let whole = layer(inputs, from: start(layer))
    var state = start(layer)
    for t in 0..<3 { _ = step(layer, inputs.rows.row(t), &state) }
    state = layer(inputs.steps(3..<6), from: state).state
    var output: [Double] = []
    for t in 6..<9 { output = step(layer, inputs.rows.row(t), &state) }
    #expect(Matrix([output]).hasSameBits(as: Matrix([whole.outputs.rows.row(8)])))
    #expect(haveSameBits(state, whole.state))
  }

  // MARK: - Which weights

  /// Changed in place, replaced, changed by an optimiser's buffer, and changed back.
  @Test(arguments: RecurrentCell.Kind.allCases)
  func parametersThatChangeBetweenStepsAreNoticed(_ kind: RecurrentCell.Kind) throws {
    var layer = try layer(kind, as: Float.self)
    let inputs = inputs(1, as: Float.self)
    let input = inputs.rows.row(0)
    var state = start(layer)
    let (original, others) = (layer.parameters, Self.parameters(layer, seed: 7))
    let changes: [(String, (inout ParameterVector<Float>) -> Void)] = [
      ("nothing", { _ in }), ("one number in place", { $0.withUnsafeMutableBufferPointer { $0[1] += 0.5 } }),
      ("one by name", { $0["bias_hh_l1"] = Matrix(repeating: 0.25, rows: $0["bias_hh_l1"].rows, columns: 1) }),
      ("one through a view", { $0.withMutableView { $0.row(0)[2] = -0.75 } }),
      ("all", { $0 = others }), ("all of them back", { $0 = original }),
    ]
    for (name, change) in changes {
      change(&layer.parameters)
      let fresh = RecurrentState(hidden: state.hidden, cell: state.cell)
      let wanted = layer(inputs, from: fresh)
      let found = step(layer, input, &state)
      #expect(Matrix([found]).hasSameBits(as: wanted.outputs.rows), "after changing \(name)")
      #expect(haveSameBits(state, wanted.state), "after changing \(name)")
    }
  }

  /// Memory that one vector gave back may be another's next: an address alone would take them for one.
  @Test func parametersInMemoryThatWasUsedBeforeAreNoticed() throws {
    var layer = try layer(.gru, as: Float.self)
    let inputs = inputs(1, as: Float.self)
    var state = start(layer)
    for seed in 10..<60 {
      layer.parameters = ParameterVector.zeros(layer.parameters.layout)
      layer.parameters = Self.parameters(layer, seed: UInt64(seed))
      let wanted = layer(inputs, from: RecurrentState(hidden: state.hidden, cell: state.cell))
      #expect(Matrix([step(layer, inputs.rows.row(0), &state)]).hasSameBits(as: wanted.outputs.rows))
    }
  }

  /// A state that two layers take in turn.
  @Test func anotherLayersWeightsAreNoticed() throws {
    let layers = try [2, 7].map { try layer(.lstm, seed: $0, as: Float.self) }
    let inputs = inputs(1, as: Float.self)
    var state = start(layers[0])
    for layer in layers + layers {
      let wanted = layer(inputs, from: RecurrentState(hidden: state.hidden, cell: state.cell))
      #expect(Matrix([step(layer, inputs.rows.row(0), &state)]).hasSameBits(as: wanted.outputs.rows))
    }
  }

  /// The second cell of each pair has the parameters of the first in their very memory.
  @Test(arguments: [
    [
      RecurrentCell.vanilla(inputSize: 3, hiddenSize: 17),
      .vanilla(inputSize: 3, hiddenSize: 17, activation: .relu),
    ],
    [
      .gru(inputSize: 3, hiddenSize: 17), .gru(inputSize: 3, hiddenSize: 17, reset: .beforeProduct),
    ],
  ])
  func aLayerWithTheSameParametersAndAnotherCellIsNoticed(_ cells: [RecurrentCell]) throws {
    let kind = cells[0].kind
    let parameters = try layer(kind, layers: 1, as: Float.self).parameters
    let layers = try cells.map { cell in
      var layer = RecurrentLayer<Float>(try RecurrentStack(cell), parameters: parameters)
      layer.execution = Execution(path: .fused, threads: 1)
      return layer
    }
    let inputs = inputs(1, as: Float.self)
    var state = start(layers[0])
    for (i, layer) in (layers + layers).enumerated() {
      let wanted = layer(inputs, from: RecurrentState(hidden: state.hidden, cell: state.cell))
      let found = Matrix([step(layer, inputs.rows.row(0), &state)])
      // The cell without a fused path steps as it runs, on the BLAS path.
      #expect(maximumRelativeDifference(found, wanted.outputs.rows.converted(to: Double.self)) < 1e-5, "turn \(i)")
    }
  }

  @Test(arguments: [ComputePath.naive, .blas])
  func anotherPathBetweenStepsIsNoticed(_ path: ComputePath) throws {
    var layer = try layer(.gru, as: Double.self)
    let inputs = inputs(1, as: Double.self)
    var state = start(layer)
    for execution in [layer.execution, Execution(path: path, threads: 1), layer.execution] {
      layer.execution = execution
      let wanted = layer(inputs, from: RecurrentState(hidden: state.hidden, cell: state.cell))
      #expect(Matrix([step(layer, inputs.rows.row(0), &state)]).hasSameBits(as: wanted.outputs.rows))
    }
  }

  @Test func stepsOfStacksThatHaveNoSuchStepperTakeTheGeneralWay() throws {
    let projected = RecurrentCell.lstm(inputSize: 3, hiddenSize: 17, projectionSize: 11)
    var layer = RecurrentLayer<Float>(try RecurrentStack(projected))
    layer.execution = Execution(path: .fused, threads: 1)
    var state = layer.zeroState(batch: 1)
    _ = layer.step(Matrix([[1, 2, 3]]), &state)
    #expect(state.stepper?.isUsable == false)
  }

  /// However many states there are, forked, selected or new, and whichever way they step.
  @Test(arguments: [1, 2])
  func allStatesShareTheWeights(_ threads: Int) throws {
    var layer = try layer(.lstm, as: Float.self)
    layer.execution.threads = threads
    var states = (0..<3).map { _ in layer.zeroState(batch: 1) }
    for i in states.indices { _ = step(layer, [1, 2, 3], &states[i]) }
    var (fork, selected, pair) = (states[0], states[1].selecting([0]), layer.zeroState(batch: 2))
    _ = step(layer, [1, 2, 3], &fork)
    _ = step(layer, [1, 2, 3], &selected)
    _ = layer.step(Matrix([[1, 2, 3], [4, 5, 6]]), &pair)
    for state in states + [fork, selected, pair] {
      #expect(state.stepper?.shared === states[0].stepper?.shared)
      #expect(state.stepper?.shared.weights.count == 2)
    }
  }

  /// Two copies with parameters of their own, whose states begin in turn.
  @Test func statesOfCopiesWithOtherParametersShareTheirOwnWeights() throws {
    let one = try layer(.gru, as: Float.self)
    var other = one
    other.parameters = Self.parameters(other, seed: 7)
    var states = (0..<6).map { _ in one.zeroState(batch: 1) }
    for i in states.indices { _ = step(i.isMultiple(of: 2) ? one : other, [1, 2, 3], &states[i]) }
    #expect(states[0].stepper?.shared === states[4].stepper?.shared)
    #expect(states[1].stepper?.shared === states[5].stepper?.shared)
    #expect(states[0].stepper?.shared !== states[1].stepper?.shared)
  }

  // MARK: - Copies

  @Test(arguments: RecurrentCell.Kind.allCases)
  func forkedStatesStepAsIfTheyHadNeverMet(_ kind: RecurrentCell.Kind) throws {
    let layer = try layer(kind, as: Float.self)
    let inputs = inputs(9, as: Float.self).rows
    var state = start(layer)
    for t in 0..<3 { _ = step(layer, inputs.row(t), &state) }
    var forks = [state, state]
    let separate = RecurrentState(hidden: state.hidden, cell: state.cell)
    var wanted = [separate, separate]
    for t in 3..<9 {
      for (i, row) in [t, 11 - t].enumerated() {
        #expect(step(layer, inputs.row(row), &forks[i]) == step(layer, inputs.row(row), &wanted[i]))
      }
    }
    #expect(haveSameBits(forks[0], wanted[0]) && haveSameBits(forks[1], wanted[1]))
    #expect(haveSameBits(state, separate))
  }

  /// Two threads begin with copies of one state, which share what it works with.
  @Test(arguments: RecurrentCell.Kind.allCases)
  func forkedStatesMayStepOnTwoThreads(_ kind: RecurrentCell.Kind) throws {
    let layer = try layer(kind, layers: 3, as: Double.self)
    let steps = 40
    let inputs = inputs(steps, as: Double.self)
    var state = start(layer)
    _ = step(layer, inputs.rows.row(0), &state)
    let whole = layer(inputs, from: RecurrentState(hidden: state.hidden, cell: state.cell))
    let mistakes = Atomic<Int>(0)
    for _ in 0..<20 {
      DispatchQueue.concurrentPerform(iterations: 2) { [state] _ in
        var fork = state
        for t in 0..<steps where step(layer, inputs.rows.row(t), &fork) != whole.outputs.rows.row(t) {
          mistakes.add(1, ordering: .relaxed)
        }
        if !haveSameBits(fork, whole.state) { mistakes.add(1, ordering: .relaxed) }
      }
    }
    #expect(mistakes.load(ordering: .relaxed) == 0)
  }

  // MARK: - Memory

  @Test(.enabled(if: Allocations.areCounted), arguments: RecurrentCell.Kind.allCases, [1, 3])
  func aStepAllocatesNothingAfterTheFirst(_ kind: RecurrentCell.Kind, _ layers: Int) throws {
    try expectNoAllocation(layer(kind, layers: layers, as: Float.self))
    try expectNoAllocation(layer(kind, layers: layers, as: Double.self))
  }

  private func expectNoAllocation<Scalar>(_ layer: RecurrentLayer<Scalar>) {
    var state = start(layer)
    let input: [Scalar] = [0.25, -0.5, 1]
    var output = [Scalar](repeating: 0, count: 17)
    func step() {
      var span = output.mutableSpan
      layer.step(input.span, &state, into: &span)
    }
    step()
    #expect(Allocations.count { for _ in 0..<5 { step() } } == 0, "\(Scalar.self)")
    // A fork takes memory of its own once.
    var fork = state
    func stepFork() {
      var span = output.mutableSpan
      layer.step(input.span, &fork, into: &span)
    }
    stepFork()
    step()
    #expect(Allocations.count { for _ in 0..<5 { stepFork() } } == 0, "a fork of \(Scalar.self)")
    #expect(Allocations.count { for _ in 0..<5 { step() } } == 0, "what was forked, \(Scalar.self)")
  }

  /// The gradient of a layer that has stepped finds its parameters in place; only those who change them pay a copy.
  @Test func aStateThatIsGoneFreesTheParameters() throws {
    var layer = try layer(.lstm, as: Float.self)
    func address() -> UnsafePointer<Float>? { layer.parameters.withUnsafeBufferPointer { $0.baseAddress } }
    let before = address()
    do {
      var state = start(layer)
      _ = step(layer, [1, 2, 3], &state)
    }
    layer.parameters.withUnsafeMutableBufferPointer { $0[0] += 1 }
    #expect(address() == before)
  }

  // MARK: - Mistakes

  @Test(arguments: StateMistake.allCases)
  func matricesOfTheWrongShapeInAStateStopTheProgram(_ mistake: StateMistake) async {
    await #expect(processExitsWith: .failure) { [mistake] in
      guard let stack = try? RecurrentStack(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 17), layers: 2) else {
        return
      }
      var layer = RecurrentLayer<Float>(stack)
      layer.execution = Execution(path: .fused, threads: 1)
      var state = layer.zeroState(batch: 1)
      var output = [Float](repeating: 0, count: 17)
      let input: [Float] = [1, 2, 3]
      for round in 0..<2 {
        if round == 1 { mistake.make(in: &state) }
        var span = output.mutableSpan
        layer.step(input.span, &state, into: &span)
        // The first step is right; what stops the program must be the second.
        if state.stepper == nil { return }
      }
    }
  }

  @Test(arguments: [(2, 17), (4, 17), (3, 16), (3, 18)])
  func anInputOrAnOutputOfTheWrongSizeStopsTheProgram(_ inputSize: Int, _ outputSize: Int) async {
    await #expect(processExitsWith: .failure) { [inputSize, outputSize] in
      guard let stack = try? RecurrentStack(RecurrentCell(.gru, inputSize: 3, hiddenSize: 17)) else { return }
      let layer = RecurrentLayer<Float>(stack)
      var state = layer.zeroState(batch: 1)
      var output = [Float](repeating: 0, count: outputSize)
      let input = [Float](repeating: 1, count: inputSize)
      var span = output.mutableSpan
      layer.step(input.span, &state, into: &span)
    }
  }
}

/// A way to replace a matrix of a state that has stepped by one that does not fit.
enum StateMistake: String, CaseIterable, Codable, Sendable {
  case narrowHidden, wideHidden, twoRows, narrowCell, wideCell, missingLayer, missingCell, furtherLayer

  func make(in state: inout RecurrentState<Float>) {
    switch self {
    case .narrowHidden: state.hidden[1] = .zeros(rows: 1, columns: 16)
    case .wideHidden: state.hidden[1] = .zeros(rows: 1, columns: 18)
    case .twoRows: state.hidden[1] = .zeros(rows: 2, columns: 17)
    case .narrowCell: state.cell[1] = .zeros(rows: 1, columns: 16)
    case .wideCell: state.cell[0] = .zeros(rows: 1, columns: 18)
    case .missingLayer: state.hidden.removeLast()
    case .missingCell: state.cell = []
    case .furtherLayer: state.hidden.append(.zeros(rows: 1, columns: 17))
    }
  }
}
