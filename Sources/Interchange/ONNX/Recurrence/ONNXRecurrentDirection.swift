#if ONNX
internal import Kernels

/// One direction of an RNN, LSTM or GRU, ready to run: on a cell of the engine where one computes its form, else on
/// the reference.
enum ONNXRecurrentDirection<Scalar: ONNXScalar>: Sendable {
  /// A cell with its parameters, `[1 × count]`, prepared for the fused path where it has one.
  case cell(RecurrentCell, parameters: Matrix<Scalar>, prepared: PreparedWeights<Scalar>?)
  case reference(ONNXReferenceRecurrence<Scalar>)

  /// Direction `index` of an operator. `usesReference` asks for the reference even where a cell would do.
  init(
    _ settings: ONNXRecurrentSettings, _ index: Int, weights: ONNXRecurrentWeights<Scalar>, inputSize: Int,
    hiddenSize: Int, usesReference: Bool = false
  ) {
    let cell = settings.cell(
      index, inputSize: inputSize, hiddenSize: hiddenSize, hasBias: weights.biases != nil,
      hasPeepholes: weights.peepholes != nil)
    guard let cell, !usesReference else {
      self = .reference(
        ONNXReferenceRecurrence(settings, index, weights: weights, inputSize: inputSize, hiddenSize: hiddenSize))
      return
    }
    self.init(cell, parameters: weights.parameters(of: cell))
  }

  private init(_ cell: RecurrentCell, parameters: [Scalar]) {
    let parameters = Matrix(rows: 1, columns: cell.parameterCount, parameters)
    self = .cell(
      cell, parameters: parameters, prepared: parameters.withView { PreparedWeights(cell, parameters: $0) })
  }

  /// The engine's cell; `nil` for the reference.
  var cell: RecurrentCell? {
    if case .cell(let cell, _, _) = self { cell } else { nil }
  }

  /// The same direction under another convention; the reference is unchanged.
  func applying(_ convention: RecurrentConvention) -> ONNXRecurrentDirection {
    guard case .cell(let cell, let parameters, _) = self else { return self }
    let changed = convention.applied(to: cell, parameters: parameters.elements)
    return ONNXRecurrentDirection(changed.cell, parameters: changed.parameters)
  }

  /// The hidden states of every step, `[N × H]`. The states are `[B × H]` in the order of the batch, the cell state
  /// `[B × 0]` but for an LSTM: initial on entry, on return those at each sequence's own end.
  func run(
    _ inputs: PackedSequence<Scalar>, _ direction: TimeDirection, hidden: inout Matrix<Scalar>,
    cell: inout Matrix<Scalar>
  ) -> Matrix<Scalar> {
    switch self {
    case .cell(let recurrent, let parameters, let prepared):
      var outputs = Matrix<Scalar>.zeros(rows: inputs.layout.rowCount, columns: recurrent.hiddenSize)
      var tape = CellTape<Scalar>()
      // Cells keep their states in the order of ranks.
      var states = (hidden: hidden.selecting(inputs.layout.order), cell: cell.selecting(inputs.layout.order))
      inputs.rows.withView { inputRows in
        parameters.withView { parameters in
          states.hidden.withMutableView { hidden in
            states.cell.withMutableView { cell in
              outputs.withMutableView { outputs in
                recurrent.forward(
                  ForwardPass(
                    layout: inputs.layout, direction: direction, inputs: inputRows, parameters: parameters,
                    state: (hidden, cell), outputs: outputs, options: PassOptions(prepared: prepared)),
                  tape: &tape)
              }
            }
          }
        }
      }
      (hidden, cell) = (states.hidden.selecting(inputs.layout.ranks), states.cell.selecting(inputs.layout.ranks))
      return outputs
    case .reference(let reference):
      return reference.run(inputs, direction, hidden: &hidden, cell: &cell)
    }
  }
}

extension ONNXReferenceRecurrence {
  /// As ``ONNXRecurrentDirection/run(_:_:hidden:cell:)``, one sequence after the other.
  fileprivate func run(
    _ inputs: PackedSequence<Scalar>, _ direction: TimeDirection, hidden: inout Matrix<Scalar>,
    cell: inout Matrix<Scalar>
  ) -> Matrix<Scalar> {
    var outputs = Matrix<Scalar>.zeros(rows: inputs.layout.rowCount, columns: hiddenSize)
    for (sequence, length) in inputs.layout.lengths.enumerated() {
      var state = State(hidden: hidden.row(sequence), cell: cell.row(sequence))
      for step in 0..<length {
        let row = inputs.layout.row(of: sequence, at: direction == .forward ? step : length - 1 - step)
        state = self.step(inputs.rows.row(row), state)
        outputs.setRow(row, state.hidden)
      }
      hidden.setRow(sequence, state.hidden)
      cell.setRow(sequence, state.cell)
    }
    return outputs
  }
}

extension Matrix {
  /// The rows `indices`, in that order.
  fileprivate func selecting(_ indices: [Int]) -> Matrix {
    Matrix(rows: indices.count, columns: columns, indices.flatMap(row))
  }

  fileprivate mutating func setRow(_ index: Int, _ numbers: [Element]) {
    for (column, number) in numbers.enumerated() { self[index, column] = number }
  }
}
#endif
