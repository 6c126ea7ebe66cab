internal import Kernels

/// The architecture of an encoder of tokens: an embedding and recurrent layers, which usually read in both directions.
///
/// It gives what it remembers of every token, `[N × M]` with `M = D · R`, and a summary, `[B × M]`: the final hidden states
/// of the top layer, both directions side by side.
public struct TokenEncoder: Hashable, Codable, Sendable {
  /// The table that tokens go through, `[V × E]`.
  public let embedding: EmbeddingTable
  /// The recurrent layers.
  public let recurrent: RecurrentStack
  /// Probability with which a feature of an embedded token is dropped in training.
  public let dropout: Double

  private let parts: ParameterParts
  /// Where each part's numbers lie in the encoder's.
  private let ranges: Ranges

  private struct Ranges: Hashable, Sendable {
    let embedding, recurrent: Range<Int>
  }

  /// An encoder whose parts fit: throws where the layers do not read what the table gives, and where `dropout` is no
  /// probability below 1.
  public init(
    embedding: EmbeddingTable, recurrent: RecurrentStack, dropout: Double = 0
  ) throws(ConfigurationError) {
    try ConfigurationError.require(
      recurrent.inputSize == embedding.dimension, "input size of the encoder's layers", "\(recurrent.inputSize)",
      wanted: "the embedding's dimension \(embedding.dimension)")
    try DropoutMask<Float>.check(dropout)
    self.embedding = embedding
    self.recurrent = recurrent
    self.dropout = dropout
    var parts = ParameterParts()
    ranges = Ranges(
      embedding: parts.append("embedding", embedding.parameters),
      recurrent: parts.append("recurrent", recurrent.parameters))
    self.parts = parts
  }

  private enum CodingKeys: String, CodingKey { case embedding, recurrent, dropout }

  /// Reads an encoder from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      embedding: values.decode(EmbeddingTable.self, forKey: .embedding),
      recurrent: values.decode(RecurrentStack.self, forKey: .recurrent),
      dropout: values.decode(Double.self, forKey: .dropout))
  }

  /// Number of tokens, `V`.
  public var vocabularySize: Int { embedding.vocabularySize }
  /// Features of a memory and of the summary, `M`.
  public var outputSize: Int { recurrent.outputSize }

  /// `embedding.…`, `recurrent.…`.
  var parameters: [ParameterShape] { parts.shapes }

  /// Number of parameters.
  var parameterCount: Int { parts.count }
}

/// What an encoder remembers of a pass for its backward pass, and the memory both work in.
struct TokenEncoderTape<Scalar: BLASScalar>: Sendable {
  /// The recurrent layers' recording; its last outputs are what the encoder remembers, `[N × M]`.
  var recurrent: RecurrentTape<Scalar>
  /// The state: zero on entry to a pass, final after it.
  var state = RecurrentState<Scalar>(hidden: [])
  /// Decides what is dropped of embedded tokens.
  var generator = SeededGenerator(seed: 0)
  /// Embedded tokens after dropout, `[N × E]`.
  var inputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var inputMask = DropoutMask<Scalar>()
  /// Final hidden states of the top layer, `[B × M]`.
  var summary = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of; `dOutputs` is `[N × M]`.
  var dOutputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dInputs = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dState = RecurrentState<Scalar>(hidden: [])

  init(memory: TapeMemory) { recurrent = RecurrentTape(memory: memory) }

  /// Starts everything random anew from `seed`.
  mutating func reseed(with seed: UInt64) {
    recurrent.generator = SeededGenerator(seed: seed, stream: 3)
    generator = SeededGenerator(seed: seed, stream: 4)
  }
}

extension TokenEncoder {
  /// The weights of each layer and direction in the order of the fused path, as far as its cell has one.
  func prepare<Scalar: BLASScalar>(parameters: MatrixView<Scalar>) -> [PreparedWeights<Scalar>?] {
    recurrent.prepare(parameters: parameters.columns(ranges.recurrent))
  }

  /// Reads `tokens`; leaves what it remembers of each in the tape, and the summary.
  func forward<Scalar: BLASScalar>(
    _ tokens: PackedSequence<Int32>, parameters: MatrixView<Scalar>, tape: inout TokenEncoderTape<Scalar>,
    mode: PassMode, execution: Execution
  ) {
    require(tokens.features == 1, "a step has one token, not \(tokens.features)")
    let inputs = tape.inputs.reshaped(rows: tokens.layout.rowCount, columns: embedding.dimension)
    tokens.rows.withUnsafeBufferPointer {
      embedding.forward($0, parameters: parameters.columns(ranges.embedding), into: inputs)
    }
    tape.inputMask.forward(inputs, rate: dropout, mode: mode, from: &tape.generator)
    tape.state.setToZero(for: recurrent, batch: tokens.batch)
    recurrent.forward(
      inputs.readOnly, layout: tokens.layout, parameters: parameters.columns(ranges.recurrent), state: &tape.state,
      tape: &tape.recurrent, mode: mode, execution: execution)
    let summary = tape.summary.reshaped(rows: tokens.batch, columns: outputSize)
    for part in recurrent.topLayer {
      summary.columns(part.columns).copy(from: tape.state.hidden[part.index].unsafeView)
    }
  }

  /// What the latest pass remembers of every token, `[N × M]`.
  func outputs<Scalar: BLASScalar>(of tape: TokenEncoderTape<Scalar>) -> MatrixView<Scalar> {
    tape.recurrent.outputs[recurrent.layers - 1].unsafeView
  }

  /// Adds the gradients for the parameters, from `tape.dOutputs` and that for the summary, `[B × M]`.
  func backward<Scalar: BLASScalar>(
    _ tokens: PackedSequence<Int32>, dSummary: MatrixView<Scalar>, parameters: MatrixView<Scalar>,
    dParameters: MutableMatrixView<Scalar>, tape: inout TokenEncoderTape<Scalar>, execution: Execution
  ) {
    tape.dState.setToZero(for: recurrent, batch: tokens.batch)
    for part in recurrent.topLayer {
      tape.dState.hidden[part.index].unsafeMutableView().copy(from: dSummary.columns(part.columns))
    }
    let dInputs = tape.dInputs.zeroed(rows: tokens.layout.rowCount, columns: embedding.dimension)
    recurrent.backward(
      tape.inputs.unsafeView, layout: tokens.layout, parameters: parameters.columns(ranges.recurrent),
      gradients: RecurrentGradients(
        dOutputs: tape.dOutputs.unsafeView, addingInputsTo: dInputs,
        addingParametersTo: dParameters.columns(ranges.recurrent)),
      dState: &tape.dState, tape: &tape.recurrent, execution: execution)
    tape.inputMask.backward(dInputs)
    tokens.rows.withUnsafeBufferPointer {
      embedding.backward(
        $0, dOutputs: dInputs.readOnly, dParametersAddingTo: dParameters.columns(ranges.embedding))
    }
  }
}
