import Kernels
import Models
import TestSupport
import Testing

/// Every shape of a decoder and of an encoder-decoder, with sizes that all differ, and ragged batches for them: one
/// source is empty, one target has its end alone.
struct DecoderVariant: CustomTestStringConvertible, Sendable {
  var kind = RecurrentCell.Kind.lstm
  var attention: Attention.Score?
  var readsContext = false
  var hasReadout = false
  var tiesEmbedding = false
  var dropout = 0.0
  var layers = 1
  var teacherForcing = TeacherForcing.always

  static let all: [DecoderVariant] =
    RecurrentCell.Kind.allCases.map { DecoderVariant(kind: $0, layers: 2) } + [
      DecoderVariant(kind: .gru, readsContext: true, dropout: 0.25),
      DecoderVariant(hasReadout: true),
      DecoderVariant(readsContext: true, hasReadout: true, tiesEmbedding: true, layers: 2),
      DecoderVariant(kind: .vanilla, teacherForcing: .inverseSigmoid(k: 1)),
    ]

  /// Those that ask a memory, which only an encoder has.
  static let attentive: [DecoderVariant] = [
    DecoderVariant(attention: .multiplicative, hasReadout: true),
    DecoderVariant(kind: .gru, attention: .additive, hasReadout: true, layers: 2),
    DecoderVariant(attention: .additive, readsContext: true, hasReadout: true, tiesEmbedding: true, dropout: 0.25),
    DecoderVariant(
      kind: .gru, attention: .multiplicative, hasReadout: true, dropout: 0.25, teacherForcing: .inverseSigmoid(k: 1)),
  ]

  var testDescription: String {
    var words = ["\(kind)", "\(layers)"]
    if let attention { words.append("\(attention)") }
    if readsContext { words.append("context") }
    if hasReadout { words.append("readout") }
    if tiesEmbedding { words.append("tied") }
    if dropout > 0 { words.append("dropout") }
    if teacherForcing != .always { words.append("sampled") }
    return words.joined(separator: "-")
  }

  /// A decoder of 7 tokens, 4 features each, and 5 units, beside a context of `contextSize`.
  func decoder(contextSize: Int) throws -> TokenDecoder {
    let attention: Attention? =
      switch attention {
      case .multiplicative: try .multiplicative(querySize: 5, memorySize: contextSize)
      case .additive: try .additive(querySize: 5, memorySize: contextSize, keySize: 11)
      case nil: nil
      }
    let beside = readsContext ? contextSize : 0
    return try TokenDecoder(
      embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
      recurrent: RecurrentStack(RecurrentCell(kind, inputSize: 4 + beside, hiddenSize: 5), layers: layers),
      contextSize: beside, attention: attention, readoutSize: hasReadout ? (tiesEmbedding ? 4 : 9) : nil,
      tiesEmbedding: tiesEmbedding, dropout: dropout)
  }

  func conditioned<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) throws -> ConditionedDecoder<Scalar> {
    let architecture = try ConditionedArchitecture(
      contextSize: 3, decoder: decoder(contextSize: 3), teacherForcing: teacherForcing)
    var model = ConditionedDecoder<Scalar>(architecture, scheme: .pyTorch(hiddenSize: 3), seed: 3)
    model.execution = Execution(path: .blas, threads: 1)
    return model
  }

  func encoderDecoder<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) throws -> EncoderDecoder<Scalar> {
    let encoder = try TokenEncoder(
      embedding: EmbeddingTable(vocabularySize: 8, dimension: 2),
      recurrent: RecurrentStack(
        RecurrentCell(kind, inputSize: 2, hiddenSize: 3), layers: layers, isBidirectional: true),
      dropout: dropout)
    let architecture = try EncoderDecoderArchitecture(
      encoder: encoder, decoder: decoder(contextSize: 6), teacherForcing: teacherForcing)
    var model = EncoderDecoder<Scalar>(architecture, scheme: .pyTorch(hiddenSize: 3), seed: 3)
    model.execution = Execution(path: .blas, threads: 1)
    return model
  }

  static let sequences: [[Int32]] = [[2, 5, 3], [6, 2, 2, 4, 5, 3], [], [4]]
  static let sources: [[Int32]] = [[7, 1], [], [3, 6, 2, 5, 4], [0, 2, 3]]

  static func contexts<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) -> Matrix<Scalar> {
    var generator = SeededGenerator(seed: 5)
    return .random(rows: sequences.count, columns: 3, from: &generator)
  }

  /// A batch of which one target does not count.
  static func conditionedBatch<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) -> ConditionedBatch<Scalar> {
    let examples = ConditionedExamples<Scalar>(
      contexts: contexts(), sequences: sequences, startToken: 0, endToken: 1)
    var batch = examples.batch([0, 1, 2, 3])
    batch.targets.rows[2, 0] = -1
    return batch
  }

  /// A batch of which one target does not count.
  static func pairBatch<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) -> EncoderDecoderBatch<Scalar> {
    let examples = EncoderDecoderExamples<Scalar>(
      sources: sources, targets: sequences, startToken: 0, endToken: 1)
    var batch = examples.batch([0, 1, 2, 3])
    batch.targets.rows[2, 0] = -1
    return batch
  }
}
