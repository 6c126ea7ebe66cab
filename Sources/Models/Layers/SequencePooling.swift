internal import Kernels

/// One row for all steps of a sequence: what a head reads that judges a whole sequence by more than its end.
///
/// Rows of steps, `[N × F]`, lie as the packed layout says; rows of sequences, `[B × F]`, in the caller's order. A sequence
/// without steps has a row of zeros, which passes no gradient on.
enum SequencePooling {
  /// The mean of each sequence's steps.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func mean<Scalar: BLASScalar>(
    of steps: MatrixView<Scalar>, layout: PackedLayout, into pooled: MutableMatrixView<Scalar>
  ) {
    pooled.fill(0)
    forEachStep(of: layout) { row, sequence in
      let (source, target) = (steps.row(row), pooled.row(sequence))
      for j in 0..<pooled.columns { target[j] += source[j] }
    }
    for (sequence, length) in layout.lengths.enumerated() where length > 0 {
      let (row, share) = (pooled.row(sequence), 1 / Scalar(length))
      for j in 0..<pooled.columns { row[j] *= share }
    }
  }

  /// The gradient of ``mean(of:layout:into:)`` for the steps overwrites `dSteps`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func spreadMean<Scalar: BLASScalar>(
    _ dPooled: MatrixView<Scalar>, layout: PackedLayout, into dSteps: MutableMatrixView<Scalar>
  ) {
    forEachStep(of: layout) { row, sequence in
      let (source, target, share) = (dPooled.row(sequence), dSteps.row(row), 1 / Scalar(layout.lengths[sequence]))
      for j in 0..<dPooled.columns { target[j] = share * source[j] }
    }
  }

  /// The largest of each sequence's steps, feature by feature, and in `places`, `[B · F]`, the row of the step that has it:
  /// the first of equal ones, −1 where there is no step. NaN is larger than everything.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func maximum<Scalar: BLASScalar>(
    of steps: MatrixView<Scalar>, layout: PackedLayout, into pooled: MutableMatrixView<Scalar>, places: inout [Int32]
  ) {
    pooled.fill(0)
    let columns = pooled.columns
    places.removeAll(keepingCapacity: true)
    places.append(contentsOf: repeatElement(-1, count: pooled.rows * columns))
    places.withUnsafeMutableBufferPointer { places in
      forEachStep(of: layout) { row, sequence in
        let (source, target) = (steps.row(row), pooled.row(sequence))
        let place = places.baseAddress! + sequence * columns
        for j in 0..<columns where place[j] < 0 || source[j] > target[j] || source[j].isNaN && !target[j].isNaN {
          target[j] = source[j]
          place[j] = Int32(row)
        }
      }
    }
  }

  /// The gradient of ``maximum(of:layout:into:places:)`` for the steps overwrites `dSteps`: all of it goes to the step that
  /// had the maximum.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func spreadMaximum<Scalar: BLASScalar>(
    _ dPooled: MatrixView<Scalar>, places: [Int32], into dSteps: MutableMatrixView<Scalar>
  ) {
    dSteps.fill(0)
    for sequence in 0..<dPooled.rows {
      let source = dPooled.row(sequence)
      for j in 0..<dPooled.columns {
        let row = Int(places[sequence * dPooled.columns + j])
        if row >= 0 { dSteps[row, j] = source[j] }
      }
    }
  }

  /// Calls `body` with the row and the sequence of every step, in the order of the rows.
  @inline(__always)
  private static func forEachStep(of layout: PackedLayout, _ body: (_ row: Int, _ sequence: Int) -> Void) {
    for t in 0..<layout.steps {
      for rank in 0..<layout.batchSizes[t] { body(layout.offsets[t] + rank, layout.order[rank]) }
    }
  }
}
