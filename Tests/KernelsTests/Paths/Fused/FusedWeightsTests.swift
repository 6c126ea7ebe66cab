import TestSupport
import Testing

@testable import Kernels

/// Packed weights, element by element, against the plain definition of where each lies.
@Suite struct FusedWeightsTests {
  /// The last has three groups of blocks on the widest instruction set.
  private static let sizes = [(3, 5), (7, 17), (11, 83), (9, 32), (2, 150)].map {
    FusedSize(inputSize: $0.0, hiddenSize: $0.1)
  }

  /// What the numbers around the packed ones must still be afterwards: those of no parameter.
  private static let guardValue = -7.0

  @Test(arguments: CellVariant.fused, sizes)
  func forwardWeightsLieAsTheLoopsReadThem(_ variant: CellVariant, _ size: FusedSize) throws {
    try expectForwardWeights(variant, size, Float.self)
    try expectForwardWeights(variant, size, Double.self)
  }

  private func expectForwardWeights<Scalar: BLASScalar>(
    _ variant: CellVariant, _ size: FusedSize, _: Scalar.Type
  ) throws {
    let cell = try #require(size.cell(variant).fused)
    let parameters = CellProbe<Scalar>(size.cell(variant), lengths: []).parameters
    let blocks = UnitBlocks(units: cell.hiddenSize, for: Scalar.fusedLoops)
    let count = ForwardWeights<Scalar>.count(cell, blocks)
    var memory = Matrix(repeating: Scalar(Self.guardValue), rows: 1, columns: count + 5)
    let weights = ForwardWeights(cell, blocks, in: memory.unsafeMutableView().baseAddress)
    let source = CellParameters(cell.recurrentCell, reading: parameters.unsafeView)
    // In two parts, as two members of a team would.
    weights.pack(source, panels: weights.panelCount / 2..<weights.panelCount)
    weights.pack(source, panels: 0..<weights.panelCount / 2)

    var wrong = 0
    for panel in 0..<weights.panelCount {
      let inPanel = weights.blocks(ofPanels: panel..<panel + 1)
      let start = weights.panel(ofBlocksFrom: inPanel.lowerBound)
      let vectors = inPanel.flatMap { block in (0..<cell.gateCount).map { (block: block, gate: $0) } }
      for k in 0..<cell.inputSize + cell.outputSize {
        for (v, vector) in vectors.enumerated() {
          for lane in 0..<blocks.lanes {
            let unit = vector.block * blocks.lanes + lane
            let row = vector.gate * cell.hiddenSize + unit
            let wanted =
              unit >= cell.hiddenSize
              ? 0
              : k < cell.inputSize
                ? source.inputWeights.row(row)[k] : source.recurrentWeights.row(row)[k - cell.inputSize]
            if start[(k * vectors.count + v) * blocks.lanes + lane] != wanted { wrong += 1 }
          }
        }
      }
    }
    #expect(wrong == 0, "\(wrong) weights of \(Scalar.self) lie elsewhere")

    var wrongStarts = 0
    for block in blocks.all {
      for lane in 0..<blocks.lanes {
        let unit = block * blocks.lanes + lane
        func bias(_ bias: MutableMatrixView<Scalar>?, _ gate: Int) -> Scalar {
          unit < cell.hiddenSize ? bias?.baseAddress[gate * cell.hiddenSize + unit] ?? 0 : 0
        }
        for gate in 0..<cell.gateCount {
          let isCandidateOfGRU = cell.gateCount == GRUGate.allCases.count && gate == GRUGate.candidate.rawValue
          let recurrent = bias(source.recurrentBias, gate)
          let wanted = bias(source.inputBias, gate) + (isCandidateOfGRU ? 0 : recurrent)
          if weights.starts[(block * cell.gateCount + gate) * blocks.lanes + lane] != wanted { wrongStarts += 1 }
          if isCandidateOfGRU, weights.candidateStarts[block * blocks.lanes + lane] != recurrent { wrongStarts += 1 }
        }
      }
    }
    #expect(wrongStarts == 0, "\(wrongStarts) biases of \(Scalar.self) lie elsewhere")
    for i in count..<count + 5 { #expect(memory[0, i] == Scalar(Self.guardValue), "written behind the weights") }
  }

  /// Both weight matrices of a cell, cut for registers of any width.
  @Test(arguments: CellVariant.fused, [(1, 2), (3, 4), (4, 2), (16, 4)])
  func backwardWeightsLieAsTheLoopsReadThem(
    _ variant: CellVariant, _ register: (lanes: Int, maxInGroup: Int)
  ) throws {
    for size in Self.sizes where size.hiddenSize != 83 {
      let cell = try #require(size.cell(variant).fused)
      let parameters = CellProbe<Double>(size.cell(variant), lengths: []).parameters
      let source = CellParameters(cell.recurrentCell, reading: parameters.unsafeView)
      let units = UnitBlocks(
        units: size.hiddenSize, lanes: register.lanes, maxInGroup: register.maxInGroup)
      expectBackwardWeights(source.inputWeights.readOnly, units, cell.inputGradients)
      expectBackwardWeights(source.recurrentWeights.readOnly, units, cell.recurrentGradients)
      withExtendedLifetime(parameters) {}
    }
  }

  private func expectBackwardWeights(
    _ source: MatrixView<Double>, _ units: UnitBlocks, _ vectors: GradientVectors
  ) {
    let lanes = units.lanes
    let columns = UnitBlocks(units: source.columns, lanes: lanes, maxInGroup: units.maxInGroup)
    let count = BackwardWeights<Double>.count(units, columns, vectors)
    var memory = Matrix(repeating: Self.guardValue, rows: 1, columns: count + 5)
    let weights = BackwardWeights(
      units: units, columns: columns, vectors: vectors, panels: memory.unsafeMutableView().baseAddress)
    weights.pack(source, groups: columns.groups / 2..<columns.groups)
    weights.pack(source, groups: 0..<columns.groups / 2)

    #expect(weights.runLength == vectors.count * lanes)
    #expect(weights.depth == units.count * weights.runLength)
    var wrong = 0
    for group in 0..<columns.groups {
      let inGroup = columns.blocks(ofGroup: group)
      let panel = weights.panel(ofBlocksFrom: inGroup.lowerBound)
      for block in units.all {
        for gate in 0..<vectors.count {
          let vector = vectors.vector(ofGate: gate)
          for lane in 0..<lanes {
            // Where a gradient row has this gate's gradient for this unit, counted from the first that takes part.
            let depth = block * weights.runLength + (vector - vectors.first) * lanes + lane
            let unit = block * lanes + lane
            for column in inGroup.lowerBound * lanes..<inGroup.upperBound * lanes {
              let isThere = unit < units.units && column < source.columns
              let wanted = isThere ? source.row(gate * units.units + unit)[column] : 0
              let found = panel[depth * inGroup.count * lanes + column - inGroup.lowerBound * lanes]
              if found != wanted { wrong += 1 }
            }
          }
        }
      }
    }
    #expect(wrong == 0, "\(wrong) of \(source.rows) × \(source.columns) lie elsewhere")
    for i in count..<count + 5 { #expect(memory[0, i] == Self.guardValue, "written behind the weights") }
  }
}
