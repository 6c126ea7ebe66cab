import TestSupport
import Testing

@testable import Kernels

@Suite struct SingleStepTests {
  @Test(arguments: CellVariant.fused, FusedSize.all)
  func stepsHaveTheBitsOfAPass(_ variant: CellVariant, _ size: FusedSize) throws {
    try expectStepsToBeThePass(CellProbe<Float>(size.cell(variant), lengths: [6]))
    try expectStepsToBeThePass(CellProbe<Double>(size.cell(variant), lengths: [6]))
  }

  private func expectStepsToBeThePass<Scalar>(_ probe: CellProbe<Scalar>) throws {
    let prepared = try #require(probe.preparing().prepared)
    let step = prepared.singleStep()
    defer {
      step.deallocate()
      withExtendedLifetime(prepared) {}
    }
    let wanted = probe.infer()
    let (inputs, outputs) = (probe.inputs.rows, wanted.outputs.rows)
    var (hidden, cell) = (probe.state.hidden, probe.state.cell)
    for t in 0..<probe.layout.steps {
      var target = Matrix<Scalar>(repeating: -7, rows: 1, columns: outputs.columns + 3)
      step(
        inputs.unsafeView.row(t), hidden: hidden.unsafeMutableView().baseAddress,
        cell: cell.unsafeMutableView().baseAddress,
        into: target.unsafeMutableView().baseAddress)
      let found = target.row(0)
      #expect(Matrix([Array(found[..<outputs.columns])]).hasSameBits(as: Matrix([outputs.row(t)])), "step \(t)")
      #expect(found[outputs.columns...] == [-7, -7, -7], "written behind the hidden state")
      #expect(hidden.hasSameBits(as: Matrix([outputs.row(t)])))
    }
    #expect(cell.hasSameBits(as: wanted.state.cell))
  }

  /// As in a pass: a state of denormals is none, and the caller's mode stays what it was.
  @Test func denormalsAreZeroInsideAndNumbersAfterwards() throws {
    var probe = CellProbe<Float>(RecurrentCell.vanilla(inputSize: 3, hiddenSize: 17, hasBias: false), lengths: [1])
    probe.inputs.rows = Matrix(repeating: .leastNonzeroMagnitude, rows: 1, columns: 3)
    probe.state.hidden = Matrix(repeating: .leastNonzeroMagnitude, rows: 1, columns: 17)
    let prepared = try #require(probe.preparing().prepared)
    let step = prepared.singleStep()
    defer {
      step.deallocate()
      withExtendedLifetime(prepared) {}
    }
    var (hidden, outputs) = (probe.state.hidden, Matrix<Float>(repeating: 1, rows: 1, columns: 17))
    let (inputs, state) = (probe.inputs.rows.unsafeView.baseAddress, hidden.unsafeMutableView().baseAddress)
    step(inputs, hidden: state, cell: state, into: outputs.unsafeMutableView().baseAddress)
    #expect(outputs.elements.allSatisfy { $0 == 0 })
    #expect(half(Float.leastNormalMagnitude) > 0)
    #expect(half(Double.leastNormalMagnitude) > 0)
  }

  @Test(.enabled(if: Allocations.areCounted), arguments: CellVariant.fused)
  func aStepAllocatesNothing(_ variant: CellVariant) throws {
    let probe = CellProbe<Float>(variant.cell(inputSize: 3, hiddenSize: 17), lengths: [1])
    let prepared = try #require(probe.preparing().prepared)
    let step = prepared.singleStep()
    defer {
      step.deallocate()
      withExtendedLifetime(prepared) {}
    }
    var (hidden, cell) = (probe.state.hidden, probe.state.cell)
    var outputs = Matrix<Float>.zeros(rows: 1, columns: 17)
    let x = probe.inputs.rows.unsafeView.baseAddress
    let (h, c, y) = (
      hidden.unsafeMutableView().baseAddress, cell.unsafeMutableView().baseAddress,
      outputs.unsafeMutableView().baseAddress
    )
    #expect(Allocations.count { step(x, hidden: h, cell: c, into: y) } == 0)
    withExtendedLifetime((probe, hidden, cell, outputs)) {}
  }
}

/// Half of `x`, computed when the program runs.
@inline(never) private func half<Scalar: BLASScalar>(_ x: Scalar) -> Scalar { x / 2 }
