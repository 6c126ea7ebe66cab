import CFusedKernels
import Testing

@testable import Kernels

/// Counts what the C loops for `Float` are asked to do. For the body of an exit test: ``begin()`` replaces the loops of the
/// whole process, and must come before their first use.
enum LoopCounter {
  struct Counts: Sendable {
    /// Multiply-adds of a number and a vector register in products, before tiles are filled up.
    var products = 0
    /// Steps handed to the loops, of part of the running sequences or of all.
    var forwardSteps = 0
    var backwardSteps = 0
    /// Calls in which the calling thread did not flush denormals.
    var callsWithDenormals = 0
  }

  static func begin() {
    VectorLoops.replacement = {
      loops = $0.floatCells
      var counting = $0
      counting.floatCells.lstmForward = { step, first, last in
        note(step!.pointee, first..<last, gates: 4)
        loops.lstmForward(step, first, last)
      }
      counting.floatCells.gruForward = { step, first, last in
        note(step!.pointee, first..<last, gates: 3)
        loops.gruForward(step, first, last)
      }
      counting.floatCells.vanillaForward = { step, first, last in
        note(step!.pointee, blocks(ofGroups: first..<last, units: step!.pointee.units), gates: 1)
        loops.vanillaForward(step, first, last)
      }
      counting.floatCells.lstmBackward = { step, first, last in
        note(step!.pointee, groups: first..<last)
        loops.lstmBackward(step, first, last)
      }
      counting.floatCells.gruBackward = { step, first, last in
        note(step!.pointee, groups: first..<last)
        loops.gruBackward(step, first, last)
      }
      counting.floatCells.vanillaBackward = { step, first, last in
        note(step!.pointee, groups: first..<last)
        loops.vanillaBackward(step, first, last)
      }
      counting.floatCells.packedProduct = { product in
        let (rows, depth) = (product!.pointee.rows, product!.pointee.runs * product!.pointee.runLength)
        let vectors = product!.pointee.vectors
        add { $0.products += rows * depth * vectors }
        loops.packedProduct(product)
      }
      counting.floatCells.outerProduct = { product in
        let (gates, columns) = (product!.pointee.gates, product!.pointee.columns)
        let blocks = product!.pointee.lastBlock - product!.pointee.firstBlock
        let runs = UnsafeBufferPointer(start: product!.pointee.runs, count: product!.pointee.runCount)
        let rows = runs.reduce(0) { $0 + $1.count }
        add { $0.products += rows * blocks * gates * columns }
        loops.outerProduct(product)
      }
      counting.floatCells.addRowSums = { rows, count, stride, vectors, sums in
        add { _ in }
        loops.addRowSums(rows, count, stride, vectors, sums)
      }
      return counting
    }
    #expect(Float.fusedLoops.lanes == loops.lanes && loops.lanes > 0, "the loops were chosen before")
  }

  /// What the loops did in `body`.
  static func count(in body: () -> Void) -> Counts {
    counts.withLock { $0 = Counts() }
    body()
    return counts.withLock { $0 }
  }
}

// Outside of the type, because what a C function calls may capture nothing, not even `self`.

private let counts = Guarded(LoopCounter.Counts())
/// Those that are counted. Written once, before any pass.
nonisolated(unsafe) private var loops = CFKCellLoops()

private func note(_ step: CFKForwardStep, _ blocks: Range<Int>, gates: Int) {
  add {
    $0.forwardSteps += 1
    $0.products += step.rows * (step.inputCount + step.hiddenCount) * gates * blocks.count
  }
}

private func note(_ step: CFKBackwardStep, groups: Range<Int>) {
  add {
    $0.backwardSteps += 1
    guard step.dNext != nil else { return }
    $0.products += step.rows * step.depth * blocks(ofGroups: groups, units: step.units).count
  }
}

private func blocks(ofGroups groups: Range<Int>, units: Int) -> Range<Int> {
  UnitBlocks(units: units, for: loops).blocks(ofGroups: groups)
}

private func add(_ change: (inout LoopCounter.Counts) -> Void) {
  let isFlushing = half(.leastNormalMagnitude) == 0
  counts.withLock {
    change(&$0)
    if !isFlushing { $0.callsWithDenormals += 1 }
  }
}

/// x / 2, computed when the program runs.
@inline(never)
private func half(_ x: Float) -> Float { x / 2 }
