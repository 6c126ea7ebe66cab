#if Tools
import Kernels
import Models

/// Runs one pass of a cell over one batch repeatedly, without allocating after the first time.
protocol PassRunning<Scalar>: AnyObject {
  associatedtype Scalar: BLASScalar

  func run()
  /// Outputs of the last run, `[N × H]`, packed.
  var outputs: Matrix<Scalar> { get }
  /// Gradients for all weights from the last run; zeros in inference.
  var dParameters: ParameterVector<Scalar> { get }
}

/// The passes of one layer, from the zero state.
final class PassRunner<Scalar: BLASScalar>: PassRunning {
  private let layer: RecurrentLayer<Scalar>
  private lazy var prepared = layer.prepared()
  private let layout: PackedLayout
  /// `[N × I]`.
  private let inputs: Matrix<Scalar>
  /// The loss's gradient for the outputs, `[N × H]`; `nil` where the pass is inference.
  private let dOutputs: Matrix<Scalar>?
  private let execution: Execution

  private var tape = RecurrentTape<Scalar>()
  /// The state in a forward pass, and the gradient for it in a backward pass.
  private var state: RecurrentState<Scalar>
  /// `[N × I]`; `nil` to skip it.
  private var dInputs: Matrix<Scalar>?
  private(set) var dParameters: ParameterVector<Scalar>

  init(
    layer: RecurrentLayer<Scalar>, layout: PackedLayout, inputs: Matrix<Scalar>, dOutputs: Matrix<Scalar>?,
    wantsInputGradients: Bool, execution: Execution
  ) {
    var layer = layer
    layer.execution = execution
    (self.layer, self.layout, self.inputs, self.dOutputs) = (layer, layout, inputs, dOutputs)
    self.execution = execution
    state = layer.zeroState(batch: layout.batch)
    dInputs =
      dOutputs != nil && wantsInputGradients
      ? Matrix.zeros(rows: layout.rowCount, columns: inputs.columns) : nil
    dParameters = .zeros(layer.parameters.layout)
  }

  var outputs: Matrix<Scalar> { tape.lastOutputs }

  func run() {
    guard let dOutputs else { return infer() }
    forward(.training)
    backward(dOutputs)
  }

  /// Inference. The weights are prepared once, as in a server and in the engines that load a model.
  private func infer() {
    setStateToZero()
    inputs.withView { prepared.forward($0, layout: layout, state: &state, tape: &tape) }
  }

  private func forward(_ mode: PassMode) {
    setStateToZero()
    inputs.withView { inputs in
      layer.parameters.withView { parameters in
        layer.architecture.forward(
          inputs, layout: layout, parameters: parameters, state: &state, tape: &tape, mode: mode,
          execution: execution)
      }
    }
  }

  private func backward(_ dOutputs: Matrix<Scalar>) {
    setStateToZero()
    dParameters.setToZero()
    guard dInputs != nil else { return backward(dOutputs, addingInputsTo: nil) }
    dInputs!.setToZero()
    dInputs!.withMutableView { backward(dOutputs, addingInputsTo: $0) }
  }

  private func backward(_ dOutputs: Matrix<Scalar>, addingInputsTo dInputs: MutableMatrixView<Scalar>?) {
    inputs.withView { inputs in
      layer.parameters.withView { parameters in
        dOutputs.withView { dOutputs in
          dParameters.withMutableView { dParameters in
            layer.architecture.backward(
              inputs, layout: layout, parameters: parameters,
              gradients: RecurrentGradients(
                dOutputs: dOutputs, addingInputsTo: dInputs, addingParametersTo: dParameters),
              dState: &state, tape: &tape, execution: execution)
          }
        }
      }
    }
  }

  private func setStateToZero() {
    for i in state.hidden.indices { state.hidden[i].setToZero() }
    for i in state.cell.indices { state.cell[i].setToZero() }
  }
}
#endif
