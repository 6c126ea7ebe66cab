internal import Kernels

extension Attention {
  /// Prepares what an encoder gave, `[N × M]` in the rows of `layout`, to be asked. One GEMM.
  func remember<Scalar: BLASScalar>(
    _ outputs: MatrixView<Scalar>, layout: PackedLayout, parameters: MatrixView<Scalar>,
    into memory: inout AttentionMemory<Scalar>, execution: Execution
  ) {
    require(outputs.columns == memorySize, "memories of \(outputs.columns) features, not \(memorySize)")
    let values = memory.values.reshaped(rows: outputs.rows, columns: memorySize)
    memory.sequences = layout.sequenceRanges
    copyRows(outputs, at: layout.rowsBySequence, to: values)
    keyMap.forward(
      values.readOnly, parameters: parameters.columns(ranges.key),
      into: memory.keys.reshaped(rows: outputs.rows, columns: keySize), execution: execution)
  }

  /// The context of each query: `tape.contexts` from `tape.queries`, `tape.groups` and `tape.memory`. A query whose
  /// sequence is empty gets zeros.
  ///
  /// Two small products a group, and a GEMM over all queries where the score is additive.
  func attend<Scalar: BLASScalar>(
    _ tape: inout AttentionTape<Scalar>, parameters: MatrixView<Scalar>, execution: Execution
  ) {
    let queries = tape.queries.unsafeView
    let contexts = tape.contexts.reshaped(rows: queries.rows, columns: memorySize)
    let weights = tape.weights.reshaped(rows: 1, columns: tape.groups.last?.weights.upperBound ?? 0)
    if let queryMap {
      queryMap.forward(
        queries, parameters: parameters.columns(ranges.query),
        into: tape.projected.reshaped(rows: queries.rows, columns: keySize), execution: execution)
    }
    // The products of one sentence are too small for a second thread.
    let alone = Execution(path: execution.path, threads: 1)
    let (values, keys) = (tape.memory.values.unsafeView, tape.memory.keys.unsafeView)
    for group in tape.groups {
      let scores = weights.block(group)
      switch score {
      case .multiplicative:
        multiply(queries.rows(group.queries), keys.rows(group.memory).transposed, into: scores, alone)
      case .additive:
        compare(group, &tape, keys)
        weigh(tape.comparisons.unsafeView, parameters.columns(ranges.score), into: scores)
      }
      softmaxRows(scores)
      multiply(scores.readOnly, values.rows(group.memory), into: contexts.rows(group.queries), alone)
    }
  }

  /// The gradients of the pass that `tape` recorded, for `tape.dContexts`: `tape.dQueries` is overwritten, the gradient
  /// for the memories is left in `tape.dValues`, and those for the parameters are added to `dParameters`.
  func backward<Scalar: BLASScalar>(
    _ tape: inout AttentionTape<Scalar>, parameters: MatrixView<Scalar>, dParameters: MutableMatrixView<Scalar>,
    execution: Execution
  ) {
    let alone = Execution(path: execution.path, threads: 1)
    let (values, keys) = (tape.memory.values.unsafeView, tape.memory.keys.unsafeView)
    let (queries, dContexts) = (tape.queries.unsafeView, tape.dContexts.unsafeView)
    let weights = tape.weights.unsafeView
    let dWeights = tape.dWeights.reshaped(rows: 1, columns: weights.columns)
    let dQueries = tape.dQueries.reshaped(rows: queries.rows, columns: querySize)
    let dValues = tape.dValues.zeroed(rows: values.rows, columns: memorySize)
    let dKeys = tape.dKeys.zeroed(rows: keys.rows, columns: keySize)
    let dProjected = queryMap.map { _ in tape.dProjected.zeroed(rows: queries.rows, columns: keySize) }
    for group in tape.groups {
      let (weights, dScores) = (weights.block(group), dWeights.block(group))
      let dContexts = dContexts.rows(group.queries)
      multiply(dContexts, values.rows(group.memory).transposed, into: dScores, alone)
      multiply(weights.transposed, dContexts, addingTo: dValues.rows(group.memory), alone)
      multiplyBySoftmaxSlope(dScores, weights)
      if let dProjected {
        compare(group, &tape, keys)
        separate(
          tape.comparisons.unsafeView, dScores.readOnly, v: parameters.columns(ranges.score),
          dV: dParameters.columns(ranges.score), dQueries: dProjected.rows(group.queries),
          dKeys: dKeys.rows(group.memory))
      } else {
        multiply(dScores.readOnly, keys.rows(group.memory), into: dQueries.rows(group.queries), alone)
        multiply(dScores.readOnly.transposed, queries.rows(group.queries), addingTo: dKeys.rows(group.memory), alone)
      }
    }
    if let queryMap, let dProjected {
      queryMap.backward(
        queries, parameters: parameters.columns(ranges.query), dOutputs: dProjected.readOnly, dInputsInto: dQueries,
        dParametersAddingTo: dParameters.columns(ranges.query), execution: execution)
    }
    // Memories are keys too.
    let key = parameters.columns(ranges.key)
    let weight = MatrixView(key.baseAddress, rows: keySize, columns: memorySize)
    keyMap.backward(
      values, parameters: key, dOutputs: dKeys.readOnly, dInputsInto: nil,
      dParametersAddingTo: dParameters.columns(ranges.key), execution: execution)
    multiply(dKeys.readOnly, weight, addingTo: dValues, execution)
  }

  /// `tape.comparisons` of one group.
  private func compare<Scalar: BLASScalar>(
    _ group: AttentionGroup, _ tape: inout AttentionTape<Scalar>, _ keys: MatrixView<Scalar>
  ) {
    let projected = tape.projected.unsafeView.rows(group.queries)
    let comparisons = tape.comparisons.reshaped(rows: group.queries.count * group.memory.count, columns: keySize)
    sumPairs(projected, keys.rows(group.memory), into: comparisons)
    applyTanh(comparisons)
  }
}

extension PackedLayout {
  /// The rows of each sequence in the caller's order where sequences follow each other, `[B]`.
  var sequenceRanges: [Range<Int>] {
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return start..<start + length
    }
  }

  /// For each row, where sequences follow each other, the row of this layout, `[N]`.
  var rowsBySequence: [Int] {
    var rows: [Int] = []
    rows.reserveCapacity(rowCount)
    for (sequence, length) in lengths.enumerated() {
      for t in 0..<length { rows.append(offsets[t] + ranks[sequence]) }
    }
    return rows
  }
}

extension MutableMatrixView {
  /// The weights of one group, `[queries × memory]`.
  fileprivate func block(_ group: AttentionGroup) -> MutableMatrixView {
    MutableMatrixView(
      baseAddress + group.weights.lowerBound, rows: group.queries.count, columns: group.memory.count)
  }
}

extension MatrixView {
  fileprivate func block(_ group: AttentionGroup) -> MatrixView {
    MatrixView(baseAddress + group.weights.lowerBound, rows: group.queries.count, columns: group.memory.count)
  }
}

/// Row `i` of `target` is row `rows[i]` of `source`.
func copyRows<Scalar: BLASScalar>(_ source: MatrixView<Scalar>, at rows: [Int], to target: MutableMatrixView<Scalar>) {
  for (i, row) in rows.enumerated() { target.row(i).update(from: source.row(row), count: source.columns) }
}

/// Row `rows[i]` of `target` is row `i` of `source`.
func spreadRows<Scalar: BLASScalar>(_ source: MatrixView<Scalar>, to target: MutableMatrixView<Scalar>, at rows: [Int])
{
  for (i, row) in rows.enumerated() { target.row(row).update(from: source.row(i), count: source.columns) }
}

/// Row `rows[i]` of `target` grows by row `i` of `source`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addRows<Scalar: BLASScalar>(_ source: MatrixView<Scalar>, to target: MutableMatrixView<Scalar>, at rows: [Int]) {
  for (i, row) in rows.enumerated() {
    let (terms, sums) = (source.row(i), target.row(row))
    for j in 0..<source.columns { sums[j] += terms[j] }
  }
}

/// z[i · columns + j] = x[i] + y[j], rows all.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func sumPairs<Scalar: BLASScalar>(
  _ x: MatrixView<Scalar>, _ y: MatrixView<Scalar>, into z: MutableMatrixView<Scalar>
) {
  for i in 0..<x.rows {
    let first = x.row(i)
    for j in 0..<y.rows {
      let (second, sum) = (y.row(j), z.row(i * y.rows + j))
      for a in 0..<x.columns { sum[a] = first[a] + second[a] }
    }
  }
}

/// The scores v · m of all pairs, `[queries × memory]`, from their comparisons m, `[queries · memory × A]`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func weigh<Scalar: BLASScalar>(
  _ comparisons: MatrixView<Scalar>, _ v: MatrixView<Scalar>, into scores: MutableMatrixView<Scalar>
) {
  let weights = v.baseAddress
  for pair in 0..<comparisons.rows {
    let comparison = comparisons.row(pair)
    var sums = SIMD8<Scalar>()
    var a = 0
    while a + 8 <= comparisons.columns {
      sums +=
        UnsafeRawPointer(comparison + a).loadUnaligned(as: SIMD8<Scalar>.self)
        * UnsafeRawPointer(weights + a).loadUnaligned(as: SIMD8<Scalar>.self)
      a += 8
    }
    var sum = sums.sum()
    while a < comparisons.columns {
      sum += comparison[a] * weights[a]
      a += 1
    }
    scores.baseAddress[pair] = sum
  }
}

/// The gradients of ``weigh(_:_:into:)`` after tanh and the sum before it, all added: with d = dScore · v ⊙ (1 − m²) of a
/// pair, query and key of the pair get d each, and v gets dScore · m.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func separate<Scalar: BLASScalar>(
  _ comparisons: MatrixView<Scalar>, _ dScores: MatrixView<Scalar>, v: MatrixView<Scalar>,
  dV: MutableMatrixView<Scalar>,
  dQueries: MutableMatrixView<Scalar>, dKeys: MutableMatrixView<Scalar>
) {
  let (weights, dWeights) = (v.baseAddress, dV.baseAddress)
  for i in 0..<dScores.rows {
    let dQuery = dQueries.row(i)
    for j in 0..<dScores.columns {
      let (comparison, dKey, dScore) = (comparisons.row(i * dScores.columns + j), dKeys.row(j), dScores[i, j])
      for a in 0..<comparisons.columns {
        let d = dScore * weights[a] * (1 - comparison[a] * comparison[a])
        dQuery[a] += d
        dKey[a] += d
        dWeights[a] += dScore * comparison[a]
      }
    }
  }
}

/// Turns the gradient for a softmax, row by row, into that for its argument: d = p ⊙ (d − d · p).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplyBySoftmaxSlope<Scalar: BLASScalar>(
  _ dRows: MutableMatrixView<Scalar>, _ probabilities: MatrixView<Scalar>
) {
  for i in 0..<dRows.rows {
    let (d, p) = (dRows.row(i), probabilities.row(i))
    var mean: Scalar = 0
    for j in 0..<dRows.columns { mean += d[j] * p[j] }
    for j in 0..<dRows.columns { d[j] = p[j] * (d[j] - mean) }
  }
}
