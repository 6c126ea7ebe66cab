import TestSupport
import Testing

@testable import Kernels

/// Gradients on the fused path; that they are right is the business of `RecurrentCellTests`.
@Suite struct FusedBackwardRunTests {
  @Test(arguments: CellVariant.fused, FusedSize.wide)
  func gradientsHaveTheSameBitsOnAnyNumberOfThreads(_ variant: CellVariant, _ size: FusedSize) {
    onThePoolAlone {
      expectTheSameOnThreads(CellProbe<Float>.forThreads(5, size.cell(variant)))
      expectTheSameOnThreads(CellProbe<Double>.forThreads(5, size.cell(variant)))
    }
  }

  private func expectTheSameOnThreads<Scalar>(_ probe: CellProbe<Scalar>) {
    // In Float everything, in Double one of each mask and one of each direction.
    for (name, probe) in Scalar.bitWidth == Float.bitWidth ? probe.directions[...] : probe.directions[1...2] {
      let wanted = probe.run(fused)
      for (threads, storage) in [(2, TapeStorage.everything), (5, .everything), (3, .recomputed)] {
        let execution = Execution(path: .fused, threads: threads)
        #expect(
          execution.threads(forStepWork: probe.layout.batch * probe.cell.forwardOperations) == threads)
        var tape = CellTape<Scalar>(storage: storage)
        let found = probe.run(execution, tape: &tape)
        #expect(found.parts(differingFrom: wanted) == [], "\(Scalar.self), \(name), \(threads) threads, \(storage)")
      }
    }
  }

  /// A recording by one number of threads, read by another.
  @Test(arguments: CellVariant.fused)
  func aRecordingMayBeReadByOtherThreadsThanWroteIt(_ variant: CellVariant) {
    let probe = CellProbe<Float>.forThreads(3, variant.cell(inputSize: 7, hiddenSize: 83)).masked()
    let wanted = probe.run(fused).gradients
    onThePoolAlone {
      for (writers, readers) in [(3, 1), (2, 3), (1, 2)] {
        var tape = CellTape<Float>()
        _ = probe.forward(Execution(path: .fused, threads: writers), isRecording: true, tape: &tape)
        let found = probe.backward(Execution(path: .fused, threads: readers), tape: &tape)
        #expect(found == wanted, "\(writers) write, \(readers) read")
      }
    }
  }

  /// Those of its inputs and its initial state, of which the batch is no part.
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func aSequencesGradientsHaveTheSameBitsAloneAndInABatch(_ variant: CellVariant, _ size: FusedSize) {
    let lengths = [4, 9, 0, 5, 7, 9, 6, 8]
    expectEachAloneToBeTheSame(CellProbe<Float>(size.cell(variant), lengths: lengths))
    expectEachAloneToBeTheSame(CellProbe<Double>(size.cell(variant), lengths: lengths))
  }

  private func expectEachAloneToBeTheSame<Scalar>(_ probe: CellProbe<Scalar>) {
    for (name, probe) in Scalar.bitWidth == Float.bitWidth ? probe.directions[...] : probe.directions[1...2] {
      let together = probe.run(fused).gradients
      for b in 0..<probe.layout.batch {
        let alone = probe.alone(b).run(fused).gradients
        #expect(
          alone.dInputs.rows.hasSameBits(as: together.dInputs.sequence(b)), "\(Scalar.self), \(name), sequence \(b)")
        #expect(
          alone.dState.hasSameBits(as: together.dState.selecting([b])), "\(Scalar.self), \(name), sequence \(b)")
      }
    }
  }

  /// More rows than one window has, so that gradients pass from one window to the next.
  @Test(arguments: CellVariant.fused, TimeDirection.allCases)
  func gradientsOverSeveralWindowsAreThoseOfTheNaivePath(_ variant: CellVariant, _ direction: TimeDirection) {
    let lengths = [61, 47, 0, 83, 61, 12, 1]
    let probe = CellProbe<Double>(variant.cell(inputSize: 3, hiddenSize: 5), lengths: lengths)
      .inDirection(direction).masked()
    var tape = CellTape<Double>()
    let found = probe.run(fused, tape: &tape)
    #expect(tape.fused.schedule.windows.count > 1)
    let worst = found.worstDifference(from: probe.run(Execution(path: .naive, threads: 1)))
    #expect(worst.difference <= Tolerance.recurrence(of: probe), "\(worst.name)")
  }

  /// The cells of a layer of two directions find their gradients side by side, and a model its parameters in the middle.
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func nothingBesideTheGradientsIsWritten(_ variant: CellVariant, _ size: FusedSize) {
    let probe = CellProbe<Float>(size.cell(variant), lengths: [4, 9, 0, 5, 7])
    var tape = CellTape<Float>()
    let outcome = probe.forward(fused, isRecording: true, tape: &tape)
    let wanted = probe.backward(fused, tape: &tape)

    let (rows, batch, shape) = (probe.layout.rowCount, probe.layout.batch, probe.cell)
    func guarded(_ inner: Matrix<Float>) -> Matrix<Float> {
      var wide = Matrix<Float>(repeating: -7, rows: inner.rows + 2, columns: inner.columns + 5)
      for i in 0..<inner.rows { for j in 0..<inner.columns { wide[i + 1, j + 3] = inner[i, j] } }
      return wide
    }
    func inner(_ matrix: inout Matrix<Float>) -> MutableMatrixView<Float> {
      matrix.unsafeMutableView().rows(1..<matrix.rows - 1).columns(3..<matrix.columns - 2)
    }
    let dState = probe.stateWeights.selecting(probe.layout.order)
    var (dHidden, dCell) = (guarded(dState.hidden), guarded(dState.cell))
    var dInputs = guarded(.zeros(rows: rows, columns: shape.inputSize))
    var dParameters = guarded(.zeros(rows: 1, columns: shape.parameterCount))
    var (outputs, dOutputs) = (guarded(outcome.outputs.rows), guarded(probe.outputWeights.rows))
    var ranked = probe.state.selecting(probe.layout.order)
    let forward = ForwardPass(
      layout: probe.layout, inputs: probe.inputs.rows.unsafeView, parameters: probe.parameters.unsafeView,
      state: (ranked.hidden.unsafeMutableView(), ranked.cell.unsafeMutableView()), outputs: inner(&outputs),
      options: PassOptions(isRecording: true, execution: fused))
    probe.cell.backward(
      BackwardPass(
        of: forward, dOutputs: inner(&dOutputs).readOnly, dState: (inner(&dHidden), inner(&dCell)),
        dInputs: inner(&dInputs), dParameters: inner(&dParameters)),
      tape: &tape)

    let wantedState = wanted.dState.selecting(probe.layout.order)
    #expect(batch == wantedState.hidden.rows)
    #expect(dHidden.hasSameBits(as: guarded(wantedState.hidden)))
    #expect(dCell.hasSameBits(as: guarded(wantedState.cell)))
    #expect(dInputs.hasSameBits(as: guarded(wanted.dInputs.rows)))
    #expect(dParameters.hasSameBits(as: guarded(wanted.dParameters)))
    #expect(outputs.hasSameBits(as: guarded(outcome.outputs.rows)))
    #expect(dOutputs.hasSameBits(as: guarded(probe.outputWeights.rows)))
  }
}
