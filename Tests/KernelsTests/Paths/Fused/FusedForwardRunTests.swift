import TestSupport
import Testing

@testable import Kernels

/// An inference on the fused path has the same bits however it is carried out.
@Suite struct FusedForwardRunTests {
  /// Ends at almost every step, one sequence empty, more sequences than any register tile has rows.
  private static let lengths = [4, 9, 0, 4, 2, 9, 1, 6, 8, 5, 7, 3, 9, 10, 6]

  private func forBothTypes(
    _ variant: CellVariant, _ size: FusedSize, lengths: [Int] = lengths,
    _ law: (String, CellProbe<Float>) -> Void, _ sameLaw: (String, CellProbe<Double>) -> Void
  ) {
    for (name, probe) in CellProbe<Float>(size.cell(variant), lengths: lengths).directions {
      law("Float, \(name)", probe)
    }
    // One with each mask and one in each direction.
    for (name, probe) in CellProbe<Double>(size.cell(variant), lengths: lengths).directions[1...2] {
      sameLaw("Double, \(name)", probe)
    }
  }

  // MARK: - Threads

  @Test(arguments: CellVariant.fused, FusedSize.wide)
  func anInferenceHasTheSameBitsOnAnyNumberOfThreads(_ variant: CellVariant, _ size: FusedSize) {
    onThePoolAlone {
      expectTheSameOnThreads(CellProbe<Float>.forThreads(5, size.cell(variant)))
      expectTheSameOnThreads(CellProbe<Double>.forThreads(5, size.cell(variant)))
    }
  }

  private func expectTheSameOnThreads<Scalar>(_ probe: CellProbe<Scalar>) {
    for (name, probe) in probe.directions {
      let wanted = probe.infer()
      for threads in [2, 3, 5] {
        let execution = Execution(path: .fused, threads: threads)
        #expect(
          execution.threads(forStepWork: probe.layout.batch * probe.cell.forwardOperations) == threads)
        #expect(
          probe.infer(execution).hasSameBits(as: wanted), "\(Scalar.self), \(name), \(threads) threads")
      }
    }
  }

  // MARK: - Batches

  /// Alone, a sequence has its inputs projected ahead and falls into a tile of one row.
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func aSequenceHasTheSameBitsAloneAndInABatch(_ variant: CellVariant, _ size: FusedSize) {
    forBothTypes(variant, size, expectEachAloneToBeTheSame, expectEachAloneToBeTheSame)
  }

  private func expectEachAloneToBeTheSame<Scalar>(_ name: String, _ probe: CellProbe<Scalar>) {
    let together = probe.infer()
    for b in 0..<probe.layout.batch {
      let alone = probe.alone(b).infer()
      #expect(alone.outputs.rows.hasSameBits(as: together.outputs.sequence(b)), "\(name), sequence \(b)")
      #expect(alone.state.hasSameBits(as: together.state.selecting([b])), "\(name), sequence \(b)")
    }
  }

  /// From one sequence to more than two register tiles, around the number up to which inputs are projected ahead.
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func aSequenceHasTheSameBitsInABatchOfAnySize(_ variant: CellVariant, _ size: FusedSize) {
    for direction in TimeDirection.allCases {
      let probe = CellProbe<Float>(size.cell(variant), lengths: [Int](repeating: 4, count: 14)).inDirection(direction)
      let wanted = probe.infer()
      for count in 1...13 {
        let indices = (0..<count).map { ($0 * 3 + 1) % 14 }
        var some = probe
        some.inputs = PackedSequence(indices.map { probe.inputs.sequence($0) }, features: size.inputSize)
        some.state = probe.state.selecting(indices)
        let found = some.infer()
        for (i, b) in indices.enumerated() {
          #expect(
            found.outputs.sequence(i).hasSameBits(as: wanted.outputs.sequence(b)), "\(direction), \(i) of \(count)")
        }
        #expect(found.state.hasSameBits(as: wanted.state.selecting(indices)), "\(direction), \(count) sequences")
      }
    }
  }

  // MARK: - Time

  @Test(arguments: CellVariant.fused, FusedSize.all)
  func anInferenceHasTheSameBitsWhereverItIsSplit(_ variant: CellVariant, _ size: FusedSize) {
    forBothTypes(variant, size, lengths: [4, 7, 0, 5, 2], expectTheSameInTwoParts, expectTheSameInTwoParts)
    // Projected ahead as a whole, and step by step from the step on where one is left.
    forBothTypes(variant, size, lengths: [6, 3], expectTheSameInTwoParts, expectTheSameInTwoParts)
  }

  private func expectTheSameInTwoParts<Scalar>(_ name: String, _ probe: CellProbe<Scalar>) {
    let (whole, steps) = (probe.infer(), probe.layout.steps)
    for cut in 1..<steps {
      let ranges = [0..<cut, cut..<steps]
      var state = probe.state
      for range in probe.direction == .forward ? ranges : ranges.reversed() {
        var part = probe.steps(range)
        part.state = state
        let found = part.infer()
        state = found.state
        #expect(
          found.outputs.rows.hasSameBits(as: whole.outputs.steps(range).rows), "\(name), steps \(range) of \(steps)")
      }
      #expect(state.hasSameBits(as: whole.state), "\(name), split at \(cut)")
    }
  }

  // MARK: - Recording and prepared weights

  @Test(arguments: CellVariant.fused, FusedSize.all)
  func aRecordingHasTheBitsOfAnInference(_ variant: CellVariant, _ size: FusedSize) {
    for lengths in [Self.lengths, [6, 3], [FusedCell.minRecordedRows]] {
      forBothTypes(
        variant, size, lengths: lengths, expectTheSameWhileRecording, expectTheSameWhileRecording)
    }
  }

  private func expectTheSameWhileRecording<Scalar>(_ name: String, _ probe: CellProbe<Scalar>) {
    var tape = CellTape<Scalar>()
    let recorded = probe.forward(fused, isRecording: true, tape: &tape)
    #expect(tape.recording?.path == .fused, "\(name)")
    #expect(recorded.hasSameBits(as: probe.infer()), "\(name)")
  }

  @Test(arguments: CellVariant.fused, FusedSize.all)
  func preparedWeightsGiveTheSameBits(_ variant: CellVariant, _ size: FusedSize) {
    for lengths in [Self.lengths, [6, 3], [1]] {
      forBothTypes(variant, size, lengths: lengths, expectTheSameWhenPrepared, expectTheSameWhenPrepared)
    }
  }

  private func expectTheSameWhenPrepared<Scalar>(_ name: String, _ probe: CellProbe<Scalar>) {
    let prepared = probe.preparing()
    #expect(prepared.prepared != nil)
    #expect(prepared.infer().hasSameBits(as: probe.infer()), "\(name)")
  }

  // MARK: - Memory

  /// As in a layer of two directions, which write side by side; the guard's bits are those of no result.
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func nothingBesideTheOutputsIsWritten(_ variant: CellVariant, _ size: FusedSize) {
    for lengths in [Self.lengths, [6, 3]] {
      let probe = CellProbe<Float>(size.cell(variant), lengths: lengths)
      let (rows, columns) = (probe.layout.rowCount, 3..<3 + size.hiddenSize)
      var wide = Matrix<Float>(repeating: -7, rows: rows, columns: size.hiddenSize + 5)
      var state = probe.state.selecting(probe.layout.order)
      var tape = CellTape<Float>()
      probe.cell.forward(
        ForwardPass(
          layout: probe.layout, inputs: probe.inputs.rows.unsafeView,
          parameters: probe.parameters.unsafeView,
          state: (state.hidden.unsafeMutableView(), state.cell.unsafeMutableView()),
          outputs: wide.unsafeMutableView().columns(columns), options: PassOptions(execution: fused)),
        tape: &tape)
      var wanted = Matrix<Float>(repeating: -7, rows: rows, columns: wide.columns)
      let outputs = probe.infer().outputs.rows
      for i in 0..<rows { for j in columns { wanted[i, j] = outputs[i, j - columns.lowerBound] } }
      #expect(wide.hasSameBits(as: wanted))
    }
  }
}
