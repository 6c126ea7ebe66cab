internal import CFusedKernels

/// The fused path: register tiles of our own, in which the products of a step end in its gates.
extension RecurrentCell {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func fusedForward<Scalar: BLASScalar>(_ pass: ForwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    guard let fused else { fatalError("the cell has no fused path") }
    if pass.isRecording { tape.fused.schedule.cut(pass.layout, pass.direction, tape.storage) }
    let run = FusedForwardRun(fused, pass, tape.storage, &tape.fused)
    let threads = pass.execution.threads(for: pass.layout, rowWork: forwardOperations)
    ThreadPool.shared.run(threads: min(threads, run.weights.panelCount), run)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func fusedBackward<Scalar: BLASScalar>(_ pass: BackwardPass<Scalar>, tape: inout CellTape<Scalar>) {
    guard let fused else { fatalError("the cell has no fused path") }
    tape.fused.schedule.cut(pass.layout, pass.direction, tape.storage)
    let run = FusedBackwardRun(fused, pass, tape.storage, &tape.fused)
    let threads = pass.execution.threads(for: pass.layout, rowWork: forwardOperations)
    ThreadPool.shared.run(threads: min(threads, run.blocks.groups), run)
  }

  /// The path that `pass` takes through the cell.
  func path<Scalar>(of pass: ForwardPass<Scalar>) -> ComputePath {
    guard pass.execution.path == .fused else { return pass.execution.path }
    guard hasFusedPath else { return .blas }
    return pass.isRecording && pass.layout.rowCount < FusedCell.minRecordedRows ? .blas : .fused
  }
}

extension FusedCell {
  /// Rows from which on a recording takes the fused path. With fewer, packing the weights for both passes costs more than
  /// all the rest.
  ///
  /// LSTM training on the BLAS path and on this one, one thread (Zen 4), in µs: `4,1,64,128` 53, 86; `8,1,64,128` 87, 115;
  /// `16,1,64,128` 156, 178; `32,1,64,128` 296, 301; `4,4,128,256` 589, 535. So speed alone would say some 16; this is as
  /// low as it is so that what the fused path promises about bits holds for more than long batches.
  static let minRecordedRows = 4
}

extension BLASScalar {
  /// The fused loops of the active instruction set.
  static var fusedLoops: CFKCellLoops {
    bitWidth == Float.bitWidth ? VectorLoops.active.floatCells : VectorLoops.active.doubleCells
  }
}
