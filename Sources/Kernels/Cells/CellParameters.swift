/// The parameters of a cell, or their gradients, as views on a flat buffer in the order of ``RecurrentCell/parameters``.
struct CellParameters<Scalar: BLASScalar> {
  /// Wx, `[G·H × I]`.
  let inputWeights: MutableMatrixView<Scalar>
  /// Wh, `[G·H × R]`.
  let recurrentWeights: MutableMatrixView<Scalar>
  /// Added to Wx x, `[1 × G·H]`.
  let inputBias: MutableMatrixView<Scalar>?
  /// Added to Wh h, `[1 × G·H]`.
  let recurrentBias: MutableMatrixView<Scalar>?
  /// Wp of a projected LSTM, `[R × H]`.
  let projection: MutableMatrixView<Scalar>?
  /// Peephole weights of an LSTM, `[3 × H]`, rows in ``LSTMPeephole`` order.
  let peepholes: MutableMatrixView<Scalar>?

  /// Gradients, to be added to.
  init(_ cell: RecurrentCell, _ flat: MutableMatrixView<Scalar>) {
    var next = flat.baseAddress
    func take(_ rows: Int, _ columns: Int) -> MutableMatrixView<Scalar> {
      defer { next += rows * columns }
      return MutableMatrixView(next, rows: rows, columns: columns)
    }
    let gateRows = cell.gateRows
    inputWeights = take(gateRows, cell.inputSize)
    recurrentWeights = take(gateRows, cell.outputSize)
    inputBias = cell.hasBias ? take(1, gateRows) : nil
    recurrentBias = cell.hasBias ? take(1, gateRows) : nil
    projection = cell.isProjected ? take(cell.outputSize, cell.hiddenSize) : nil
    peepholes = cell.hasPeepholes ? take(LSTMPeephole.allCases.count, cell.hiddenSize) : nil
  }

  /// Parameters, only to be read.
  init(_ cell: RecurrentCell, reading flat: MatrixView<Scalar>) {
    self.init(cell, MutableMatrixView(readingOnly: flat))
  }
}

extension MutableMatrixView {
  /// The peephole weights of one gate, `[H]`.
  subscript(peephole: LSTMPeephole) -> UnsafeMutablePointer<Scalar> { row(peephole.rawValue) }
}
