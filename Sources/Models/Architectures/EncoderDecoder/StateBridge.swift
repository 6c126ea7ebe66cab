internal import Kernels

/// The bridge from what is known before the first step to the state in which a recurrent network starts: a linear map
/// and tanh (Bahdanau, Cho & Bengio 2015, appendix A.2.2; for images Vinyals et al. 2015).
///
/// From a context of `C` numbers a sequence it gives the hidden state of every layer and, for an LSTM, the cell state too.
struct StateBridge: Hashable, Sendable {
  /// From `C` to the numbers of all states, the hidden ones of all layers first.
  let map: LinearMap
  /// Columns of the hidden state of each layer.
  private let hidden: [Range<Int>]
  /// Columns of the cell state of each layer; none where the cell has no such state.
  private let cell: [Range<Int>]

  /// A bridge from `contextSize` numbers to the initial state of `stack`. Throws where the size is not positive.
  init(contextSize: Int, to stack: RecurrentStack) throws(ConfigurationError) {
    require(!stack.isBidirectional, "a network of both directions has no one state that it starts in")
    try ConfigurationError.checkPositive(["contextSize": contextSize])
    let shape = stack.cells[0]
    func columns(_ size: Int, from start: Int) -> [Range<Int>] {
      (0..<stack.layers).map { start + $0 * size..<start + ($0 + 1) * size }
    }
    hidden = columns(shape.outputSize, from: 0)
    cell = shape.cellStateSize == 0 ? [] : columns(shape.cellStateSize, from: stack.layers * shape.outputSize)
    map = try LinearMap(
      inputSize: contextSize, outputSize: stack.layers * (shape.outputSize + shape.cellStateSize))
  }

  /// The map's, under PyTorch's names.
  var parameters: [ParameterShape] { map.parameters }
  /// Number of parameters.
  var parameterCount: Int { map.parameterCount }

  /// The states of `context`, `[B × C]`. One GEMM.
  ///
  /// - Parameters:
  ///   - context: What is known, a row for each sequence in the caller's order.
  ///   - parameters: The map's parameters, `[1 × parameterCount]`.
  ///   - values: Receives all numbers of the states, `[B × L·(R + H)]`: what `backward` needs.
  ///   - state: Receives the state, and has its shape before.
  ///   - execution: Path and threads.
  func forward<Scalar: BLASScalar>(
    _ context: MatrixView<Scalar>, parameters: MatrixView<Scalar>, values: inout Matrix<Scalar>,
    state: inout RecurrentState<Scalar>, execution: Execution
  ) {
    let view = values.reshaped(rows: context.rows, columns: map.outputSize)
    map.forward(context, parameters: parameters, into: view, execution: execution)
    applyTanh(view)
    copy(view.readOnly, to: &state)
  }

  /// Copies the numbers of all states, `[B × L·(R + H)]`, to where a network keeps them.
  func copy<Scalar: BLASScalar>(_ values: MatrixView<Scalar>, to state: inout RecurrentState<Scalar>) {
    for (layer, columns) in hidden.enumerated() {
      state.hidden[layer].unsafeMutableView().copy(from: values.columns(columns))
    }
    for (layer, columns) in cell.enumerated() {
      state.cell[layer].unsafeMutableView().copy(from: values.columns(columns))
    }
  }

  /// From the gradient for the state to those for the context, which is overwritten, `[B × C]`, and
  /// for the parameters, which are added. Two GEMMs. `dValues` is worked in.
  func backward<Scalar: BLASScalar>(
    _ context: MatrixView<Scalar>, parameters: MatrixView<Scalar>, values: MatrixView<Scalar>,
    dState: RecurrentState<Scalar>, dValues: inout Matrix<Scalar>, gradients: LinearGradients<Scalar>,
    execution: Execution
  ) {
    let view = dValues.reshaped(rows: context.rows, columns: map.outputSize)
    for (layer, columns) in hidden.enumerated() {
      view.columns(columns).copy(from: dState.hidden[layer].unsafeView)
    }
    for (layer, columns) in cell.enumerated() { view.columns(columns).copy(from: dState.cell[layer].unsafeView) }
    multiplyByTanhSlope(view, values)
    map.backward(
      context, parameters: parameters, dOutputs: view.readOnly, dInputsInto: gradients.dInputs,
      dParametersAddingTo: gradients.dParameters, execution: execution)
  }
}

/// Where the backward pass of a linear map leaves its gradients, borrowed.
struct LinearGradients<Scalar: BLASScalar> {
  /// Overwritten with the gradient for the inputs; `nil` to skip it.
  let dInputs: MutableMatrixView<Scalar>?
  /// The gradients for the parameters are added here.
  let dParameters: MutableMatrixView<Scalar>
}
