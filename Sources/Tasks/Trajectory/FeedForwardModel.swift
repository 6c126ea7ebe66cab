package import Kernels
package import Models

/// The traditional neural network: linear layers with tanh between them, from inputs of one fixed size to outputs of
/// another. The baseline that recurrence is measured against.
///
/// It is also the smallest example of a `TrainableModel` of one's own.
package struct FeedForwardModel<Scalar: BLASScalar>: TrainableModel {
  /// The layers, `[O × I]` each.
  package let layers: [LinearMap]
  /// What training makes small.
  package let loss: Loss
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
    parameters = .zeros(ParameterLayout(layers.enumerated().map { ("\($0)", $1.parameters) }))
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
    let mean = tape.dOutputs[last].withMutableView { dOutputs in
      tape.outputs[last].withView { outputs in
        batch.targets.withView { loss(outputs, .values($0), gradientInto: dOutputs) }
      }
    }
    backward(batch.inputs, &tape, into: &gradient)
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  /// The mean loss of a batch.
  package func loss(of batch: FeedForwardBatch<Scalar>, tape: inout Tape) -> LossValue {
    forward(batch.inputs, &tape)
    let mean = tape.outputs[layers.count - 1].withView { outputs in
      batch.targets.withView { loss(outputs, .values($0)) }
    }
    return LossValue(mean: Double(mean), count: batch.targets.count)
  }

  private func forward(_ inputs: Matrix<Scalar>, _ tape: inout Tape) {
    parameters.withView { parameters in
      for (index, layer) in layers.enumerated() {
        let below = index == 0 ? inputs : tape.outputs[index - 1]
        tape.outputs[index].discardContents(resizingTo: inputs.rows, by: layer.outputSize)
        below.withView { below in
          tape.outputs[index].withMutableView { outputs in
            layer.forward(below, parameters: parameters.columns(range(of: index)), into: outputs, execution: execution)
            if index < layers.count - 1 { tanh(outputs) }
          }
        }
      }
    }
  }

  private func backward(_ inputs: Matrix<Scalar>, _ tape: inout Tape, into gradient: inout ParameterVector<Scalar>) {
    parameters.withView { parameters in
      gradient.withMutableView { gradient in
        for (index, layer) in layers.enumerated().reversed() {
          let below = index == 0 ? inputs : tape.outputs[index - 1]
          let dOutputs = tape.dOutputs[index]
          func backward(_ dBelow: MutableMatrixView<Scalar>?) {
            below.withView { below in
              dOutputs.withView { dOutputs in
                layer.backward(
                  below, parameters: parameters.columns(range(of: index)), dOutputs: dOutputs, dInputsInto: dBelow,
                  dParametersAddingTo: gradient.columns(range(of: index)), execution: execution)
              }
            }
          }
          guard index > 0 else { return backward(nil) }
          tape.dOutputs[index - 1].discardContents(resizingTo: inputs.rows, by: layer.inputSize)
          tape.dOutputs[index - 1].withMutableView { dBelow in
            backward(dBelow)
            below.withView { multiplyByTanhSlope(dBelow, $0) }
          }
        }
      }
    }
  }

  private func tanh(_ outputs: MutableMatrixView<Scalar>) {
    Scalar._tanh(UnsafePointer(outputs.baseAddress), outputs.baseAddress, outputs.rows * outputs.columns)
  }

  private func range(of layer: Int) -> Range<Int> { parameters.layout.range(ofPart: "\(layer)") }
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
