public import Kernels

/// The memory that passes of a ``SequenceModel`` work in, kept between batches. Between the windows of a batch it
/// carries the state.
public struct SequenceTape<Scalar: BLASScalar>: RecordingTape {
  /// The recurrent layers' recording.
  var recurrent: RecurrentTape<Scalar>
  /// The state: initial on entry to a pass, final after it.
  var state = RecurrentState<Scalar>(hidden: [])
  /// Embedded tokens, `[N × I]`.
  var features = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The states that the head reads where it reads one of each sequence, `[B × D·R]`.
  var sequenceStates = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// Where the head reads the largest outputs, their rows, `[B · D·R]`.
  var rowsOfMaxima: [Int32] = []
  var head = HeadTape<Scalar>()
  /// `[N × O]` or `[B × O]`.
  var predictions = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of.
  var dPredictions = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For what the head read.
  var dRead = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For the outputs of every step, where the head reads one state of each sequence.
  var dOutputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For the embedded tokens.
  var dFeatures = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For the final state on entry to a backward pass, for the initial one after it.
  var dState = RecurrentState<Scalar>(hidden: [])

  /// An empty tape; `seed` decides the masks of dropout.
  public init(seed: UInt64, memory: TapeMemory) { recurrent = RecurrentTape(seed: seed, memory: memory) }

  /// Starts the random numbers of dropout anew.
  public mutating func reseed(with seed: UInt64) { recurrent.generator = SeededGenerator(seed: seed) }

  /// Bytes of the recordings and workspaces of the recurrent layers.
  public var byteCount: Int { recurrent.byteCount }
}

extension Matrix where Element: BLASScalar {
  /// Gives this workspace a shape and fills it with zeros.
  mutating func zeroed(rows: Int, columns: Int) -> MutableMatrixView<Element> {
    let view = reshaped(rows: rows, columns: columns)
    view.fill(0)
    return view
  }
}

extension SequenceArchitecture {
  /// What the recurrent layers read: the features themselves, or the embedded tokens. A view on memory of `inputs` or of
  /// `tape`: valid for as long as both live and the tape's features are not resized.
  func features<Scalar: BLASScalar>(
    of inputs: SequenceInputs<Scalar>, parameters: MatrixView<Scalar>, tape: inout SequenceTape<Scalar>
  ) -> MatrixView<Scalar> {
    switch (inputs, embedding) {
    case (.features(let sequence), nil):
      return sequence.rows.unsafeView
    case (.tokens(let tokens), let embedding?):
      require(tokens.features == 1, "a step has one token, not \(tokens.features)")
      let features = tape.features.reshaped(rows: tokens.rows.rows, columns: embedding.dimension)
      tokens.rows.withUnsafeBufferPointer { embedding.forward($0, parameters: parameters, into: features) }
      return features.readOnly
    case (.features, _?): fatalError("this model reads tokens, not features")
    case (.tokens, nil): fatalError("this model reads features, not tokens")
    }
  }

  /// What the head reads after a forward pass.
  func readStates<Scalar: BLASScalar>(
    _ tape: inout SequenceTape<Scalar>, layout: PackedLayout
  ) -> MatrixView<Scalar> {
    let outputs = tape.recurrent.outputs[recurrent.layers - 1].unsafeView
    guard readout != .everyStep else { return outputs }
    let states = tape.sequenceStates.reshaped(rows: layout.batch, columns: recurrent.outputSize)
    switch readout {
    case .everyStep: break
    case .finalState:
      for (columns, index) in topStates { states.columns(columns).copy(from: tape.state.hidden[index].unsafeView) }
    case .meanState: SequencePooling.mean(of: outputs, layout: layout, into: states)
    case .maxState: SequencePooling.maximum(of: outputs, layout: layout, into: states, places: &tape.rowsOfMaxima)
    }
    return states.readOnly
  }

  /// Takes the gradient for what the head read, `tape.dRead`, to where it was read: starts `tape.dState` with that for the
  /// final state, and returns that for the outputs of every step.
  func spreadGradient<Scalar: BLASScalar>(
    _ tape: inout SequenceTape<Scalar>, layout: PackedLayout
  ) -> MatrixView<Scalar> {
    if tape.dState.batch != layout.batch || tape.dState.hidden.count != tape.state.hidden.count {
      tape.dState = recurrent.zeroState(batch: layout.batch)
    }
    for i in tape.dState.hidden.indices { tape.dState.hidden[i].setToZero() }
    for i in tape.dState.cell.indices { tape.dState.cell[i].setToZero() }
    let dRead = tape.dRead.unsafeView
    guard readout != .everyStep else { return dRead }
    let dOutputs = tape.dOutputs.reshaped(rows: layout.rowCount, columns: recurrent.outputSize)
    switch readout {
    case .everyStep: break
    case .finalState:
      dOutputs.fill(0)
      for (columns, index) in topStates {
        tape.dState.hidden[index].unsafeMutableView().copy(from: dRead.columns(columns))
      }
    case .meanState: SequencePooling.spreadMean(dRead, layout: layout, into: dOutputs)
    case .maxState: SequencePooling.spreadMaximum(dRead, places: tape.rowsOfMaxima, into: dOutputs)
    }
    return dOutputs.readOnly
  }

  /// For each direction of the top layer: its columns in what the head reads, and its place in a state.
  private var topStates: [(columns: Range<Int>, index: Int)] {
    recurrent.topLayer.map { ($0.columns, $0.index) }
  }
}
