package import Kernels
package import Models

/// The traditional neural network: linear layers with tanh between them, from inputs of one fixed size to outputs of
/// another. The baseline that recurrence is measured against.
package struct FeedForwardModel<Scalar: BLASScalar>: TrainableModel {
  /// The layers, `[O × I]` each.
  package let layers: [LinearMap]
  /// The training objective.
  package let loss: Loss
  /// Where the parameters of each layer lie.
  private let ranges: [Range<Int>]
  /// All parameters: `0.weight`, `0.bias`, `1.weight`, ….
  package var parameters: ParameterVector<Scalar>
  /// Path and threads.
  package var execution = Execution.automatic

  /// A network whose layers have `sizes` features, the inputs first. Throws where a size is not positive.
  package init(sizes: [Int], loss: Loss, seed: UInt64) throws(ConfigurationError) {
    var layers: [LinearMap] = []
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      layers.append(try LinearMap(inputSize: inputs, outputSize: outputs))
    }
    self.layers = layers
    self.loss = loss
    var parts = ParameterParts()
    ranges = layers.enumerated().map { parts.append("\($0)", $1.parameters) }
    parameters = .zeros(parts.layout)
    parameters.initialize(.recommended, seed: seed)
  }

  /// Outputs `[B × O]` of inputs `[B × I]`.
  package func callAsFunction(_ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
    var tape = makeTape(seed: 0)
    forward(inputs, &tape)
    return tape.outputs[layers.count - 1]
  }

  /// What a pass works in: the outputs of every layer after tanh, and the gradients for them.
  package struct Tape: Sendable {
    var outputs: [Matrix<Scalar>]
    var dOutputs: [Matrix<Scalar>]
  }

  /// An empty tape; nothing here is random.
  package func makeTape(seed: UInt64) -> Tape {
    let empty = Array(repeating: Matrix<Scalar>.zeros(rows: 0, columns: 0), count: layers.count)
    return Tape(outputs: empty, dOutputs: empty)
  }

  /// The mean loss of a batch and its gradient.
  package func accumulateGradient(
    of batch: FeedForwardBatch<Scalar>, window: Int, tape: inout Tape, into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    forward(batch.inputs, &tape)
    let last = layers.count - 1
    tape.dOutputs[last].discardContents(resizingTo: batch.inputs.rows, by: layers[last].outputSize)
    let mean = withViews(mutating: &tape.dOutputs[last], reading: tape.outputs[last], batch.targets) {
      loss($1, .values($2), gradientInto: $0, execution: execution)
    }
    backward(batch.inputs, &tape, into: &gradient)
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  /// The mean loss of a batch.
  package func loss(of batch: FeedForwardBatch<Scalar>, tape: inout Tape) -> LossValue {
    forward(batch.inputs, &tape)
    let mean = withViews(tape.outputs[layers.count - 1], batch.targets) {
      loss($0, .values($1), execution: execution)
    }
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  private func forward(_ inputs: Matrix<Scalar>, _ tape: inout Tape) {
    for (index, layer) in layers.enumerated() {
      let below = index == 0 ? inputs : tape.outputs[index - 1]
      tape.outputs[index].discardContents(resizingTo: inputs.rows, by: layer.outputSize)
      withViews(mutating: &tape.outputs[index], reading: below, parameters) { outputs, below, parameters in
        layer.forward(below, parameters: parameters.columns(ranges[index]), into: outputs, execution: execution)
        if index < layers.count - 1 { tanh(outputs) }
      }
    }
  }

  private func backward(_ inputs: Matrix<Scalar>, _ tape: inout Tape, into gradient: inout ParameterVector<Scalar>) {
    for (index, layer) in layers.enumerated().reversed() {
      let below = index == 0 ? inputs : tape.outputs[index - 1]
      let dOutputs = tape.dOutputs[index]
      guard index > 0 else {
        withViews(mutating: &gradient, reading: below, parameters, dOutputs) { gradient, below, parameters, dOutputs in
          layer.backward(
            below, parameters: parameters.columns(ranges[0]), dOutputs: dOutputs, dInputsInto: nil,
            dParametersAddingTo: gradient.columns(ranges[0]), execution: execution)
        }
        return
      }
      tape.dOutputs[index - 1].discardContents(resizingTo: inputs.rows, by: layer.inputSize)
      withViews(mutating: &tape.dOutputs[index - 1], &gradient, reading: below, parameters, dOutputs) {
        dBelow, gradient, below, parameters, dOutputs in
        layer.backward(
          below, parameters: parameters.columns(ranges[index]), dOutputs: dOutputs, dInputsInto: dBelow,
          dParametersAddingTo: gradient.columns(ranges[index]), execution: execution)
        multiplyByTanhSlope(dBelow, below)
      }
    }
  }

  private func tanh(_ outputs: MutableMatrixView<Scalar>) {
    Scalar._tanh(UnsafePointer(outputs.baseAddress), outputs.baseAddress, outputs.rows * outputs.columns)
  }
}

/// dx = dx ⊙ (1 - y²), where y is what tanh gave.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiplyByTanhSlope<Scalar: BLASScalar>(_ dx: MutableMatrixView<Scalar>, _ y: MatrixView<Scalar>) {
  for i in 0..<dx.rows {
    let (dRow, row) = (dx.row(i), y.row(i))
    for j in 0..<dx.columns { dRow[j] *= 1 - row[j] * row[j] }
  }
}

/// Examples for a ``FeedForwardModel``.
package struct FeedForwardBatch<Scalar: BLASScalar>: Sendable {
  /// `[B × I]`.
  package var inputs: Matrix<Scalar>
  /// `[B × O]`.
  package var targets: Matrix<Scalar>

  /// A batch of inputs and what should come out.
  package init(inputs: Matrix<Scalar>, targets: Matrix<Scalar>) {
    self.inputs = inputs
    self.targets = targets
  }
}
