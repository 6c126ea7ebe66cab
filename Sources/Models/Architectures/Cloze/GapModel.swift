public import Kernels

/// A model that fills gaps: a ``GapArchitecture`` and its parameters. A value.
///
///     let architecture = try GapArchitecture(
///       embedding: EmbeddingTable(vocabularySize: 6000, dimension: 128),
///       recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 128, hiddenSize: 256)))
///     var model = GapModel<Float>(architecture, seed: 1)
///     try model.train(on: GapExamples(sentences, unknown: 0))
public struct GapModel<Scalar: BLASScalar>: ParameterizedModel {
  /// The parts and their sizes.
  public let architecture: GapArchitecture
  /// All parameters: `embedding.…`, `forward.…`, `backward.…`, `readout.…`, `head.bias`.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads of every pass.
  public var execution = Execution.automatic

  /// A model with parameters of the architecture's layout.
  public init(unchecked architecture: GapArchitecture, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// Logits of what may stand at each place of `tokens` but the first and the last of a sequence, `V` features: step
  /// t − 1 of a result is for step t, and depends on all tokens of the sequence but the one at t.
  public func callAsFunction(_ tokens: PackedSequence<Int32>) -> PackedSequence<Scalar> {
    var tape = makeTape(seed: 0)
    tape.gaps = Gaps(of: tokens.layout) { _ in true }
    predict(tokens, tape: &tape, mode: .inference)
    return PackedSequence(
      layout: PackedLayout(lengths: tokens.layout.lengths.map { max(0, $0 - 2) }), rows: tape.logits)
  }
}

extension GapModel: StoredModel {}

extension GapModel: TrainableModel {
  /// The mean loss over the targets of `batch`, in training mode; its gradient is added to `gradient`.
  public func accumulateGradient(
    of batch: GapBatch, window: Int, tape: inout GapTape<Scalar>, into gradient: inout ParameterVector<Scalar>
  ) -> LossValue {
    check(gradient: gradient)
    predict(batch, tape: &tape, mode: .training)
    let logits = tape.logits.unsafeView
    let mean = tape.gaps.targets.withUnsafeBufferPointer {
      Loss.softmaxCrossEntropy(
        logits, .classes($0), gradientInto: tape.dLogits.reshaped(rows: logits.rows, columns: logits.columns),
        execution: execution)
    }
    backpropagate(batch.tokens, tape: &tape, into: &gradient)
    return LossValue(mean: Double(mean), count: logits.rows)
  }

  /// The mean loss over the targets of `batch`, without dropout.
  public func loss(of batch: GapBatch, tape: inout GapTape<Scalar>) -> LossValue {
    predict(batch, tape: &tape, mode: .inference)
    let logits = tape.logits.unsafeView
    let mean = tape.gaps.targets.withUnsafeBufferPointer {
      Loss.softmaxCrossEntropy(logits, .classes($0), execution: execution)
    }
    return LossValue(mean: Double(mean), count: logits.rows)
  }
}

// MARK: - Passes

extension GapModel {
  /// Fills `tape.logits` for the targets of `batch`.
  private func predict(_ batch: GapBatch, tape: inout GapTape<Scalar>, mode: PassMode) {
    require(batch.targets.layout == batch.tokens.layout, "the targets have another layout than the tokens")
    let gaps = batch.targets.rows.withUnsafeBufferPointer { targets in
      var gaps = Gaps(of: batch.tokens.layout) { targets[$0] >= 0 }
      gaps.targets = gaps.rows.map { targets[$0] }
      return gaps
    }
    tape.gaps = gaps
    predict(batch.tokens, tape: &tape, mode: mode)
  }

  /// Fills `tape.logits`, `[G × V]`, for the gaps of `tape`.
  private func predict(_ tokens: PackedSequence<Int32>, tape: inout GapTape<Scalar>, mode: PassMode) {
    require(tokens.features == 1, "a step has one token, not \(tokens.features)")
    let (layout, ranges, stack) = (tokens.layout, architecture.ranges, architecture.recurrent)
    let (embedding, size) = (architecture.embedding, architecture.recurrent.outputSize)
    parameters.withView { all in
      let inputs = tape.inputs.reshaped(rows: layout.rowCount, columns: embedding.dimension)
      tokens.rows.withUnsafeBufferPointer {
        embedding.forward($0, parameters: all.columns(ranges.embedding), into: inputs)
      }
      tape.inputMask.forward(inputs, rate: architecture.dropout, mode: mode, from: &tape.generator)
      let mirrored = tape.mirroredInputs.reshaped(rows: layout.rowCount, columns: embedding.dimension)
      copyRows(inputs.readOnly, at: tape.gaps.mirroredRows, to: mirrored)

      let found = tape.found.reshaped(rows: tape.gaps.rows.count, columns: 2 * size)
      func read(_ features: MatrixView<Scalar>, _ range: Range<Int>, _ side: inout GapTape<Scalar>.Side) -> MatrixView<
        Scalar
      > {
        side.state.setToZero(for: stack, batch: layout.batch)
        stack.forward(
          features, layout: layout, parameters: all.columns(range), state: &side.state, tape: &side.recurrent,
          mode: mode, execution: execution)
        return side.recurrent.outputs[stack.layers - 1].unsafeView
      }
      copyRows(
        read(inputs.readOnly, ranges.forward, &tape.before), at: tape.gaps.rowsBefore, to: found.columns(0..<size))
      copyRows(
        read(mirrored.readOnly, ranges.backward, &tape.after), at: tape.gaps.mirroredRowsAfter,
        to: found.columns(size..<2 * size))

      let readouts = tape.readouts.reshaped(rows: found.rows, columns: embedding.dimension)
      architecture.readout.forward(
        found.readOnly, parameters: all.columns(ranges.readout), into: readouts, execution: execution)
      applyTanh(readouts)
      let features = tape.read.reshaped(rows: found.rows, columns: embedding.dimension)
      features.copy(from: readouts.readOnly)
      tape.readMask.forward(features, rate: architecture.dropout, mode: mode, from: &tape.generator)

      architecture.head.forward(
        features.readOnly, architecture.headParameters(all), tape: &tape.head,
        into: tape.logits.reshaped(rows: found.rows, columns: embedding.vocabularySize), execution: execution)
    }
  }

  /// From `tape.dLogits` to the gradients of all parameters, which are added.
  private func backpropagate(
    _ tokens: PackedSequence<Int32>, tape: inout GapTape<Scalar>, into gradient: inout ParameterVector<Scalar>
  ) {
    let (layout, ranges, stack) = (tokens.layout, architecture.ranges, architecture.recurrent)
    let (embedding, size) = (architecture.embedding, architecture.recurrent.outputSize)
    withViews(mutating: &gradient, reading: parameters) { gradient, all in
      let features = tape.read.unsafeView
      let dRead = tape.dRead.reshaped(rows: features.rows, columns: features.columns)
      architecture.head.backward(
        features, architecture.headParameters(all), dPredictions: tape.dLogits.unsafeView,
        gradients: HeadGradients(
          dInputs: dRead, dOwn: gradient.columns(ranges.head), dTable: gradient.columns(ranges.embedding)),
        tape: &tape.head, execution: execution)
      tape.readMask.backward(dRead)
      multiplyByTanhSlope(dRead, tape.readouts.unsafeView)
      let dFound = tape.dFound.reshaped(rows: dRead.rows, columns: 2 * size)
      architecture.readout.backward(
        tape.found.unsafeView, parameters: all.columns(ranges.readout), dOutputs: dRead.readOnly,
        dInputsInto: dFound, dParametersAddingTo: gradient.columns(ranges.readout), execution: execution)

      func spread(
        _ dFound: MatrixView<Scalar>, at rows: [Int], _ inputs: MatrixView<Scalar>, _ range: Range<Int>,
        _ side: inout GapTape<Scalar>.Side
      ) -> MatrixView<Scalar> {
        let dOutputs = side.dOutputs.zeroed(rows: layout.rowCount, columns: size)
        spreadRows(dFound, to: dOutputs, at: rows)
        let dInputs = side.dInputs.zeroed(rows: layout.rowCount, columns: embedding.dimension)
        side.state.setToZero(for: stack, batch: layout.batch)
        stack.backward(
          inputs, layout: layout, parameters: all.columns(range),
          gradients: RecurrentGradients(
            dOutputs: dOutputs.readOnly, addingInputsTo: dInputs, addingParametersTo: gradient.columns(range)),
          dState: &side.state, tape: &side.recurrent, execution: execution)
        return dInputs.readOnly
      }
      _ = spread(
        dFound.columns(0..<size).readOnly, at: tape.gaps.rowsBefore, tape.inputs.unsafeView, ranges.forward,
        &tape.before)
      let dMirrored = spread(
        dFound.columns(size..<2 * size).readOnly, at: tape.gaps.mirroredRowsAfter,
        tape.mirroredInputs.unsafeView, ranges.backward, &tape.after)
      let dInputs = tape.before.dInputs.unsafeMutableView()
      addRows(dMirrored, to: dInputs, at: tape.gaps.mirroredRows)
      tape.inputMask.backward(dInputs)
      tokens.rows.withUnsafeBufferPointer {
        embedding.backward(
          $0, dOutputs: dInputs.readOnly, dParametersAddingTo: gradient.columns(ranges.embedding))
      }
    }
  }
}

/// The gaps of a batch: which rows they are, and where both sides of them were read.
struct Gaps: Sendable {
  /// The row of each gap, `[G]`, falling in the order of rows.
  private(set) var rows: [Int] = []
  /// The row of the token before it, `[G]`.
  private(set) var rowsBefore: [Int] = []
  /// The row of the token after it where every sequence is read backwards, `[G]`.
  private(set) var mirroredRowsAfter: [Int] = []
  /// For each row the one that holds its step where every sequence is read backwards, `[N]`.
  private(set) var mirroredRows: [Int] = []
  /// The tokens of the gaps, `[G]`.
  var targets: [Int32] = []

  /// No gaps.
  init() {}

  /// The rows of `layout` that have something on both sides and that `isWanted`.
  init(of layout: PackedLayout, where isWanted: (Int) -> Bool) {
    mirroredRows = layout.mirroredRows
    for t in 0..<max(0, layout.steps - 2) {
      for rank in 0..<layout.batchSizes[t + 2] where isWanted(layout.offsets[t + 1] + rank) {
        rows.append(layout.offsets[t + 1] + rank)
        rowsBefore.append(layout.offsets[t] + rank)
        mirroredRowsAfter.append(mirroredRows[layout.offsets[t + 2] + rank])
      }
    }
  }
}

/// The memory that passes of a ``GapModel`` work in, kept between batches.
public struct GapTape<Scalar: BLASScalar>: RecordingTape {
  /// One direction of reading.
  struct Side: Sendable {
    /// The layers' recording.
    var recurrent: RecurrentTape<Scalar>
    /// The state, and the gradient for it.
    var state = RecurrentState<Scalar>(hidden: [])
    /// For the outputs, `[N × R]`.
    var dOutputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    /// For what the layers read, `[N × E]`.
    var dInputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  }

  /// What reads forwards, and so knows what is before a gap.
  var before: Side
  /// What reads backwards, and so knows what is after it.
  var after: Side
  /// Decides what is dropped of embedded tokens and of what the head reads.
  var generator = SeededGenerator(seed: 0)
  /// What is predicted.
  var gaps = Gaps()
  /// Embedded tokens, `[N × E]`, and the same with every sequence backwards.
  var inputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var mirroredInputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var inputMask = DropoutMask<Scalar>()
  /// The outputs on both sides of each gap, `[G × 2R]`.
  var found = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The readout after tanh, `[G × E]`, and the same after dropout.
  var readouts = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var read = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var readMask = DropoutMask<Scalar>()
  var head = HeadTape<Scalar>()
  /// `[G × V]`.
  var logits = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of.
  var dLogits = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dRead = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dFound = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// An empty tape; `seed` decides the masks of dropout.
  public init(seed: UInt64, memory: TapeMemory) {
    before = Side(recurrent: RecurrentTape(memory: memory.share(of: 2)))
    after = before
    reseed(with: seed)
  }

  /// Bytes of the recordings and workspaces of the recurrent layers.
  public var byteCount: Int { before.recurrent.byteCount + after.recurrent.byteCount }

  /// Starts everything random anew from `seed`.
  public mutating func reseed(with seed: UInt64) {
    generator = SeededGenerator(seed: seed, stream: 0)
    before.recurrent.generator = SeededGenerator(seed: seed, stream: 1)
    after.recurrent.generator = SeededGenerator(seed: seed, stream: 2)
  }
}

/// Sequences with gaps to fill, packed for one pass of a ``GapModel``.
public struct GapBatch: Sendable {
  /// What is read, `[N × 1]`.
  public var tokens: PackedSequence<Int32>
  /// The tokens to predict, `[N × 1]` in the same layout; −1 where none is asked for. The first and the last step of a sequence
  /// are no gaps, whatever is here.
  public var targets: PackedSequence<Int32>

  /// A batch of tokens and targets of one layout.
  public init(tokens: PackedSequence<Int32>, targets: PackedSequence<Int32>) {
    self.tokens = tokens
    self.targets = targets
  }
}

/// Examples for a ``GapModel``: sequences, in which every token but the first, the last and those that are unknown is a
/// gap to fill.
public struct GapExamples: TrainingExamples {
  /// The sequences, each with a token for its start and one for its end.
  public let sequences: [[Int32]]
  /// The token for what is not known.
  public let unknown: Int32
  /// Probability with which a token that is read in training is replaced by the unknown one, so that a model learns what
  /// to do with what it does not know, and not to rely on single words (Iyyer et al., "Deep unordered composition rivals
  /// syntactic methods", 2015).
  public let tokenDropout: Double

  /// Examples of `sequences`.
  public init(_ sequences: [[Int32]], unknown: Int32, tokenDropout: Double = 0) {
    self.sequences = sequences
    self.unknown = unknown
    self.tokenDropout = tokenDropout
  }

  /// Steps of each sequence.
  public var lengths: [Int] { sequences.map(\.count) }

  /// The examples `indices` as they are.
  public func batch(_ indices: [Int]) -> GapBatch {
    check(indices, of: self.sequences.count)
    let sequences = indices.map { self.sequences[$0] }
    return GapBatch(
      tokens: PackedSequence(sequences),
      targets: PackedSequence(sequences.map { $0.map { $0 == unknown ? -1 : $0 } }))
  }

  /// The examples `indices`, some of the tokens to be read replaced.
  public func batch(_ indices: [Int], using generator: inout SeededGenerator) -> GapBatch {
    var batch = batch(indices)
    guard tokenDropout > 0 else { return batch }
    batch.tokens.rows.withUnsafeMutableBufferPointer { tokens in
      for i in tokens.indices where generator.uniform(Double.self) < tokenDropout { tokens[i] = unknown }
    }
    return batch
  }
}
