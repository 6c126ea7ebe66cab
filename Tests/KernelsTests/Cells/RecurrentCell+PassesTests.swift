import TestSupport
import Testing

@testable import Kernels

/// The laws that every cell keeps, with every option, in both directions of time.
@Suite struct RecurrentCellPassesTests {
  private static let naive = Execution(path: .naive, threads: 1)
  /// The paths that share no loop with the naive one.
  private static let fast = [ComputePath.blas, .fused].map { Execution(path: $0, threads: 1) }

  /// I = 3, H = 5, B = 6, T = 7; a projected hidden state is 4 wide.
  private func probe<Scalar: BLASScalar>(
    _ variant: CellVariant, _ direction: TimeDirection = .forward, as _: Scalar.Type = Scalar.self
  ) -> CellProbe<Scalar> {
    CellProbe(variant.cell(inputSize: 3, hiddenSize: 5)).inDirection(direction)
  }

  // MARK: - The paths agree

  @Test(arguments: CellVariant.allCases, TimeDirection.allCases)
  func everyPathMatchesTheNaivePath(_ variant: CellVariant, _ direction: TimeDirection) {
    expectAllPathsAgree(probe(variant, direction, as: Double.self))
    expectAllPathsAgree(probe(variant, direction, as: Float.self))
    expectAllPathsAgree(probe(variant, direction, as: Double.self).masked())
    expectAllPathsAgree(probe(variant, direction, as: Float.self).masked())
    let dense = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: [4, 4]).inDirection(direction)
    expectAllPathsAgree(dense)
    expectAllPathsAgree(dense.masked())
    // Long enough for a copy of the recurrent weights.
    let long = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: [2, 23]).inDirection(direction)
    expectAllPathsAgree(long.masked())
  }

  /// The reference is the naive path in `Double` on the very numbers that `probe` holds.
  private func expectAllPathsAgree<Scalar: BLASScalar>(
    _ probe: CellProbe<Scalar>, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let wanted = probe.converted(to: Double.self).run(Self.naive)
    for execution in [Self.naive] + Self.fast where Scalar.self != Double.self || execution != Self.naive {
      let worst = probe.run(execution).worstDifference(from: wanted)
      #expect(
        worst.difference <= Tolerance.recurrence(of: probe), "\(execution.path), \(Scalar.self): \(worst.name)",
        sourceLocation: sourceLocation)
    }
  }

  /// Six blocks of units, the last one short, so that five threads get unequal shares. On the fused path not even the
  /// rounding changes: see `FusedForwardRunTests` and `FusedBackwardRunTests`.
  @Test(arguments: CellVariant.allCases)
  func theNumberOfThreadsChangesNothingButRounding(_ variant: CellVariant) {
    let cell = variant.cell(inputSize: 7, hiddenSize: 83)
    let batch = 1 + 5 * Execution.minimumWorkPerThread / cell.forwardOperations
    // One is long enough for a copy of the recurrent weights.
    let lengths = (0..<batch).map { $0 == 2 ? 17 : $0 % 4 }
    for direction in TimeDirection.allCases {
      let probe = CellProbe<Double>(cell, lengths: lengths).masked().inDirection(direction)
      let wanted = probe.run(Execution(path: .blas, threads: 1))
      for threads in [2, 5] {
        let execution = Execution(path: .blas, threads: threads)
        #expect(execution.threads(forStepWork: batch * cell.forwardOperations) == threads)
        let worst = probe.run(execution).worstDifference(from: wanted)
        #expect(worst.difference <= Tolerance.recurrence(of: probe), "\(threads) threads: \(worst.name)")
      }
    }
  }

  // MARK: - Gradients

  /// A loss weighs everything, the last outputs alone, or the final state alone; not every loss on every path.
  @Test(arguments: CellVariant.allCases, TimeDirection.allCases)
  func gradientsMatchFiniteDifferences(_ variant: CellVariant, _ direction: TimeDirection) {
    let probe = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: [2, 6]).inDirection(direction)
    for execution in [Self.naive] + Self.fast { expectGradientsMatchFiniteDifferences(probe.masked(), execution) }

    var onLastOutputs = probe
    onLastOutputs.stateWeights.hidden.setToZero()
    onLastOutputs.stateWeights.cell.setToZero()
    for (b, length) in probe.layout.lengths.enumerated() {
      for t in 0..<length - 1 {
        let row = probe.layout.row(of: b, at: t)
        for k in 0..<probe.outputWeights.features { onLastOutputs.outputWeights.rows[row, k] = 0 }
      }
    }
    for path in [ComputePath.naive, .fused] {
      expectGradientsMatchFiniteDifferences(onLastOutputs, Execution(path: path, threads: 1))
    }

    var onFinalState = probe
    onFinalState.outputWeights.rows.setToZero()
    expectGradientsMatchFiniteDifferences(onFinalState, Execution(path: .fused, threads: 1))
  }

  private func expectGradientsMatchFiniteDifferences(
    _ probe: CellProbe<Double>, _ execution: Execution, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = probe.run(execution).gradients
    func expect(_ gradient: Matrix<Double>, of part: WritableKeyPath<CellProbe<Double>, Matrix<Double>>, _ name: String)
    {
      var moved = probe
      let wanted = centralDifferences(at: probe[keyPath: part]) {
        moved[keyPath: part] = $0
        return moved.loss(execution)
      }
      #expect(
        maximumRelativeDifference(gradient, wanted) <= Tolerance.finiteDifference, "\(execution.path): \(name)",
        sourceLocation: sourceLocation)
    }
    expect(found.dParameters, of: \.parameters, "parameters")
    expect(found.dInputs.rows, of: \.inputs.rows, "inputs")
    expect(found.dState.hidden, of: \.state.hidden, "initial hidden state")
    expect(found.dState.cell, of: \.state.cell, "initial cell state")
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func gradientsAreAddedToWhatIsThere(_ variant: CellVariant, _ path: ComputePath) {
    let (probe, execution) = (probe(variant, as: Double.self), Execution(path: path, threads: 1))
    let other = CellProbe<Double>(probe.cell, seed: 2).run(execution).gradients
    let alone = probe.run(execution)
    var tape = CellTape<Double>()
    var both = alone
    both.outcome = probe.forward(execution, isRecording: true, tape: &tape)
    both.gradients = probe.backward(execution, tape: &tape, addingTo: other)

    var wanted = alone
    wanted.gradients.dInputs.rows = sum(alone.gradients.dInputs.rows, other.dInputs.rows)
    wanted.gradients.dParameters = sum(alone.gradients.dParameters, other.dParameters)
    let worst = both.worstDifference(from: wanted)
    #expect(worst.difference <= Tolerance.recurrence(of: probe), "\(worst.name)")
  }

  private func sum(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    Matrix(rows: a.rows, columns: a.columns, zip(a.elements, b.elements).map { $0 + $1 })
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func aRecordingCanBeReadTwice(_ variant: CellVariant, _ path: ComputePath) {
    let (probe, execution) = (probe(variant, as: Float.self).masked(), Execution(path: path, threads: 1))
    var tape = CellTape<Float>()
    _ = probe.forward(execution, isRecording: true, tape: &tape)
    let first = probe.backward(execution, tape: &tape)
    #expect(probe.backward(execution, tape: &tape) == first)
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func theOtherGradientsAreTheSameWithoutThatOfTheInputs(_ variant: CellVariant, _ path: ComputePath) {
    let (probe, execution) = (probe(variant, as: Float.self), Execution(path: path, threads: 1))
    var tape = CellTape<Float>()
    _ = probe.forward(execution, isRecording: true, tape: &tape)
    let wanted = probe.backward(execution, tape: &tape)
    let found = probe.backward(execution, tape: &tape, wantsInputs: false)
    #expect(found.dState == wanted.dState)
    #expect(found.dParameters == wanted.dParameters)
  }

  // MARK: - Time

  /// To the bit on the naive path, but for the order in which the gradients of parameters add up the rows.
  @Test(arguments: CellVariant.allCases, TimeDirection.allCases)
  func splittingASequenceChangesNothing(_ variant: CellVariant, _ direction: TimeDirection) {
    let probe = probe(variant, direction, as: Double.self).masked()
    let wanted = probe.run(Self.naive)
    for step in 1..<probe.layout.steps {
      let onNaive = probe.run(Self.naive, splitAt: step)
      #expect(onNaive.outcome == wanted.outcome, "split at \(step)")
      #expect(onNaive.gradients.dInputs == wanted.gradients.dInputs, "split at \(step)")
      #expect(onNaive.gradients.dState == wanted.gradients.dState, "split at \(step)")
      let onOthers = Self.fast.map { probe.run($0, splitAt: step) }
      for worst in ([onNaive] + onOthers).map({ $0.worstDifference(from: wanted) }) {
        #expect(worst.difference <= Tolerance.recurrence(of: probe), "split at \(step): \(worst.name)")
      }
    }
  }

  /// To the bit on the naive path, as for a split.
  @Test(arguments: CellVariant.allCases)
  func theBackwardDirectionIsTheForwardOneOverReversedSequences(_ variant: CellVariant) {
    let probe = probe(variant, .backward, as: Double.self).masked()
    var mirrored = probe.inDirection(.forward)
    mirrored.inputs = probe.inputs.reversedWithinLengths()
    mirrored.outputWeights = probe.outputWeights.reversedWithinLengths()
    var wanted = mirrored.run(Self.naive)
    wanted.outcome.outputs = wanted.outcome.outputs.reversedWithinLengths()
    wanted.gradients.dInputs = wanted.gradients.dInputs.reversedWithinLengths()

    let onNaive = probe.run(Self.naive)
    #expect(onNaive.outcome == wanted.outcome)
    #expect(onNaive.gradients.dInputs == wanted.gradients.dInputs)
    #expect(onNaive.gradients.dState == wanted.gradients.dState)
    for execution in Self.fast {
      let worst = probe.run(execution).worstDifference(from: wanted)
      #expect(worst.difference <= Tolerance.recurrence(of: probe), "\(execution.path): \(worst.name)")
    }
  }

  // MARK: - Batches

  /// To the bit on the naive path, but for the order in which the gradients of parameters add up the rows.
  @Test(arguments: CellVariant.allCases, TimeDirection.allCases)
  func resultsDoNotDependOnTheBatch(_ variant: CellVariant, _ direction: TimeDirection) {
    let probe = probe(variant, direction, as: Double.self).masked()
    let together = ([Self.naive] + Self.fast).map { probe.run($0) }
    for b in 0..<probe.layout.batch {
      let wanted = probe.alone(b).run(Self.naive)
      let found = together.map { $0.selecting(b, dParameters: wanted.gradients.dParameters) }
      #expect(found[0] == wanted, "sequence \(b)")
      for worst in found.map({ $0.worstDifference(from: wanted) }) {
        #expect(worst.difference <= Tolerance.recurrence(of: probe), "sequence \(b): \(worst.name)")
      }
    }
    var summed = together[0]
    summed.gradients.dParameters = (0..<probe.layout.batch)
      .map { probe.alone($0).run(Self.naive).gradients.dParameters }.reduce(
        .zeros(rows: 1, columns: probe.parameters.columns), sum)
    let worst = together[0].worstDifference(from: summed)
    #expect(worst.difference <= Tolerance.recurrence(of: probe), "\(worst.name)")
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func anEmptySequencePassesItsStateAndItsGradientThrough(_ variant: CellVariant, _ path: ComputePath) throws {
    let probe = probe(variant, as: Float.self).masked()
    let empty = try #require(probe.layout.lengths.firstIndex(of: 0))
    let results = probe.run(Execution(path: path, threads: 1))
    #expect(results.outcome.state.selecting([empty]) == probe.state.selecting([empty]))
    #expect(results.gradients.dState.selecting([empty]) == probe.stateWeights.selecting([empty]))
  }

  @Test(arguments: CellVariant.allCases, [[], [0, 0]])
  func aBatchWithoutStepsChangesNothing(_ variant: CellVariant, _ lengths: [Int]) {
    let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: lengths)
    for path in ComputePath.allCases {
      let results = probe.run(Execution(path: path, threads: 2))
      #expect(results.outcome.state == probe.state)
      #expect(results.gradients.dState == probe.stateWeights)
      #expect(results.gradients.dParameters == .zeros(rows: 1, columns: probe.parameters.columns))
    }
  }

  // MARK: - Recording

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func recordingDoesNotChangeTheResult(_ variant: CellVariant, _ path: ComputePath) {
    let execution = Execution(path: path, threads: 1)
    for probe in [probe(variant, as: Float.self), probe(variant, as: Float.self).masked()] {
      var (inference, recording) = (CellTape<Float>(), CellTape<Float>())
      #expect(
        probe.forward(execution, tape: &inference) == probe.forward(execution, isRecording: true, tape: &recording))
    }
  }

  @Test(arguments: CellVariant.allCases, ComputePath.allCases)
  func aMaskOfOnesIsNoMask(_ variant: CellVariant, _ path: ComputePath) {
    let (probe, execution) = (probe(variant, as: Float.self), Execution(path: path, threads: 1))
    var withOnes = probe
    withOnes.recurrentMask = Matrix(repeating: 1, rows: probe.layout.batch, columns: probe.cell.outputSize)
    #expect(withOnes.run(execution) == probe.run(execution))
  }

  // MARK: - Mistakes

  /// Views of the wrong shape, one in each case.
  @Test(arguments: ForwardMistake.allCases)
  func aViewOfTheWrongShapeStopsTheProgram(_ mistake: ForwardMistake) async {
    await #expect(processExitsWith: .failure) { [mistake] in
      var probe = CellProbe<Float>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5))
      mistake.make(in: &probe)
      var tape = CellTape<Float>()
      _ = probe.forward(Execution(path: .naive, threads: 1), tape: &tape)
    }
  }

  @Test(arguments: ComputePath.allCases)
  func goingBackThroughNothingStopsTheProgram(_ path: ComputePath) async {
    await #expect(processExitsWith: .failure) { [path] in
      var tape = CellTape<Float>()
      _ = CellProbe<Float>(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5))
        .backward(Execution(path: path, threads: 1), tape: &tape)
    }
  }

  @Test(arguments: CellVariant.allCases)
  func goingBackThroughAnInferenceStopsTheProgram(_ variant: CellVariant) async {
    await #expect(processExitsWith: .failure) { [variant] in
      let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 5))
      // Those that have no fused path take the BLAS path.
      let execution = Execution(path: .fused, threads: 1)
      var tape = CellTape<Float>()
      _ = probe.forward(execution, tape: &tape)
      _ = probe.backward(execution, tape: &tape)
    }
  }
}

/// A way to hand a cell something that does not fit.
enum ForwardMistake: String, CaseIterable, Codable, Sendable {
  case inputs, parameters, hiddenSize, missingCell, maskSize

  func make(in probe: inout CellProbe<Float>) {
    let batch = probe.layout.batch
    switch self {
    case .inputs: probe.inputs.rows = .zeros(rows: probe.layout.rowCount, columns: 4)
    case .parameters: probe.parameters = .zeros(rows: 1, columns: probe.parameters.columns - 1)
    case .hiddenSize: probe.state.hidden = .zeros(rows: batch, columns: 3)
    case .missingCell: probe.state.cell = .zeros(rows: batch, columns: 0)
    case .maskSize: probe.recurrentMask = .zeros(rows: batch, columns: 4)
    }
  }
}
