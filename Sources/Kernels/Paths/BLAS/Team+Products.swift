/// The products around the time loop of the BLAS path, shared among the members of a team.
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
    let mine = share(ofProduct: gates)
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

  /// `source` transposed: a copy in `target` where that has room, otherwise a view. OpenBLAS multiplies 32 rows by
  /// 256 × 1024 weights at 112 GFLOP/s from the copy and at 90 from the view (AVX-512, one thread). A barrier must follow.
  func transpose<Scalar: BLASScalar>(
    _ source: MatrixView<Scalar>, into target: MutableMatrixView<Scalar>
  ) -> MatrixView<Scalar> {
    guard target.rows > 0 else { return source.transposed }
    let mine = share(of: source.rows, unit: Self.cutUnit)
    // Square blocks, so that the lines read and the lines written both stay in the first-level cache.
    for firstRow in stride(from: mine.lowerBound, to: mine.upperBound, by: Self.cutUnit) {
      let lastRow = min(firstRow + Self.cutUnit, mine.upperBound)
      for firstColumn in stride(from: 0, to: source.columns, by: Self.cutUnit) {
        for column in firstColumn..<min(firstColumn + Self.cutUnit, source.columns) {
          let line = target.row(column)
          for row in firstRow..<lastRow { line[row] = source.baseAddress[row * source.stride + column] }
        }
      }
    }
    return target.readOnly
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
}
