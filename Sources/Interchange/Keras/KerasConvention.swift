internal import Kernels

/// How Keras 3 lays out the parameters of recurrent cells, and how this package does. All conversions use it.
///
/// | | Keras | here (and PyTorch) |
/// | --- | --- | --- |
/// | input weights | `kernel`, `[I × G·H]` | `weight_ih`, `[G·H × I]`: the transpose |
/// | recurrent weights | `recurrent_kernel`, `[H × G·H]` | `weight_hh`, `[G·H × H]`: the transpose |
/// | LSTM gate order | i f c o | i f g o: the same, c is another name of g |
/// | GRU gate order | z r h | r z n: the first two change places |
/// | SimpleRNN, LSTM bias | `bias`, `[G·H]` | `bias_ih` is it, `bias_hh` is 0; back: their sum |
/// | GRU bias, `reset_after=True` | `bias`, `[2 × 3·H]`: input, recurrent | `bias_ih`, `bias_hh` |
/// | GRU bias, `reset_after=False` | `bias`, `[3·H]` | `bias_ih` is it, `bias_hh` is 0; back: their sum |
/// | `use_bias=False` | no `bias` | no biases |
/// | GRU `reset_after=True` (the default) | | `RecurrentCell.ResetConvention.afterProduct` |
/// | GRU `reset_after=False` | | `RecurrentCell.ResetConvention.beforeProduct` |
/// | GRU update | h = z ⊙ h + (1 − z) ⊙ n | the same |
/// | Dense | `kernel`, `[I × O]` | `weight`, `[O × I]`: the transpose |
/// | Embedding | `embeddings`, `[V × E]` | `weight`, `[V × E]` |
/// | Bidirectional | `forward_…`, `backward_…` | `…_l0`, `…_l0_reverse` |
public enum KerasConvention {
  /// For each of our gate blocks, in order, the index of Keras's: `[1, 0, 2]` for a GRU.
  static func places(_ kind: RecurrentCell.Kind) -> [Int] {
    switch kind {
    case .vanilla: [0]
    case .lstm: LSTMGate.allCases.map(\.rawValue)
    case .gru: [1, 0, 2]
    }
  }

  /// Whether Keras keeps the biases of the two products apart.
  static func hasTwoBiases(_ cell: RecurrentCell) -> Bool {
    cell.reset == .afterProduct
  }
}

/// The arrays of one direction of a recurrent layer of Keras.
struct KerasCellArrays<Scalar: BLASScalar>: Equatable {
  /// `[I × G·H]`.
  var kernel: Matrix<Scalar>
  /// `[H × G·H]`.
  var recurrentKernel: Matrix<Scalar>
  /// `[1 × G·H]`, or `[2 × G·H]` where the biases of the two products are apart; `nil` for none.
  var bias: Matrix<Scalar>?
}

extension KerasCellArrays {
  /// Our parameters of one direction, by their names without the layer, from Keras's arrays of the same `cell`.
  func parameters(of cell: RecurrentCell) -> [String: Matrix<Scalar>] {
    let places = KerasConvention.places(cell.kind)
    var result = [
      "weight_ih": kernel.transposedBlocks(places, size: cell.hiddenSize),
      "weight_hh": recurrentKernel.transposedBlocks(places, size: cell.hiddenSize),
    ]
    if let bias {
      let both = bias.transposedBlocks(places, size: cell.hiddenSize)
      result["bias_ih"] = both.column(0)
      result["bias_hh"] = both.columns == 2 ? both.column(1) : .zeros(rows: both.rows, columns: 1)
    }
    return result
  }

  /// Keras's arrays from our parameters of one direction of a `cell` without peepholes or projection.
  init(_ parameters: [String: Matrix<Scalar>], of cell: RecurrentCell) {
    let places = KerasConvention.places(cell.kind)
    func array(_ name: String) -> Matrix<Scalar>? {
      parameters[name]?.transposedFromBlocks(places, size: cell.hiddenSize)
    }
    guard let kernel = array("weight_ih"), let recurrentKernel = array("weight_hh") else {
      fatalError("a cell without weights: \(parameters.keys.sorted())")
    }
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    if let input = array("bias_ih"), let recurrent = array("bias_hh") {
      bias =
        KerasConvention.hasTwoBiases(cell)
        ? Matrix(rows: 2, columns: input.columns, input.elements + recurrent.elements)
        : Matrix(rows: 1, columns: input.columns, zip(input.elements, recurrent.elements).map(+))
    }
  }
}

extension Matrix where Element: BLASScalar {
  /// The transpose, with the blocks of `size` rows in another order: block `g` of the result is block `places[g]` here.
  fileprivate func transposedBlocks(_ places: [Int], size: Int) -> Matrix {
    require(columns == places.count * size, "\(columns) columns are not \(places.count) blocks of \(size)")
    return Matrix(
      rows: columns, columns: rows,
      places.flatMap { place in (0..<size).flatMap { j in (0..<rows).map { self[$0, place * size + j] } } })
  }

  /// What ``transposedBlocks(_:size:)`` was made from.
  fileprivate func transposedFromBlocks(_ places: [Int], size: Int) -> Matrix {
    require(rows == places.count * size, "\(rows) rows are not \(places.count) blocks of \(size)")
    var result = Matrix.zeros(rows: columns, columns: rows)
    for (g, place) in places.enumerated() {
      for j in 0..<size {
        for i in 0..<columns { result[i, place * size + j] = self[g * size + j, i] }
      }
    }
    return result
  }

  /// The transpose.
  func transposed() -> Matrix { transposedBlocks([0], size: columns) }

  fileprivate func column(_ index: Int) -> Matrix {
    Matrix(rows: rows, columns: 1, (0..<rows).map { self[$0, index] })
  }
}
