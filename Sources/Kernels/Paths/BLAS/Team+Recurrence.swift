/// The parts of a time loop that every cell has in common, on the BLAS path.
extension Team {
  /// Starts the gates of all rows with the input products: X Wxᵀ + b_x (+ b_h, where the cell adds both at once). One
  /// GEMM. No barrier follows.
  func projectInputs<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, _ weights: CellParameters<Scalar>, addingRecurrentBias: Bool,
    into gates: MutableMatrixView<Scalar>
  ) {
    // The same cut as the product's below, so that each member adds to what it filled itself.
    guard let bias = weights.inputBias, let recurrentBias = weights.recurrentBias else {
      return multiply(inputs, weights.inputWeights.readOnly.transposed, into: gates)
    }
    let mine = share(ofRows: gates.rows, columns: gates.columns)
    guard let first = mine.rows.first else { return }
    let start = gates.row(first) + mine.columns.lowerBound
    for (i, j) in mine.columns.enumerated() {
      start[i] = bias.baseAddress[j] + (addingRecurrentBias ? recurrentBias.baseAddress[j] : 0)
    }
    for row in mine.rows.dropFirst() {
      (gates.row(row) + mine.columns.lowerBound).update(from: start, count: mine.columns.count)
    }
    multiply(inputs, weights.inputWeights.readOnly.transposed, addingTo: gates)
  }

  /// The recurrent weights as the right-hand side of a step's product, `[R × G·H]`: a transposed copy in `scratch` where
  /// enough steps share its cost, otherwise a transposed view. OpenBLAS multiplies 32 rows by 256 × 1024 weights at
  /// 112 GFLOP/s from the copy and at 90 from the view (AVX-512, one thread). A barrier must follow.
  func recurrentRightSide<Scalar: BLASScalar>(
    _ weights: CellParameters<Scalar>, copiedTo scratch: MutableMatrixView<Scalar>
  ) -> MatrixView<Scalar> {
    let source = weights.recurrentWeights.readOnly
    guard scratch.rows > 0 else { return source.transposed }
    let mine = share(of: source.rows, unit: Self.cutUnit)
    // Square blocks, so that the lines read and the lines written both stay in the first-level cache.
    for firstRow in stride(from: mine.lowerBound, to: mine.upperBound, by: Self.cutUnit) {
      let lastRow = min(firstRow + Self.cutUnit, mine.upperBound)
      for firstColumn in stride(from: 0, to: source.columns, by: Self.cutUnit) {
        for column in firstColumn..<min(firstColumn + Self.cutUnit, source.columns) {
          let target = scratch.row(column)
          for row in firstRow..<lastRow { target[row] = source.baseAddress[row * source.stride + column] }
        }
      }
    }
    return scratch.readOnly
  }

  /// Adds the column sums of `rows` to the biases that were added to those rows, `[1 × columns]` each. One pass over the
  /// rows. No barrier follows.
  func addColumnSums<Scalar: BLASScalar>(
    of rows: MatrixView<Scalar>, to bias: MutableMatrixView<Scalar>?, and otherBias: MutableMatrixView<Scalar>? = nil
  ) {
    guard let bias = bias?.baseAddress else { return }
    let mine = share(of: rows.columns, unit: Self.cutUnit)
    for i in 0..<rows.rows {
      let row = rows.row(i)
      Lanes<Scalar>.forEach(in: mine) {
        let numbers = $0.load(row)
        $0.store($0.load(bias) + numbers, bias)
        if let otherBias { $0.store($0.load(otherBias.baseAddress) + numbers, otherBias.baseAddress) }
      }
    }
  }

  /// What the recurrent weights see at a step: the hidden state of the running ranks, or the masked copy of it that is
  /// made here. Keeps both if `recorded` has rows for them.
  func recurrentInput<Scalar: BLASScalar>(
    _ hidden: MatrixView<Scalar>, mask: MatrixView<Scalar>?, keepingIn previous: MutableMatrixView<Scalar>?,
    masked: MutableMatrixView<Scalar>?
  ) -> MatrixView<Scalar> {
    let mine = share(of: hidden.columns, unit: Self.cutUnit)
    if let previous {
      for b in 0..<hidden.rows {
        (previous.row(b) + mine.lowerBound).update(from: hidden.row(b) + mine.lowerBound, count: mine.count)
      }
    }
    guard let mask, let masked else { return hidden }
    for b in 0..<hidden.rows { multiplyElements(hidden.row(b), mask.row(b), into: masked.row(b), mine) }
    barrier()
    return masked.readOnly
  }

  /// A rectangle of a `rows × columns` matrix: this member's, cut as products are.
  func share(ofRows rows: Int, columns: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    rows > columns
      ? (share(of: rows, unit: Self.cutUnit), 0..<columns) : (0..<rows, share(of: columns, unit: Self.cutUnit))
  }
}

/// z = x ⊙ y over `range`.
@inline(__always)
func multiplyElements<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, into z: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  Lanes<Scalar>.forEach(in: range) { $0.store($0.load(x) * $0.load(y), z) }
}

/// σ in place over `range`.
@inline(__always)
func sigmoid<Scalar: BLASScalar>(_ x: UnsafeMutablePointer<Scalar>, _ range: Range<Int>) {
  Scalar._sigmoid(x + range.lowerBound, x + range.lowerBound, range.count)
}

/// tanh over `range`.
@inline(__always)
func tanh<Scalar: BLASScalar>(
  _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, _ range: Range<Int>
) {
  Scalar._tanh(x + range.lowerBound, y + range.lowerBound, range.count)
}

extension CellTape {
  /// Steps from which on a pass copies its recurrent weights transposed (see ``Team/recurrentRightSide(_:copiedTo:)``).
  ///
  /// LSTM inference, I = 128, H = 256, one thread with AVX-512, copy against view in µs. 32 sequences: 2 steps 611, 533;
  /// 4 steps 974, 1015; 8 steps 1650, 2021. 4 sequences: 4 steps 362, 461; 16 steps 625, 1738. A single sequence, which
  /// OpenBLAS multiplies as a vector either way: 4 steps 306, 101; 16 steps 447, 214.
  private static var stepsWorthACopy: Int { 4 }

  /// Room for the transposed recurrent weights, or none where the pass is too short for them or has one sequence.
  mutating func roomForRightSide(of cell: RecurrentCell, _ layout: PackedLayout) -> MutableMatrixView<Scalar> {
    let isWorthIt = layout.batch > 1 && layout.steps >= Self.stepsWorthACopy
    return rightSide.reshaped(rows: isWorthIt ? cell.outputSize : 0, columns: cell.gateRows)
  }
}
