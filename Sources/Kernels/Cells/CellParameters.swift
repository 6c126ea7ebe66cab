/// The parameters of a cell, or their gradients, as views on a flat buffer in the order of ``CellShape/parameters``.
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
  init(_ shape: CellShape, _ flat: MutableMatrixView<Scalar>) {
    var next = flat.baseAddress
    func take(_ rows: Int, _ columns: Int) -> MutableMatrixView<Scalar> {
      defer { next += rows * columns }
      return MutableMatrixView(next, rows: rows, columns: columns)
    }
    let gateRows = shape.gates * shape.hiddenSize
    inputWeights = take(gateRows, shape.inputSize)
    recurrentWeights = take(gateRows, shape.outputSize)
    inputBias = shape.hasBias ? take(1, gateRows) : nil
    recurrentBias = shape.hasBias ? take(1, gateRows) : nil
    projection = shape.isProjected ? take(shape.outputSize, shape.hiddenSize) : nil
    peepholes = shape.hasPeepholes ? take(LSTMPeephole.allCases.count, shape.hiddenSize) : nil
  }

  /// Parameters, only to be read.
  init(_ shape: CellShape, reading flat: MatrixView<Scalar>) {
    self.init(shape, MutableMatrixView(readingOnly: flat))
  }
}

extension MutableMatrixView {
  /// The peephole weights of one gate, `[H]`.
  subscript(peephole: LSTMPeephole) -> UnsafeMutablePointer<Scalar> { row(peephole.rawValue) }
}
