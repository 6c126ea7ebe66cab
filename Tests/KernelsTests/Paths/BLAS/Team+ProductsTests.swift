import Models
import TestSupport
import Testing

@testable import Kernels

/// Shares of a team together are what one member alone computes, to the bit but for the products of OpenBLAS.
@Suite struct TeamProductsTests {
  private static let sizes = [(rows: 37, columns: 83), (rows: 83, columns: 37), (rows: 1, columns: 5)]

  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Double> {
    var generator = SeededGenerator(seed: seed)
    return .random(rows: rows, columns: columns, from: &generator)
  }

  @Test(arguments: sizes, [1, 3])
  func aTransposedCopyIsTheTranspose(_ size: (rows: Int, columns: Int), _ threads: Int) {
    let source = random(size.rows, size.columns, seed: 1)
    var target = Matrix<Double>.zeros(rows: size.columns, columns: size.rows)
    target.withMutableView { target in
      source.withView { source in withRegion(threads: threads) { _ = $0.transpose(source, into: target) } }
    }
    for i in 0..<size.rows { for j in 0..<size.columns { #expect(target[j, i] == source[i, j]) } }
  }

  @Test func withoutRoomForACopyTheTransposeIsAView() {
    let source = random(4, 3, seed: 1)
    var none = Matrix<Double>.zeros(rows: 0, columns: 4)
    none.withMutableView { none in
      source.withView {
        let view = Team.alone.transpose($0, into: none)
        #expect(view.isTransposed && view.baseAddress == $0.baseAddress && (view.rows, view.columns) == (3, 4))
      }
    }
  }

  @Test(arguments: sizes, [1, 3])
  func columnSumsAreAddedToEachBias(_ size: (rows: Int, columns: Int), _ threads: Int) {
    let rows = random(size.rows, size.columns, seed: 1)
    var biases = random(2, size.columns, seed: 2)
    let wanted = (0..<2).map { b in
      (0..<size.columns).map { j in (0..<size.rows).reduce(biases[b, j]) { $0 + rows[$1, j] } }
    }
    biases.withMutableView { biases in
      rows.withView { rows in
        withRegion(threads: threads) { $0.addColumnSums(of: rows, to: biases.rows(0..<1), and: biases.rows(1..<2)) }
      }
    }
    #expect(biases.nestedRows == wanted)
  }

  @Test(arguments: [false, true], [1, 3])
  func inputProductsBeginWithTheBiases(_ addingRecurrentBias: Bool, _ threads: Int) {
    let cell = RecurrentCell.gru(inputSize: 3, hiddenSize: 29)
    let (inputs, parameters) = (random(7, 3, seed: 1), random(1, cell.parameterCount, seed: 2))
    let weights = CellParameters(cell, reading: parameters.unsafeView)
    var gates = Matrix<Double>.zeros(rows: 7, columns: cell.gateRows)
    gates.withMutableView { gates in
      inputs.withView { inputs in
        withRegion(threads: threads) {
          $0.projectInputs(inputs, weights, addingRecurrentBias: addingRecurrentBias, into: gates)
        }
      }
    }
    let wanted = (0..<7).map { n in
      (0..<cell.gateRows).map { j in
        (0..<3).reduce(weights.inputBias![0, j] + (addingRecurrentBias ? weights.recurrentBias![0, j] : 0)) {
          $0 + inputs[n, $1] * weights.inputWeights[j, $1]
        }
      }
    }
    #expect(maximumRelativeDifference(gates.elements, wanted.flatMap { $0 }) <= Tolerance.gemm(k: 4, Double.self))
    withExtendedLifetime(parameters) {}
  }
}
