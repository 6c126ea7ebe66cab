public import Kernels

/// The architecture of one-to-many: a decoder whose first state comes from a context of `C` numbers, over a bridge.
///
/// The context is an image, a class or what an encoder made of a sentence; where the decoder has a place for it, it also
/// is an input beside every token that the decoder reads.
public struct ConditionedArchitecture: Hashable, Sendable {
  /// From the context to the decoder's initial state.
  let bridge: StateBridge
  /// The decoder.
  public let decoder: TokenDecoder
  /// What the decoder reads in training.
  public let teacherForcing: TeacherForcing

  /// `bridge.…`, `decoder.…`.
  let parts: ParameterParts
  /// Where each part's numbers lie in the flat buffer.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let bridge, decoder: Range<Int>
  }

  /// A decoder conditioned on `contextSize` numbers. Throws where the decoder has a place beside its tokens for another
  /// number of them, and where the schedule of teacher forcing cannot be.
  public init(
    contextSize: Int, decoder: TokenDecoder, teacherForcing: TeacherForcing = .always
  ) throws(ConfigurationError) {
    bridge = try StateBridge(contextSize: contextSize, to: decoder.recurrent)
    try ConfigurationError.require(
      decoder.contextSize == 0 || decoder.contextSize == contextSize, "contextSize of the decoder",
      "\(decoder.contextSize)", wanted: "0 or the context's \(contextSize)")
    try teacherForcing.check()
    self.decoder = decoder
    self.teacherForcing = teacherForcing
    var parts = ParameterParts()
    ranges = Ranges(
      bridge: parts.append("bridge", bridge.parameters), decoder: parts.append("decoder", decoder.parameters))
    self.parts = parts
  }

  /// Numbers of a context, `C`.
  public var contextSize: Int { bridge.map.inputSize }
}

extension ConditionedArchitecture: ModelArchitecture {
  /// `bridge.…`, `decoder.…`.
  public var parameterLayout: ParameterLayout { parts.layout }

  /// What suits a decoder.
  public var recommendedScheme: InitializationScheme { .withRowsOfLengthOne(decoder.embedding) }
}

extension ConditionedArchitecture: StoredArchitecture {
  /// What a file calls a ``ConditionedDecoder``.
  public static let formatName = "recurrent.conditioned-decoder"

  /// The numbers of a context.
  public var input: ModelInput { .features(contextSize) }

  /// Tokens that are written.
  public var outputSize: Int { decoder.embedding.vocabularySize }
}

extension ConditionedArchitecture: Codable {
  private enum CodingKeys: String, CodingKey { case contextSize, decoder, teacherForcing }

  /// Reads an architecture from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      contextSize: values.decodeSize(forKey: .contextSize),
      decoder: values.decode(TokenDecoder.self, forKey: .decoder),
      teacherForcing: values.decode(TeacherForcing.self, forKey: .teacherForcing))
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(contextSize, forKey: .contextSize)
    try values.encode(decoder, forKey: .decoder)
    try values.encode(teacherForcing, forKey: .teacherForcing)
  }
}

/// The memory that passes of a ``ConditionedDecoder`` work in, kept between batches.
public struct ConditionedTape<Scalar: BLASScalar>: RecordingTape {
  /// The decoder's recording.
  var decoder: TokenDecoderTape<Scalar>
  /// Numbers of all initial states, `[B × L·(R + H)]`.
  var stateValues = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// The training step, which decides how often the decoder reads what it wrote itself.
  var step = 0
  /// Decides where it does, and what it would have written.
  var generator = SeededGenerator(seed: 0)
  /// What the head reads at the places that are drawn, `[n × Q]`, and the logits there, `[n × V]`.
  var drawnRead = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var drawnLogits = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// Gradients, named after what they are gradients of.
  var dStateValues = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// For the context over the bridge, and beside the tokens, `[B × C]`.
  var dContext = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  var dContextBeside = Matrix<Scalar>.zeros(rows: 0, columns: 0)

  /// An empty tape; `seed` decides the masks of dropout and what scheduled sampling draws.
  public init(seed: UInt64, memory: TapeMemory) {
    decoder = TokenDecoderTape(memory: memory)
    reseed(with: seed)
  }

  /// Bytes of the recordings and workspaces of the recurrent layers.
  public var byteCount: Int { decoder.recurrent.byteCount }

  /// Starts everything random anew from `seed`.
  public mutating func reseed(with seed: UInt64) {
    decoder.reseed(with: seed)
    generator = SeededGenerator(seed: seed, stream: 2)
  }
}
