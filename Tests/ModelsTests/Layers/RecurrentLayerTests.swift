import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct RecurrentLayerTests {
  typealias Layer = RecurrentLayer<Double>
  static let lengths = [4, 7, 0, 4, 2, 7]

  /// A layer of I = 3 and H = 5 without a zero among its parameters.
  static func layer(
    _ kind: RecurrentCell.Kind, layers: Int = 2, isBidirectional: Bool = false, dropout: Double = 0,
    recurrentDropout: Double = 0, _ path: ComputePath = .naive
  ) throws -> Layer {
    let stack = try RecurrentStack(
      RecurrentCell(kind, inputSize: 3, hiddenSize: 5), layers: layers, isBidirectional: isBidirectional,
      dropout: dropout, recurrentDropout: recurrentDropout)
    var layer = Layer(stack)
    layer.execution = Execution(path: path, threads: 1)
    var generator = SeededGenerator(seed: 2)
    layer.parameters.withUnsafeMutableBufferPointer {
      _ = $0.update(
        from: Matrix<Double>.random(rows: 1, columns: $0.count, magnitudes: 0.1..<0.5, from: &generator).elements)
    }
    return layer
  }

  static func sequences(_ lengths: [Int] = lengths, features: Int = 3, seed: UInt64 = 3) -> PackedSequence<Double> {
    var generator = SeededGenerator(seed: seed)
    return PackedSequence(
      lengths.map { .random(rows: $0, columns: features, from: &generator) }, features: features)
  }

  static func state(_ layer: Layer, batch: Int, seed: UInt64 = 4) -> RecurrentState<Double> {
    var generator = SeededGenerator(seed: seed)
    var state = layer.zeroState(batch: batch)
    for i in state.hidden.indices { state.hidden[i] = .random(rows: batch, columns: 5, from: &generator) }
    for i in state.cell.indices { state.cell[i] = .random(rows: batch, columns: 5, from: &generator) }
    return state
  }

  /// Between two ways through two layers of seven steps.
  static let rounding = Tolerance.operations(2 * 7 * (5 + 5 + 20), Double.self)

  static func difference(_ a: RecurrentState<Double>, _ b: RecurrentState<Double>) -> Double {
    zip(a.hidden + a.cell, b.hidden + b.cell).map { maximumRelativeDifference($0, $1) }.max() ?? 0
  }

  // MARK: - State

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func omittedStateEqualsZeroState(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, isBidirectional: true, path)
    let omitted = layer(Self.sequences())
    let zero = layer(Self.sequences(), from: layer.zeroState(batch: Self.lengths.count))
    #expect(omitted.outputs == zero.outputs)
    #expect(omitted.state == zero.state)
  }

  /// To the bit on the naive path and to rounding on the BLAS path.
  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func splittingASequenceChangesNothing(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, path)
    let inputs = Self.sequences()
    let start = Self.state(layer, batch: inputs.batch)
    let whole = layer(inputs, from: start)
    for step in 1..<7 {
      let first = layer(inputs.steps(0..<step), from: start)
      let second = layer(inputs.steps(step..<7), from: first.state)
      for (part, range) in [(first.outputs, 0..<step), (second.outputs, step..<7)] {
        let wanted = whole.outputs.steps(range)
        #expect(
          path == .naive
            ? part == wanted : maximumRelativeDifference(part.rows, wanted.rows) <= Self.rounding, "split at \(step)")
      }
      #expect(
        path == .naive ? second.state == whole.state : Self.difference(second.state, whole.state) <= Self.rounding)
    }
  }

  /// To the bit on the naive path and to rounding on the BLAS path.
  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func steppingIsRunningTheSequence(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, path)
    let inputs = Self.sequences([7, 7])
    let start = Self.state(layer, batch: 2)
    let whole = layer(inputs, from: start)
    var state = start
    for t in 0..<7 {
      let outputs = layer.step(inputs.steps(t..<t + 1).rows, &state)
      let wanted = whole.outputs.steps(t..<t + 1).rows
      #expect(path == .naive ? outputs == wanted : maximumRelativeDifference(outputs, wanted) <= Self.rounding)
    }
    #expect(path == .naive ? state == whole.state : Self.difference(state, whole.state) <= Self.rounding)
  }

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func steppingOnPlainBuffersIsSteppingOnMatrices(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, path)
    var state = Self.state(layer, batch: 1)
    var plainState = state
    var plain = [Double](repeating: .nan, count: 5)
    for t in 0..<4 {
      let input = [0.25, -0.5, Double(t)]
      let outputs = layer.step(Matrix([input]), &state)
      var span = plain.mutableSpan
      layer.step(input.span, &plainState, into: &span)
      #expect(plain == outputs.row(0))
    }
    #expect(plainState == state)
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func copyingAStateForksIt(_ kind: RecurrentCell.Kind) throws {
    let layer = try Self.layer(kind, .blas)
    var state = layer.zeroState(batch: 1)
    _ = layer.step(Matrix([[1, 2, 3]]), &state)
    let before = RecurrentState(hidden: state.hidden, cell: state.cell)
    var fork = state
    let other = layer.step(Matrix([[-1, 0.5, 2]]), &fork)
    #expect(state == before)
    // Both go on as if they had never shared memory.
    var (one, two) = (before, before)
    #expect(layer.step(Matrix([[3, 2, 1]]), &state) == layer.step(Matrix([[3, 2, 1]]), &one))
    #expect(layer.step(Matrix([[-1, 0.5, 2]]), &two) == other)
    #expect(fork == two)
    #expect(state == one)
  }

  @Test func aStateMayChangeItsNumberOfSequencesBetweenSteps() throws {
    let layer = try Self.layer(.lstm)
    var state = Self.state(layer, batch: 3)
    let inputs = Self.sequences([1, 1, 1]).rows
    _ = layer.step(inputs, &state)
    var some = state.selecting([2, 0])
    some.workspace = state.workspace
    var wanted = state
    let all = layer.step(inputs, &wanted)
    #expect(layer.step(inputs.selectingRows([2, 0]), &some) == all.selectingRows([2, 0]))
    #expect(some == wanted.selecting([2, 0]))
  }

  @Test(
    .enabled(if: Allocations.areCounted), arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func steppingAllocatesNothingAfterTheFirstStep(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, path)
    var state = layer.zeroState(batch: 1)
    let input = [0.25, -0.5, 1]
    var output = [Double](repeating: 0, count: 5)
    func step() {
      var span = output.mutableSpan
      layer.step(input.span, &state, into: &span)
    }
    step()
    step()
    #expect(Allocations.count { step() } == 0)
  }

  // MARK: - Batches and layers

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func resultsDoNotDependOnTheBatch(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, isBidirectional: true, path)
    let inputs = Self.sequences()
    let start = Self.state(layer, batch: inputs.batch)
    let together = layer(inputs, from: start)
    for b in 0..<inputs.batch {
      let alone = layer(PackedSequence([inputs.sequence(b)], features: 3), from: start.selecting([b]))
      let (found, state) = (together.outputs.sequence(b), together.state.selecting([b]))
      if path == .naive {
        #expect(found == alone.outputs.rows)
        #expect(state == alone.state)
      } else {
        #expect(maximumRelativeDifference(found, alone.outputs.rows) <= Self.rounding)
        #expect(Self.difference(state, alone.state) <= Self.rounding)
      }
    }
  }

  @Test(arguments: RecurrentCell.Kind.allCases)
  func twoLayersAreALayerOverALayer(_ kind: RecurrentCell.Kind) throws {
    let stack = try Self.layer(kind)
    var upper = Layer(try RecurrentStack(RecurrentCell(kind, inputSize: 5, hiddenSize: 5)))
    var lower = try Self.layer(kind, layers: 1)
    upper.execution = stack.execution
    for shape in lower.architecture.parameters { lower.parameters[shape.name] = stack.parameters[shape.name] }
    for shape in upper.architecture.parameters {
      upper.parameters[shape.name] = stack.parameters[shape.name.replacing("_l0", with: "_l1")]
    }
    let inputs = Self.sequences()
    let start = Self.state(stack, batch: inputs.batch)
    func part(_ state: RecurrentState<Double>, _ layer: Int) -> RecurrentState<Double> {
      RecurrentState(hidden: [state.hidden[layer]], cell: state.cell.isEmpty ? [] : [state.cell[layer]])
    }
    let whole = stack(inputs, from: start)
    let below = lower(inputs, from: part(start, 0))
    let above = upper(below.outputs, from: part(start, 1))
    #expect(above.outputs == whole.outputs)
    #expect(below.state == part(whole.state, 0))
    #expect(above.state == part(whole.state, 1))
  }

  // MARK: - Recording

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func recordingDoesNotChangeTheResult(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, isBidirectional: true, dropout: 0.5, recurrentDropout: 0.5, path)
    let inputs = Self.sequences()
    let start = Self.state(layer, batch: inputs.batch)
    var tape = RecurrentTape<Double>()
    let recorded = layer.forward(inputs, from: start, recordingInto: &tape, mode: .recording)
    let inference = layer(inputs, from: start)
    #expect(recorded.outputs == inference.outputs)
    #expect(recorded.state == inference.state)
  }

  /// Both passes with dropout, on `tape`.
  private func train(
    _ layer: Layer, _ inputs: PackedSequence<Double>, _ start: RecurrentState<Double>,
    tape: inout RecurrentTape<Double>
  ) -> (outputs: PackedSequence<Double>, dInputs: PackedSequence<Double>, gradient: ParameterVector<Double>) {
    tape.generator = SeededGenerator(seed: 9)
    let outputs = layer.forward(inputs, from: start, recordingInto: &tape).outputs
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let dInputs = layer.backward(
      through: &tape, dOutputs: Self.sequences(inputs.layout.lengths, features: outputs.features, seed: 5),
      dState: Self.state(layer, batch: inputs.batch, seed: 6), accumulatingInto: &gradient
    ).dInputs
    return (outputs, dInputs, gradient)
  }

  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func aUsedTapeGivesWhatANewOneGives(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, isBidirectional: true, dropout: 0.5, recurrentDropout: 0.5, path)
    let other = try Self.layer(kind, layers: 3, path)
    var tape = RecurrentTape<Double>()
    for lengths in [Self.lengths, [2, 1], [], Self.lengths, [0], [7, 7, 7]] {
      for layer in [layer, layer, other] {
        let (inputs, start) = (Self.sequences(lengths), Self.state(layer, batch: lengths.count))
        let found = train(layer, inputs, start, tape: &tape)
        var new = RecurrentTape<Double>()
        let wanted = train(layer, inputs, start, tape: &new)
        #expect(found.outputs == wanted.outputs)
        #expect(found.dInputs == wanted.dInputs)
        #expect(found.gradient == wanted.gradient)
      }
    }
  }

  /// A recording without dropout on a tape that still holds the masks of training.
  @Test func masksOfAnEarlierPassDoNotAct() throws {
    let layer = try Self.layer(.lstm, dropout: 0.5, recurrentDropout: 0.5)
    let inputs = Self.sequences()
    var (used, new) = (RecurrentTape<Double>(seed: 1), RecurrentTape<Double>(seed: 1))
    let dropped = layer.forward(inputs, recordingInto: &used).outputs
    func gradient(_ tape: inout RecurrentTape<Double>) -> ParameterVector<Double> {
      let outputs = layer.forward(inputs, recordingInto: &tape, mode: .recording).outputs
      #expect(outputs != dropped)
      var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
      _ = layer.backward(through: &tape, dOutputs: outputs, accumulatingInto: &gradient)
      return gradient
    }
    #expect(gradient(&used) == gradient(&new))
  }

  @Test func gradientsOfParametersAreAddedToWhatIsThere() throws {
    let layer = try Self.layer(.gru)
    let inputs = Self.sequences()
    var tape = RecurrentTape<Double>()
    let outputs = layer.forward(inputs, recordingInto: &tape).outputs
    var once = ParameterVector<Double>.zeros(layer.parameters.layout)
    let first = layer.backward(through: &tape, dOutputs: outputs, accumulatingInto: &once)
    var twice = once
    let second = layer.backward(through: &tape, dOutputs: outputs, accumulatingInto: &twice)
    #expect(first.dInputs == second.dInputs)
    #expect(first.dInitialState == second.dInitialState)
    once.scale(by: 2)
    let (found, wanted) = (twice.withUnsafeBufferPointer { Array($0) }, once.withUnsafeBufferPointer { Array($0) })
    #expect(maximumRelativeDifference(found, wanted) <= Tolerance.operations(24, Double.self))
  }

  @Test func anOmittedGradientOfTheStateIsZero() throws {
    let layer = try Self.layer(.lstm)
    let inputs = Self.sequences()
    var tape = RecurrentTape<Double>()
    let outputs = layer.forward(inputs, recordingInto: &tape).outputs
    var (omitted, zero) = (
      ParameterVector<Double>.zeros(layer.parameters.layout), ParameterVector<Double>.zeros(layer.parameters.layout)
    )
    let first = layer.backward(through: &tape, dOutputs: outputs, accumulatingInto: &omitted)
    let second = layer.backward(
      through: &tape, dOutputs: outputs, dState: layer.zeroState(batch: inputs.batch), accumulatingInto: &zero)
    #expect(omitted == zero)
    #expect(first.dInputs == second.dInputs)
    #expect(first.dInitialState == second.dInitialState)
  }

  // MARK: - Dropout

  /// The masks of every evaluation are those of the recording: the generator starts from the same seed.
  @Test(arguments: RecurrentCell.Kind.allCases, ComputePath.allCases)
  func gradientsWithDropoutMatchFiniteDifferences(_ kind: RecurrentCell.Kind, _ path: ComputePath) throws {
    let layer = try Self.layer(kind, isBidirectional: true, dropout: 0.4, recurrentDropout: 0.3, path)
    let inputs = Self.sequences([2, 4])
    let start = Self.state(layer, batch: 2)
    let outputWeights = Self.sequences([2, 4], features: 10, seed: 5)
    let stateWeights = Self.state(layer, batch: 2, seed: 6)

    func loss(_ layer: Layer, _ inputs: PackedSequence<Double>, _ start: RecurrentState<Double>) -> Double {
      var tape = RecurrentTape<Double>(seed: 7)
      let (outputs, state) = layer.forward(inputs, from: start, recordingInto: &tape)
      let pairs = zip(
        [outputs.rows] + state.hidden + state.cell, [outputWeights.rows] + stateWeights.hidden + stateWeights.cell)
      return pairs.reduce(0) { $0 + zip($1.0.elements, $1.1.elements).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    var tape = RecurrentTape<Double>(seed: 7)
    _ = layer.forward(inputs, from: start, recordingInto: &tape)
    var gradient = ParameterVector<Double>.zeros(layer.parameters.layout)
    let (dInputs, dStart) = layer.backward(
      through: &tape, dOutputs: outputWeights, dState: stateWeights, accumulatingInto: &gradient)

    func expect(_ found: Matrix<Double>, _ point: Matrix<Double>, _ name: String, _ loss: (Matrix<Double>) -> Double) {
      let wanted = centralDifferences(at: point, of: loss)
      #expect(maximumRelativeDifference(found, wanted) <= Tolerance.finiteDifference, "\(name)")
    }
    for shape in layer.architecture.parameters {
      var moved = layer
      expect(gradient[shape.name], layer.parameters[shape.name], shape.name) {
        moved.parameters[shape.name] = $0
        return loss(moved, inputs, start)
      }
    }
    expect(dInputs.rows, inputs.rows, "inputs") { loss(layer, PackedSequence(layout: inputs.layout, rows: $0), start) }
    for i in start.hidden.indices {
      var moved = start
      expect(dStart.hidden[i], start.hidden[i], "hidden state \(i)") {
        moved.hidden[i] = $0
        return loss(layer, inputs, moved)
      }
    }
    for i in start.cell.indices {
      var moved = start
      expect(dStart.cell[i], start.cell[i], "cell state \(i)") {
        moved.cell[i] = $0
        return loss(layer, inputs, moved)
      }
    }
  }

  @Test(arguments: [(0.5, 0.0), (0.0, 0.5)])
  func dropoutIsDecidedByTheSeedOfTheTape(_ dropout: Double, _ recurrentDropout: Double) throws {
    let layer = try Self.layer(.gru, dropout: dropout, recurrentDropout: recurrentDropout)
    let inputs = Self.sequences()
    var tapes = [RecurrentTape<Double>(seed: 1), RecurrentTape<Double>(seed: 1), RecurrentTape<Double>(seed: 2)]
    let first = tapes.indices.map { layer.forward(inputs, recordingInto: &tapes[$0]).outputs }
    #expect(first[0] == first[1])
    #expect(first[0] != first[2])
    #expect(first[0] != layer(inputs).outputs)
    // Each pass draws masks of its own.
    let second = tapes.indices.map { layer.forward(inputs, recordingInto: &tapes[$0]).outputs }
    #expect(second[0] == second[1])
    #expect(second[0] != first[0])
  }

  /// A vanilla ReLU network that hands on what it sees: layer 0 gives 1 everywhere, layer 1 what dropout leaves of it.
  @Test func dropoutLeavesTheMeanAsItWas() throws {
    let rate = 0.3
    let cell = RecurrentCell.vanilla(inputSize: 3, hiddenSize: 50, activation: .relu)
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell, layers: 2, dropout: rate))
    layer.parameters.setToZero()
    layer.parameters["bias_ih_l0"] = Matrix(repeating: 1, rows: 50, columns: 1)
    layer.parameters["weight_ih_l1"] = identity(50)
    var tape = RecurrentTape<Double>(seed: 8)
    let found = layer.forward(Self.sequences([40, 60]), recordingInto: &tape).outputs.rows.elements
    #expect(Set(found) == [0, 1 / (1 - rate)])
    // The variance of a mask is p / (1 - p).
    let tolerance = Tolerance.mean(ofDraws: found.count) * (rate / (1 - rate)).squareRoot()
    #expect(abs(found.reduce(0, +) / Double(found.count) - 1) <= tolerance)
  }

  /// A vanilla ReLU network that multiplies its state by the mask at each step: what is hidden once stays zero, so a
  /// second mask would show.
  @Test(arguments: ComputePath.allCases)
  func recurrentDropoutHidesTheSameUnitsAtAllStepsOfASequence(_ path: ComputePath) throws {
    let (rate, size) = (0.5, 60)
    let cell = RecurrentCell.vanilla(inputSize: 3, hiddenSize: size, activation: .relu)
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell, recurrentDropout: rate))
    layer.execution = Execution(path: path, threads: 1)
    layer.parameters.setToZero()
    layer.parameters["weight_hh_l0"] = identity(size)
    var tape = RecurrentTape<Double>(seed: 8)
    let start = RecurrentState(hidden: [Matrix<Double>(repeating: 1, rows: 3, columns: size)])
    let outputs = layer.forward(Self.sequences([4, 6, 6]), from: start, recordingInto: &tape).outputs.sequences

    for sequence in outputs {
      let survivors = sequence.row(0).indices.filter { sequence[0, $0] != 0 }
      #expect(survivors.count > 0 && survivors.count < size)
      for t in 0..<sequence.rows {
        let kept = (0...t).reduce(1.0) { product, _ in product / (1 - rate) }
        #expect(sequence.row(t) == (0..<size).map { survivors.contains($0) ? kept : 0 })
      }
    }
    #expect(outputs[0].row(0) != outputs[1].row(0))
    #expect(outputs[1].row(0) != outputs[2].row(0))
  }

  private func identity(_ order: Int) -> Matrix<Double> {
    var matrix = Matrix<Double>.zeros(rows: order, columns: order)
    for i in 0..<order { matrix[i, i] = 1 }
    return matrix
  }

  // MARK: - Making one

  @Test func sizesThatAreNotPositiveAreErrors() {
    func setting(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return (error as? ConfigurationError)?.setting }
      return nil
    }
    #expect(setting { _ = try RecurrentLayer<Float>(.vanilla, inputSize: 0, hiddenSize: 5) } == "inputSize")
    #expect(setting { _ = try LSTM<Float>(inputSize: 3, hiddenSize: 0) } == "hiddenSize")
    #expect(setting { _ = try RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: -5) } == "hiddenSize")
    #expect(setting { _ = try LSTM<Float>(inputSize: 3, hiddenSize: 5, layers: 0) } == "layers")
    #expect(setting { _ = try RecurrentLayer<Float>(.gru, inputSize: 3, hiddenSize: 5, dropout: 0.5) } == "dropout")
  }

  @Test func theSeedDecidesTheParameters() throws {
    let layers = try [1, 1, 2].map { try LSTM<Float>(inputSize: 3, hiddenSize: 5, seed: $0) }
    #expect(layers[0].parameters == layers[1].parameters)
    #expect(layers[0].parameters != layers[2].parameters)
  }

  // MARK: - Mistakes

  @Test func whatCannotBeStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5, isBidirectional: true)
      var state = layer.zeroState(batch: 1)
      _ = layer.step(Matrix([[1, 2, 3]]), &state)
    }
    await #expect(processExitsWith: .failure) {
      let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      _ = layer(PackedSequence([[[1, 2, 3]]]), from: layer.zeroState(batch: 2))
    }
    await #expect(processExitsWith: .failure) {
      let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      _ = layer(PackedSequence([[[1, 2]]]))
    }
    await #expect(processExitsWith: .failure) {
      let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      _ = LSTM(try RecurrentStack(RecurrentCell.lstm(inputSize: 3, hiddenSize: 6)), parameters: layer.parameters)
    }
    await #expect(processExitsWith: .failure) {
      let layer = try LSTM<Float>(inputSize: 3, hiddenSize: 5)
      var tape = RecurrentTape<Float>()
      var gradient = ParameterVector<Float>.zeros(layer.parameters.layout)
      _ = layer.backward(through: &tape, dOutputs: PackedSequence([[[1, 2, 3, 4, 5]]]), accumulatingInto: &gradient)
    }
  }
}
