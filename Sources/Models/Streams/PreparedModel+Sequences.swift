public import Kernels

/// Whole sequences through a prepared model, in both directions where it has two.
extension PreparedModel {
  /// Outputs, and the state after each sequence's last step. Not of a decoder, which needs a source: see
  /// ``run(_:_:in:)``.
  ///
  /// - Parameters:
  ///   - inputs: `B` sequences.
  ///   - state: Where they start; the zero state if omitted.
  /// - Returns: `[N × O]` in the order of the inputs' layout, or `[B × O]` in the caller's order where the head reads one state
  ///   of each sequence.
  public func callAsFunction(
    _ inputs: SequenceInputs<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (outputs: Matrix<Scalar>, state: RecurrentState<Scalar>) {
    require(core.decoder == nil, "a sequence of this model begins with \(core.startName)")
    var tape = SequenceTape<Scalar>(seed: 0, memory: .everything)
    tape.state = state ?? core.stack.zeroState(batch: inputs.layout.batch)
    tape.head.prepared = core.preparedHead
    let layout = inputs.layout
    core.parameters.withView { all in
      let features: MatrixView<Scalar>
      if let architecture = core.architecture {
        features = architecture.features(
          of: inputs, parameters: all.columns(architecture.ranges.embedding), tape: &tape)
      } else {
        guard case .features(let sequence) = inputs else { fatalError("this model reads features, not tokens") }
        features = sequence.rows.unsafeView
      }
      forward(features, layout: layout, state: &tape.state, tape: &tape.recurrent)
      withExtendedLifetime(inputs) {}
      guard let architecture = core.architecture else { return }
      let read = architecture.readStates(&tape, layout: layout)
      let predictions = tape.predictions.reshaped(rows: read.rows, columns: core.outputSize)
      architecture.head.forward(
        read, architecture.headParameters(all), tape: &tape.head, into: predictions, execution: core.execution)
      core.activation.apply(to: predictions)
    }
    return (core.architecture == nil ? tape.recurrent.lastOutputs : tape.predictions, tape.state)
  }

  /// Outputs of every step of feature sequences, in their layout. Only where there is one for every step.
  public func callAsFunction(
    _ inputs: PackedSequence<Scalar>, from state: RecurrentState<Scalar>? = nil
  ) -> (outputs: PackedSequence<Scalar>, state: RecurrentState<Scalar>) {
    require(core.readout == .everyStep, "this model predicts once for each sequence")
    let (outputs, state) = self(.features(inputs), from: state)
    return (PackedSequence(layout: inputs.layout, rows: outputs), state)
  }

  /// The recurrent layers alone on borrowed memory: allocates nothing when `tape` has seen a batch of this shape.
  ///
  /// - Parameters:
  ///   - inputs: `[N × I]`, laid out as `layout` says.
  ///   - layout: Where the rows of the batch lie.
  ///   - state: The initial state on entry, the final one on return.
  ///   - tape: Receives the outputs, ``RecurrentTape/lastOutputs``, and is worked in.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func forward(
    _ inputs: MatrixView<Scalar>, layout: PackedLayout, state: inout RecurrentState<Scalar>,
    tape: inout RecurrentTape<Scalar>
  ) {
    tape.prepared = core.weights
    defer { tape.prepared = [] }
    core.parameters.withView { all in
      core.stack.forward(
        inputs, layout: layout, parameters: all.columns(core.stackRange), state: &state, tape: &tape, mode: .inference,
        execution: core.execution)
    }
  }
}
