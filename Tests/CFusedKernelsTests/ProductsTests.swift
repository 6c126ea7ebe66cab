import CFusedKernels
import Testing

/// The products of the fused loops against plain loops, in small whole numbers, so that every sum is exact. All memory
/// ends at a page that may not be touched, begins where no vector would, and what lies between rows keeps its bits.
struct ProductsTests {
  @Test(arguments: InstructionSet.available)
  func aPackedProductIsThePlainProduct(set: InstructionSet) {
    expectPackedProducts(Float.self, set)
    expectPackedProducts(Double.self, set)
  }

  @Test(arguments: InstructionSet.available)
  func anOuterProductIsThePlainProduct(set: InstructionSet) {
    expectOuterProducts(Float.self, set)
    expectOuterProducts(Double.self, set)
  }

  @Test(arguments: InstructionSet.available)
  func rowSumsAreThePlainSums(set: InstructionSet) {
    expectRowSums(Float.self, set)
    expectRowSums(Double.self, set)
  }

  @Test(arguments: InstructionSet.available)
  func transposedRowsAreThePlainTranspose(set: InstructionSet) {
    expectTransposes(Float.self, set)
    expectTransposes(Double.self, set)
  }
}

/// Whole numbers between -4 and 4, none of them zero.
private func numbers<Scalar: FusedScalar>(_ count: Int, _ bits: inout RandomBits) -> [Scalar] {
  (0..<count).map { _ in
    let magnitude = Scalar(1 + bits.next() % 4)
    return bits.next() % 2 == 0 ? magnitude : -magnitude
  }
}

// MARK: - C = S + A B

private struct PackedCase: CustomStringConvertible {
  /// What the sums begin with.
  enum Start: CaseIterable { case zeros, sameForAllRows, matrix, result }

  var rows, vectors, lastCount, runs: Int
  var start: Start

  var description: String { "\(rows) rows, \(vectors) vectors, the last of \(lastCount), \(runs) runs, from \(start)" }
}

private func expectPackedProducts<Scalar: FusedScalar>(_: Scalar.Type, _ set: InstructionSet) {
  let lanes = Int(Scalar.cells(of: set).lanes)
  var bits = RandomBits(state: 11)
  for rows in 1...13 {
    for vectors in 1...4 {
      for lastCount in Set([1, (lanes + 1) / 2, max(1, lanes - 1), lanes]).sorted() {
        for (i, start) in PackedCase.Start.allCases.enumerated() {
          expectPackedProduct(
            PackedCase(rows: rows, vectors: vectors, lastCount: lastCount, runs: [1, 3, 2, 5][i], start: start),
            Scalar.self, set, &bits)
        }
      }
    }
  }
}

private func expectPackedProduct<Scalar: FusedScalar>(
  _ the: PackedCase, _: Scalar.Type, _ set: InstructionSet, _ bits: inout RandomBits
) {
  let loops = Scalar.cells(of: set)
  let lanes = Int(loops.lanes)
  let (runLength, gap) = (3, 2)
  let aRow = runLength + gap
  let runStride = the.rows * aRow + 1
  let depth = the.runs * runLength
  // Vectors of the result need not be neighbours.
  let (cVector, startVector) = (lanes + 1, lanes + 3)
  let (cRow, startRow) = (the.vectors * cVector + 5, the.start == .sameForAllRows ? 0 : the.vectors * startVector)

  func size(_ rows: Int, _ row: Int, _ vector: Int) -> Int {
    (rows - 1) * row + (the.vectors - 1) * vector + the.lastCount
  }
  let a = FencedMemory<Scalar>(
    numbers((the.runs - 1) * runStride + (the.rows - 1) * aRow + runLength, &bits))
  let b = FencedMemory<Scalar>(numbers(depth * the.vectors * lanes, &bits))
  let c = FencedMemory<Scalar>(numbers(size(the.rows, cRow, cVector), &bits))
  let start = FencedMemory<Scalar>(numbers(size(the.rows, startRow, startVector), &bits))

  var wanted = c.elements
  for m in 0..<the.rows {
    for v in 0..<the.vectors {
      for lane in 0..<(v == the.vectors - 1 ? the.lastCount : lanes) {
        let index = m * cRow + v * cVector + lane
        var sum: Scalar =
          switch the.start {
          case .zeros: 0
          case .sameForAllRows, .matrix: start.start[m * startRow + v * startVector + lane]
          case .result: wanted[index]
          }
        for k in 0..<depth {
          sum +=
            a.start[m * aRow + k / runLength * runStride + k % runLength]
            * b.start[(k * the.vectors + v) * lanes + lane]
        }
        wanted[index] = sum
      }
    }
  }

  var product = CFKPackedProduct()
  product.rows = the.rows
  product.a = UnsafeRawPointer(a.start)
  product.aRow = aRow
  product.runs = the.runs
  product.runLength = runLength
  product.runStride = runStride
  product.b = UnsafeRawPointer(b.start)
  product.vectors = the.vectors
  switch the.start {
  case .zeros: break
  case .sameForAllRows, .matrix:
    product.start = UnsafeRawPointer(start.start)
    product.startRow = startRow
    product.startVector = startVector
  case .result:
    product.start = UnsafeRawPointer(c.start)
    product.startRow = cRow
    product.startVector = cVector
  }
  product.c = UnsafeMutableRawPointer(c.start)
  product.cRow = cRow
  product.cVector = cVector
  product.lastCount = the.lastCount
  loops.packedProduct(&product)
  #expect(c.elements == wanted, "\(Scalar.self), \(the)")
  #expect(c.isIntactInFront, "\(Scalar.self), \(the)")
}

// MARK: - C += Σ Gᵀ F

private struct OuterCase: CustomStringConvertible {
  var units, columns: Int
  /// Vectors of a gradient row, and which of them belongs to each gate.
  var vectors: Int
  var gateVector: [Int]
  var runs: [Int]
  /// Whether rows are added from the last to the first.
  var descends: Bool

  var description: String {
    "\(units) units, \(columns) columns, gates at \(gateVector), runs of \(runs), \(descends ? "down" : "up")"
  }
}

private func expectOuterProducts<Scalar: FusedScalar>(_: Scalar.Type, _ set: InstructionSet) {
  let lanes = Int(Scalar.cells(of: set).lanes)
  var bits = RandomBits(state: 12)
  let gates = [(1, [0]), (4, [0, 1, 2, 3]), (4, [1, 2, 0]), (4, [1, 2, 3])]
  for units in 1...13 {
    for (i, columns) in [1, lanes, 2 * lanes, 2 * lanes + 1, 3 * lanes + lanes / 2, 5 * lanes - 1, 9 * lanes + 1, 3]
      .enumerated()
    {
      let (vectors, gateVector) = gates[(units + i) % gates.count]
      expectOuterProduct(
        OuterCase(
          units: units + lanes * (i % 3), columns: columns, vectors: vectors, gateVector: gateVector,
          runs: [[1], [3, 1, 2], [], [5, 2]][(units * 3 + i) % 4], descends: (units + i / 2) % 2 == 0),
        Scalar.self, set, &bits)
    }
  }
}

private func expectOuterProduct<Scalar: FusedScalar>(
  _ the: OuterCase, _: Scalar.Type, _ set: InstructionSet, _ bits: inout RandomBits
) {
  let loops = Scalar.cells(of: set)
  let lanes = Int(loops.lanes)
  let blocks = (the.units + lanes - 1) / lanes
  // A member of a team has some of the blocks.
  let mine = blocks > 1 ? 1..<blocks : 0..<blocks
  let gates = the.gateVector.count
  let gradientRow = the.vectors * lanes
  let rows = the.runs.reduce(0, +)
  // One row between the runs, in both factors, that belongs to none.
  let allRows = rows + the.runs.count + 1
  let gradientPanel = allRows * gradientRow
  let (factorRow, cRow) = (the.columns + 2, the.columns + 3)
  let gradients = FencedMemory<Scalar>(numbers(blocks * gradientPanel, &bits))
  let factors = the.runs.map { FencedMemory<Scalar>(numbers(($0 - 1) * factorRow + the.columns, &bits)) }
  let c = FencedMemory<Scalar>(numbers((gates * the.units - 1) * cRow + the.columns, &bits))

  var wanted = c.elements
  var runs: [CFKRowRun] = []
  var first = 1
  for (run, factors) in zip(the.runs, factors) {
    let begin = the.descends ? run - 1 : 0
    runs.append(
      CFKRowRun(
        gradients: UnsafeRawPointer(gradients.start + (first + begin) * gradientRow),
        factors: UnsafeRawPointer(factors.start + begin * factorRow), count: run,
        factorRow: the.descends ? -factorRow : factorRow))
    for block in mine {
      for gate in 0..<gates {
        for unit in block * lanes..<min(the.units, (block + 1) * lanes) {
          for i in 0..<run {
            let gradient = gradients.start[
              block * gradientPanel + (first + i) * gradientRow + the.gateVector[gate] * lanes + unit - block * lanes]
            let target = (gate * the.units + unit) * cRow
            for column in 0..<the.columns {
              wanted[target + column] += gradient * factors.start[i * factorRow + column]
            }
          }
        }
      }
    }
    first += run + 1
  }

  var product = CFKOuterProduct()
  product.firstBlock = mine.lowerBound
  product.lastBlock = mine.upperBound
  product.gradientRow = the.descends ? -gradientRow : gradientRow
  product.gradientPanel = gradientPanel
  product.gates = gates
  withUnsafeMutableBytes(of: &product.gateVector) {
    for (gate, vector) in the.gateVector.enumerated() {
      $0.storeBytes(of: vector, toByteOffset: gate * MemoryLayout<Int>.stride, as: Int.self)
    }
  }
  product.c = UnsafeMutableRawPointer(c.start)
  product.cRow = cRow
  product.units = the.units
  product.columns = the.columns
  runs.withUnsafeBufferPointer {
    product.runs = $0.baseAddress
    product.runCount = $0.count
    loops.outerProduct(&product)
  }
  #expect(c.elements == wanted, "\(Scalar.self), \(the)")
  #expect(c.isIntactInFront, "\(Scalar.self), \(the)")
  withExtendedLifetime((gradients, factors)) {}
}

// MARK: - Sums and transposes

private func expectRowSums<Scalar: FusedScalar>(_: Scalar.Type, _ set: InstructionSet) {
  let loops = Scalar.cells(of: set)
  let lanes = Int(loops.lanes)
  var bits = RandomBits(state: 13)
  for count in 0...13 {
    for vectors in 1...4 {
      let stride = vectors * lanes + 3
      let rows = FencedMemory<Scalar>(numbers(max(0, count - 1) * stride + (count > 0 ? vectors * lanes : 0), &bits))
      let sums = FencedMemory<Scalar>(numbers(vectors * lanes, &bits))
      var wanted = sums.elements
      for i in 0..<count {
        for j in wanted.indices { wanted[j] += rows.start[i * stride + j] }
      }
      for descends in [false, true] {
        let before = FencedMemory(sums.elements)
        loops.addRowSums(
          rows.start + (descends ? max(0, count - 1) * stride : 0), count, descends ? -stride : stride, vectors,
          before.start)
        #expect(
          before.elements == wanted && before.isIntactInFront, "\(Scalar.self), \(count) rows of \(vectors) vectors")
      }
    }
  }
}

private func expectTransposes<Scalar: FusedScalar>(_: Scalar.Type, _ set: InstructionSet) {
  let loops = Scalar.cells(of: set)
  let lanes = Int(loops.lanes)
  var bits = RandomBits(state: 14)
  for rows in 1...lanes {
    for columns in 1...13 {
      let (stride, step) = (columns + 2, lanes + 3)
      let source = FencedMemory<Scalar>(numbers((rows - 1) * stride + columns, &bits))
      let target = FencedMemory<Scalar>(numbers((columns - 1) * step + lanes, &bits))
      var wanted = target.elements
      for k in 0..<columns {
        for lane in 0..<lanes { wanted[k * step + lane] = lane < rows ? source.start[lane * stride + k] : 0 }
      }
      loops.transposeRows(source.start, stride, rows, columns, target.start, step)
      #expect(target.elements == wanted && target.isIntactInFront, "\(Scalar.self), \(rows) × \(columns)")
    }
  }
}
