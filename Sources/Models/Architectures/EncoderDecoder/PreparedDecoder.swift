public import Kernels

/// The decoder of a ``ConditionedDecoder`` or an ``EncoderDecoder`` that writes: its weights brought into the order of the
/// fused path once, for all steps to come.
///
///     let decoder = model.decoder()
///     let captions = try decoder.beamSearch(
///       from: images.map { _ in [start] }, state: model.state(for: images),
///       options: BeamSearchOptions(width: 5, maximumLength: 30, endToken: end))
///
/// A value that threads can share; later changes to the model do not reach it.
public struct PreparedDecoder<Scalar: BLASScalar>: SequenceDecoder {
  /// The parts and their sizes.
  public let architecture: TokenDecoder
  /// The decoder's own parameters.
  private let parameters: ParameterVector<Scalar>
  private let weights: [PreparedWeights<Scalar>?]
  private let head: PreparedHead<Scalar>
  private let execution: Execution

  /// A decoder of the numbers `range` of `all`.
  init(
    _ architecture: TokenDecoder, _ range: Range<Int>, of all: ParameterVector<Scalar>, execution: Execution
  ) {
    self.architecture = architecture
    parameters = all.part(range, ParameterLayout(architecture.parameters))
    (weights, head) = parameters.withView {
      (
        architecture.recurrent.prepare(parameters: $0.columns(architecture.ranges.recurrent)),
        architecture.head.prepare(architecture.headParameters($0))
      )
    }
    self.execution = execution
  }

  /// The tokens that it can continue a sequence with.
  public var vocabularySize: Int { architecture.vocabularySize }

  /// Reads one token of each sequence, `[B]`, and gives the logits of the token after, `[B × V]`.
  public func step(_ tokens: [Int32], _ state: inout DecoderMemory<Scalar>) -> Matrix<Scalar> {
    require(tokens.count == state.batch, "\(tokens.count) tokens for a state of \(state.batch) sequences")
    let (rows, ranges, stack) = (tokens.count, architecture.ranges, architecture.recurrent)
    let (features, outputSize) = (architecture.embedding.dimension, stack.outputSize)
    var tape = TokenDecoderTape<Scalar>()
    tape.head.prepared = head
    let inputs = tape.inputs.reshaped(rows: rows, columns: stack.inputSize)
    let found = tape.found.reshaped(rows: rows, columns: outputSize + (architecture.attention?.memorySize ?? 0))
    var logits = Matrix<Scalar>(uninitializedRows: rows, columns: vocabularySize)
    parameters.withView { all in
      tokens.withUnsafeBufferPointer {
        architecture.embedding.forward(
          $0, parameters: all.columns(ranges.embedding), into: inputs.columns(0..<features))
      }
      if architecture.contextSize > 0 {
        copyRows(state.shared.context.unsafeView, at: state.origins, to: inputs.columns(features..<inputs.columns))
      }
      stack.step(
        inputs.readOnly, &state.recurrent, parameters: all.columns(ranges.recurrent), prepared: weights,
        into: found.columns(0..<outputSize), execution: execution)
      if let attention = architecture.attention {
        tape.attention.memory = state.shared.attention
        tape.attention.groups = state.groups
        tape.attention.queries.reshaped(rows: rows, columns: outputSize)
          .copy(from: found.readOnly.columns(0..<outputSize))
        attention.attend(&tape.attention, parameters: all.columns(ranges.attention), execution: execution)
        found.columns(outputSize..<found.columns).copy(from: tape.attention.contexts.unsafeView)
      }
      architecture.readOut(all.columns(ranges.readout), &tape, .inference, execution)
      architecture.predict(
        tape.read.unsafeView, parameters: all, tape: &tape.head, into: logits.unsafeMutableView(), execution: execution)
    }
    return logits
  }
}

/// What a decoder knows of `B` sequences between two steps: its recurrent state, and what each of them is about.
public struct DecoderMemory<Scalar: BLASScalar>: DecoderState {
  /// The recurrent state.
  public internal(set) var recurrent: RecurrentState<Scalar>
  /// For each sequence the place among ``shared`` of what it is about, `[B]`.
  private(set) var origins: [Int]
  /// What sequences may be about.
  let shared: Shared

  /// What does not change from step to step, of all sequences that there were at the start.
  struct Shared: Sendable {
    /// The context beside every token, a row each; no rows where nothing does.
    var context = Matrix<Scalar>.zeros(rows: 0, columns: 0)
    /// What attention may ask.
    var attention = AttentionMemory<Scalar>()
  }

  /// The memory before the first step.
  init(_ recurrent: RecurrentState<Scalar>, _ shared: Shared) {
    self.recurrent = recurrent
    origins = Array(0..<recurrent.batch)
    self.shared = shared
  }

  /// Number of sequences, `B`.
  public var batch: Int { origins.count }

  /// The memory of the sequences `indices` alone, in that order; an index may occur more than once, which forks it.
  public func selecting(_ indices: [Int]) -> DecoderMemory {
    var selected = self
    selected.recurrent = recurrent.selecting(indices)
    selected.origins = indices.map { origins[$0] }
    return selected
  }

  /// Neighbouring sequences that ask the same memory are one group.
  var groups: [AttentionGroup] {
    var (queries, memory): ([Range<Int>], [Range<Int>]) = ([], [])
    var start = 0
    for row in origins.indices where row + 1 == origins.count || origins[row + 1] != origins[row] {
      queries.append(start..<row + 1)
      memory.append(shared.attention.sequences[origins[row]])
      start = row + 1
    }
    return AttentionGroup.groups(queries, memory)
  }
}

extension ConditionedDecoder {
  /// What writes sequences from a ``state(for:)``.
  public func decoder() -> PreparedDecoder<Scalar> {
    PreparedDecoder(architecture.decoder, architecture.ranges.decoder, of: parameters, execution: execution)
  }

  /// The state before the first token of the sequences that stand for `contexts`, `[B × C]`.
  public func state(for contexts: Matrix<Scalar>) -> DecoderMemory<Scalar> {
    var tape = makeTape(seed: 0)
    contexts.withView { contexts in
      parameters.withView { architecture.start(contexts, parameters: $0, tape: &tape, execution: execution) }
    }
    let isBeside = architecture.decoder.contextSize > 0
    return DecoderMemory(
      tape.decoder.state, DecoderMemory.Shared(context: isBeside ? contexts : .zeros(rows: 0, columns: 0)))
  }
}

extension EncoderDecoder {
  /// What writes sequences from a ``state(for:)``.
  public func decoder() -> PreparedDecoder<Scalar> {
    let (target, start) = (architecture.target, architecture.ranges.target.lowerBound)
    let own = target.ranges.decoder
    return PreparedDecoder(
      target.decoder, start + own.lowerBound..<start + own.upperBound, of: parameters, execution: execution)
  }

  /// The state before the first token of the translations of `sources`: they are read here, once.
  public func state(for sources: [[Int32]]) -> DecoderMemory<Scalar> { state(for: sources, encoderWeights: []) }

  /// The same with the encoder's weights, `encoderWeights`, where they are prepared.
  func state(for sources: [[Int32]], encoderWeights: [PreparedWeights<Scalar>?]) -> DecoderMemory<Scalar> {
    let (ranges, target, encoder) = (architecture.ranges, architecture.target, architecture.encoder)
    let sources = PackedSequence(sources)
    var tape = makeTape(seed: 0)
    tape.encoder.recurrent.prepared = encoderWeights
    var shared = DecoderMemory<Scalar>.Shared()
    parameters.withView { all in
      let own = all.columns(ranges.target)
      encode(sources, all.columns(ranges.encoder), tape: &tape.encoder, mode: .inference)
      target.start(tape.encoder.summary.unsafeView, parameters: own, tape: &tape.target, execution: execution)
      if target.decoder.contextSize > 0 { shared.context = tape.encoder.summary }
      if let attention = target.decoder.attention {
        attention.remember(
          encoder.outputs(of: tape.encoder), layout: sources.layout,
          parameters: own.columns(target.ranges.decoder).columns(target.decoder.ranges.attention),
          into: &shared.attention, execution: execution)
      }
    }
    return DecoderMemory(tape.target.decoder.state, shared)
  }
}
