internal import Kernels

/// The architecture of many-to-many with another length: an encoder reads the source, a bridge takes its summary to the
/// state in which a decoder starts to write the target (Sutskever, Vinyals & Le 2014; Cho et al. 2014), which may ask the
/// encoder's memory at every step, see ``Attention``.
public struct EncoderDecoderArchitecture: Hashable, Sendable {
  /// What reads the source.
  public let encoder: TokenEncoder
  /// The bridge and what writes the target, conditioned on the encoder's summary.
  public let target: ConditionedArchitecture

  private let parts: ParameterParts
  /// Where each part's numbers lie in the flat buffer.
  let ranges: Ranges

  struct Ranges: Hashable, Sendable {
    let encoder, target: Range<Int>
  }

  /// An architecture whose parts fit: throws where the decoder asks memories of another size than the encoder's, or has a
  /// place beside its tokens for another size than the summary's, and where the schedule of teacher forcing cannot be.
  public init(
    encoder: TokenEncoder, decoder: TokenDecoder, teacherForcing: TeacherForcing = .always
  ) throws(ConfigurationError) {
    if let attention = decoder.attention {
      try ConfigurationError.require(
        attention.memorySize == encoder.outputSize, "size of the attention's memories", "\(attention.memorySize)",
        wanted: "\(encoder.outputSize), as the encoder puts out")
    }
    self.encoder = encoder
    target = try ConditionedArchitecture(
      contextSize: encoder.outputSize, decoder: decoder, teacherForcing: teacherForcing)
    var parts = ParameterParts()
    ranges = Ranges(
      encoder: parts.append("encoder", encoder.parameters), target: parts.append("", target.parts.shapes))
    self.parts = parts
  }

  /// What writes the target.
  public var decoder: TokenDecoder { target.decoder }
}

extension EncoderDecoderArchitecture: ModelArchitecture {
  /// All parameters: `encoder.…`, `bridge.…`, `decoder.…`.
  public var parameterLayout: ParameterLayout { parts.layout }

  /// What suits a decoder.
  public var recommendedScheme: InitializationScheme { target.recommendedScheme }
}

extension EncoderDecoderArchitecture: StoredArchitecture {
  /// What a file calls an ``EncoderDecoder``.
  public static let formatName = "recurrent.encoder-decoder"

  /// Tokens of the source.
  public var input: ModelInput { .tokens(encoder.embedding.vocabularySize) }

  /// Tokens of the target.
  public var outputSize: Int { decoder.embedding.vocabularySize }
}

extension EncoderDecoderArchitecture: Codable {
  private enum CodingKeys: String, CodingKey { case encoder, decoder, teacherForcing }

  /// Reads an architecture from a file that is not trusted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      encoder: values.decode(TokenEncoder.self, forKey: .encoder),
      decoder: values.decode(TokenDecoder.self, forKey: .decoder),
      teacherForcing: values.decode(TeacherForcing.self, forKey: .teacherForcing))
  }

  /// Writes what the initialiser takes.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(self.encoder, forKey: .encoder)
    try values.encode(decoder, forKey: .decoder)
    try values.encode(target.teacherForcing, forKey: .teacherForcing)
  }
}
