import CFusedKernels
import TestSupport
import Testing

@testable import Kernels

/// What a pass costs depends on its shape and not on its data. Counted, because a busy machine cannot change counts; in
/// processes of their own, because ``LoopCounter`` counts for the whole process. `FusedTimeTests` measures the same.
@Suite struct FusedCostTests {
  private static let cells: [CellVariant] = [.vanillaTanh, .lstm, .gruResetAfter]

  /// Enough for two threads in every cell, with an empty sequence among those of other lengths.
  private static let dense = [Int](repeating: 12, count: 24)
  private static let ragged = (0..<24).map { $0 * 5 % 13 }

  /// I = 7, H = 83: six blocks of units or more on every instruction set, the last one short.
  private static func probe(_ variant: CellVariant, _ lengths: [Int]) -> CellProbe<Float> {
    CellProbe(variant.cell(inputSize: 7, hiddenSize: 83), lengths: lengths)
  }

  // MARK: - Shapes

  /// Multiply-adds of a number and a vector register for one row.
  private static func productsOfRow(_ cell: RecurrentCell) -> (inference: Int, training: Int) {
    let loops = Float.fusedLoops
    func blocks(_ units: Int) -> Int { UnitBlocks(units: units, for: loops).count }
    let inputs = cell.inputSize + cell.outputSize
    let gates = cell.gates.count * blocks(cell.hiddenSize)
    let inference = gates * inputs
    // Through Wh and Wx back to hidden state and inputs, and two outer products for the gradients of both.
    let backward = gates * loops.lanes * (blocks(cell.outputSize) + blocks(cell.inputSize)) + gates * inputs
    return (inference, inference + backward)
  }

  /// Padding, a product for sequences that have ended, or one that each member computes for itself, would be more.
  @Test(arguments: cells)
  func everyRowCostsTheSameInAnyBatchOnAnyNumberOfThreads(_ variant: CellVariant) async {
    await #expect(processExitsWith: .success) { [variant] in
      LoopCounter.begin()
      // A single sequence has its input products computed ahead.
      for lengths in [Self.dense, Self.ragged, [40]] {
        for (name, probe) in Self.probe(variant, lengths).directions {
          let (rows, products) = (probe.layout.rowCount, Self.productsOfRow(probe.cell))
          for threads in [1, 2] {
            let pass = RepeatablePass(probe, Execution(path: .fused, threads: threads))
            let about = Comment(rawValue: "\(lengths), \(name), \(threads) threads")
            #expect(LoopCounter.count(in: pass.infer).products == rows * products.inference, about)
            #expect(LoopCounter.count(in: pass.train).products == rows * products.training, about)
          }
        }
      }
    }
  }

  /// The weights are read once a step. Only where sequences begin or end are the running ones in two parts.
  @Test(arguments: cells)
  func aStepIsOneCallOfALoopAndOneBarrier(_ variant: CellVariant) async {
    await #expect(processExitsWith: .success) { [variant] in
      LoopCounter.begin()
      for lengths in [Self.dense, Self.ragged] {
        for (name, probe) in Self.probe(variant, lengths).directions {
          let (steps, ends) = (probe.layout.steps, Set(lengths).count)
          var schedule = BackwardSchedule()
          schedule.cut(probe.layout, probe.direction, .everything)
          // The masked initial state, and the input weights of the backward pass, are there before the first step.
          let (forwardBarriers, windows) = (steps + (probe.recurrentMask == nil ? 0 : 1), schedule.windows.count)
          for threads in [1, 2] {
            let pass = RepeatablePass(probe, Execution(path: .fused, threads: threads))
            let about = Comment(rawValue: "\(lengths), \(name), \(threads) threads")
            var barriers = ThreadPool.shared.barrierCount
            let inference = LoopCounter.count(in: pass.infer)
            #expect(threads * steps...threads * (steps + ends) ~= inference.forwardSteps, about)
            #expect(inference.backwardSteps == 0)
            #expect(ThreadPool.shared.barrierCount - barriers == (threads == 1 ? 0 : forwardBarriers), about)

            barriers = ThreadPool.shared.barrierCount
            let training = LoopCounter.count(in: pass.train)
            #expect(training.forwardSteps == inference.forwardSteps, about)
            #expect(threads * steps...threads * (steps + ends) ~= training.backwardSteps, about)
            #expect(
              ThreadPool.shared.barrierCount - barriers
                == (threads == 1 ? 0 : forwardBarriers + 1 + steps + windows), about)
          }
        }
      }
    }
  }

  // MARK: - Numbers that are slow

  /// A processor takes many times as long for arithmetic on denormals, unless it takes them for zeros.
  @Test(arguments: cells)
  func everyLoopRunsOnAThreadThatFlushesDenormals(_ variant: CellVariant) async {
    await #expect(processExitsWith: .success) { [variant] in
      LoopCounter.begin()
      let alone = Self.probe(variant, [40])
      for probe in [Self.probe(variant, Self.ragged), alone, alone.preparing()] {
        for threads in [1, 2] {
          let pass = RepeatablePass(probe.masked(), Execution(path: .fused, threads: threads))
          let counts = LoopCounter.count {
            pass.infer()
            pass.train()
          }
          #expect(counts.forwardSteps > 0 && counts.backwardSteps > 0 && counts.callsWithDenormals == 0)
        }
      }
      let prepared = try #require(Self.probe(variant, [1]).preparing().prepared)
      let step = prepared.singleStep()
      var rows = (0..<4).map { _ in Matrix<Float>(repeating: 0.5, rows: 1, columns: 83) }
      let views = rows.indices.map { rows[$0].unsafeMutableView().baseAddress }
      let counts = LoopCounter.count { step(views[0], hidden: views[1], cell: views[2], into: views[3]) }
      #expect(counts.forwardSteps == 1 && counts.callsWithDenormals == 0)
      step.deallocate()
      withExtendedLifetime((prepared, rows)) {}
    }
  }

  @Test(arguments: cells, SlowNumbers.allCases)
  func noPassLeavesDenormals(_ variant: CellVariant, _ numbers: SlowNumbers) {
    for probe in Self.probe(variant, [9, 4, 7]).directions.map(\.probe) {
      let results = numbers.make(probe).run(fused)
      for (name, matrix) in results.parts { #expect(!matrix.elements.contains { $0.isSubnormal }, "\(name)") }
    }
  }

  @Test(arguments: cells, SlowNumbers.allCases)
  func denormalsGiveTheBitsOfZeros(_ variant: CellVariant, _ numbers: SlowNumbers) {
    for (name, probe) in Self.probe(variant, [9, 4, 7]).directions {
      let slow = numbers.make(probe)
      var zeros = slow
      zeros.parameters.flush()
      zeros.inputs.rows.flush()
      zeros.state.hidden.flush()
      zeros.state.cell.flush()
      zeros.outputWeights.rows.flush()
      zeros.stateWeights.hidden.flush()
      zeros.stateWeights.cell.flush()
      #expect(slow.run(fused).parts(differingFrom: zeros.run(fused)) == [], "\(name)")
    }
  }

  // MARK: - Memory

  /// T = 100, B = 32, I = 128, H = 256 is too much for a debug build, and for the loops of another instruction set than
  /// this processor's best.
  private static let isAtItsBest = isOptimized && InstructionSet.active == .best

  /// A row's outputs, and beside them gates and cell state of an LSTM, four vectors of a GRU, nothing of a vanilla cell.
  @Test(.enabled(if: isAtItsBest), arguments: zip(cells, [1, 6, 5]))
  func aRecordingTakesTheMemoryOfWhatItMustKeep(_ variant: CellVariant, _ numbersPerUnit: Int) {
    let probe = CellProbe<Float>(
      variant.cell(inputSize: 128, hiddenSize: 256), lengths: [Int](repeating: 100, count: 32))
    var tape = CellTape<Float>()
    _ = probe.run(fused, tape: &tape)
    let weights = [tape.fused.forwardWeights, tape.fused.backwardWeights, tape.fused.inputWeights]
    let kept = MemoryLayout<Float>.stride * 256 * probe.layout.rowCount
    let bytes = kept + tape.byteCount - MemoryLayout<Float>.stride * weights.reduce(0) { $0 + $1.capacity }
    let limit = 1.15 * Double(numbersPerUnit * kept)
    #expect(Double(bytes) <= limit, "\(Double(bytes) / Double(kept)) numbers for each unit and row")
  }
}

extension Matrix<Float> {
  /// Makes zeros of denormals, of the same sign.
  fileprivate mutating func flush() {
    withUnsafeMutableBufferPointer {
      for i in $0.indices where $0[i].isSubnormal { $0[i] = Float(signOf: $0[i], magnitudeOf: 0) }
    }
  }
}
