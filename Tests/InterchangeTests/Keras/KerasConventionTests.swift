import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import Interchange

/// Keras's equations, as its documentation writes them and with its layouts, against our cells.
@Suite struct KerasConventionTests {
  private let inputSize = 3
  private let hiddenSize = 5
  private let steps = 7

  @Test(arguments: KerasCell.all, [true, false])
  func aConvertedCellGivesWhatKerasEquationsGive(_ kind: KerasCell, _ hasBias: Bool) throws {
    let cell = kind.cell(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    let arrays = randomArrays(cell)
    var layer = RecurrentLayer<Double>(try RecurrentStack(cell))
    for (name, matrix) in arrays.parameters(of: cell) { layer.parameters["\(name)_l0"] = matrix }
    var generator = SeededGenerator(seed: 2)
    let inputs = (0..<steps).map { _ in (0..<inputSize).map { _ in generator.uniform(in: -1..<1.0) } }
    let found = layer(PackedSequence([inputs])).outputs.padded(.batchMajor, with: 0)
    #expect(maximumRelativeDifference(found, kind.outputs(inputs, arrays, hiddenSize)) < 1e-13)
  }

  @Test(arguments: KerasCell.all, [true, false])
  func convertingBackGivesTheSameArrays(_ kind: KerasCell, _ hasBias: Bool) {
    let cell = kind.cell(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    let arrays = randomArrays(cell)
    #expect(KerasCellArrays(arrays.parameters(of: cell), of: cell) == arrays)
  }

  @Test func oneBiasOfKerasIsTheSumOfOurTwo() {
    let cell = RecurrentCell.lstm(inputSize: 1, hiddenSize: 1)
    let arrays = KerasCellArrays<Double>(
      [
        "weight_ih": Matrix(rows: 4, columns: 1, [1, 2, 3, 4]), "weight_hh": Matrix(rows: 4, columns: 1, [5, 6, 7, 8]),
        "bias_ih": Matrix(rows: 4, columns: 1, [1, 2, 3, 4]), "bias_hh": Matrix(rows: 4, columns: 1, [10, 20, 30, 40]),
      ], of: cell)
    #expect(arrays.bias?.elements == [11, 22, 33, 44])
  }

  private func randomArrays(_ cell: RecurrentCell) -> KerasCellArrays<Double> {
    var generator = SeededGenerator(seed: 1)
    func random(_ rows: Int, _ columns: Int) -> Matrix<Double> {
      Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in generator.uniform(in: -1..<1.0) })
    }
    let width = cell.gates.count * hiddenSize
    return KerasCellArrays(
      kernel: random(inputSize, width), recurrentKernel: random(hiddenSize, width),
      bias: cell.hasBias ? random(KerasConvention.hasTwoBiases(cell) ? 2 : 1, width) : nil)
  }
}

/// A kind of cell of Keras, with its equations on its own layouts.
enum KerasCell: String, CaseIterable, Sendable {
  case simpleRNN, simpleRNNWithReLU, lstm, gruResetAfter, gruResetBefore

  static let all = allCases

  func cell(inputSize: Int, hiddenSize: Int, hasBias: Bool = true) -> RecurrentCell {
    switch self {
    case .simpleRNN: .vanilla(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    case .simpleRNNWithReLU:
      .vanilla(inputSize: inputSize, hiddenSize: hiddenSize, activation: .relu, hasBias: hasBias)
    case .lstm: .lstm(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    case .gruResetAfter: .gru(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    case .gruResetBefore:
      .gru(inputSize: inputSize, hiddenSize: hiddenSize, reset: .beforeProduct, hasBias: hasBias)
    }
  }

  /// The hidden state of every step, one after the other.
  func outputs(_ inputs: [[Double]], _ arrays: KerasCellArrays<Double>, _ units: Int) -> [Double] {
    var (hidden, carry) = ([Double](repeating: 0, count: units), [Double](repeating: 0, count: units))
    return inputs.flatMap { x in
      (hidden, carry) = step(x, hidden, carry, arrays, units)
      return hidden
    }
  }

  private func step(
    _ x: [Double], _ h: [Double], _ c: [Double], _ arrays: KerasCellArrays<Double>, _ units: Int
  ) -> (hidden: [Double], carry: [Double]) {
    func product(_ v: [Double], _ matrix: Matrix<Double>, _ j: Int) -> Double {
      v.indices.reduce(0) { $0 + v[$1] * matrix[$1, j] }
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    /// Input side of block `gate`, unit `j`.
    func input(_ gate: Int, _ j: Int) -> Double {
      product(x, arrays.kernel, gate * units + j) + (arrays.bias?[0, gate * units + j] ?? 0)
    }
    func recurrent(_ gate: Int, _ j: Int, of h: [Double]) -> Double {
      let bias = arrays.bias.map { $0.rows == 2 ? $0[1, gate * units + j] : 0 } ?? 0
      return product(h, arrays.recurrentKernel, gate * units + j) + bias
    }
    let all = 0..<units
    switch self {
    case .simpleRNN: return (all.map { tanh(input(0, $0) + recurrent(0, $0, of: h)) }, c)
    case .simpleRNNWithReLU: return (all.map { max(0, input(0, $0) + recurrent(0, $0, of: h)) }, c)
    case .lstm:
      // Keras: i, f, c, o.
      let carry = all.map { j in
        sigmoid(input(1, j) + recurrent(1, j, of: h)) * c[j]
          + sigmoid(input(0, j) + recurrent(0, j, of: h)) * tanh(input(2, j) + recurrent(2, j, of: h))
      }
      return (all.map { sigmoid(input(3, $0) + recurrent(3, $0, of: h)) * tanh(carry[$0]) }, carry)
    case .gruResetAfter, .gruResetBefore:
      // Keras: z, r, h.
      let z = all.map { sigmoid(input(0, $0) + recurrent(0, $0, of: h)) }
      let r = all.map { sigmoid(input(1, $0) + recurrent(1, $0, of: h)) }
      let reset = all.map { r[$0] * h[$0] }
      let candidate = all.map { j in
        tanh(
          input(2, j)
            + (self == .gruResetAfter ? r[j] * recurrent(2, j, of: h) : recurrent(2, j, of: reset)))
      }
      return (all.map { z[$0] * h[$0] + (1 - z[$0]) * candidate[$0] }, c)
    }
  }
}
