public import Kernels

/// A layer that does not change any more: its weights are brought into the order of the fused path once, for all passes
/// to come.
///
///     let server = lstm.prepared()
///     let (outputs, state) = server(request)
///
/// Any other forward pass does that at its start, which for a single sequence takes as long as some twenty steps. The
/// results are the same, to the bit. A value that threads can share; later changes to the layer it was made from do not
/// reach it. For single steps there is nothing to prepare: a state does that by itself (``RecurrentLayer``'s `step`).
public struct PreparedLayer<Scalar: BLASScalar>: Sendable {
  /// The layer.
  public let layer: RecurrentLayer<Scalar>
  /// For each layer and direction, as far as its cell has a fused path.
  private let weights: [PreparedWeights<Scalar>?]

  /// Prepares the weights of `layer`: a copy of them, in O(number of parameters).
  public init(_ layer: RecurrentLayer<Scalar>) {
    self.layer = layer
    weights = layer.parameters.withView { layer.architecture.prepare(parameters: $0) }
  }

  /// Outputs of every step, `[N × D·R]`, and the state after each sequence's last step, as
  /// ``RecurrentLayer/callAsFunction(_:from:)`` gives them.
  public func callAsFunction(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (outputs: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    var state = state ?? layer.zeroState(batch: inputs.batch)
    var tape = RecurrentTape<Scalar>()
    inputs.rows.withView { forward($0, layout: inputs.layout, state: &state, tape: &tape) }
    return (PackedSequence(layout: inputs.layout, rows: tape.lastOutputs), state)
  }

  /// The same on borrowed memory: allocates nothing when `tape` has seen a batch of this shape.
  ///
  /// - Parameters:
  ///   - inputs: `[N × I]`, laid out as `layout` says.
  ///   - layout: Where the rows of the batch lie.
  ///   - state: The initial state on entry, the final one on return.
  ///   - tape: Receives the outputs, ``RecurrentTape/lastOutputs``, and is worked in.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(
    _ inputs: MatrixView<Scalar>, layout: PackedLayout, state: inout RecurrentState<Scalar>,
    tape: inout RecurrentTape<Scalar>
  ) {
    tape.prepared = weights
    defer { tape.prepared = [] }
    layer.parameters.withView { parameters in
      layer.architecture.forward(
        inputs, layout: layout, parameters: parameters, state: &state, tape: &tape, mode: .inference,
        execution: layer.execution)
    }
  }
}

extension RecurrentLayer {
  /// This layer with its weights prepared for many forward passes.
  public func prepared() -> PreparedLayer<Scalar> { PreparedLayer(self) }
}
