import Kernels
import Models
import TestSupport
import Testing

/// Every shape of a sequence model, with sizes that all differ, and a ragged batch for it with an empty sequence.
struct ModelVariant: CustomTestStringConvertible, Sendable {
  let readsTokens: Bool
  let readout: SequenceArchitecture.Readout
  let isBidirectional: Bool
  let kind: RecurrentCell.Kind

  static let all: [ModelVariant] = [false, true].flatMap { readsTokens in
    SequenceArchitecture.Readout.allCases.flatMap { readout in
      [false, true].flatMap { isBidirectional in
        RecurrentCell.Kind.allCases.map {
          ModelVariant(readsTokens: readsTokens, readout: readout, isBidirectional: isBidirectional, kind: $0)
        }
      }
    }
  }

  var testDescription: String {
    "\(kind)-\(readsTokens ? "tokens" : "features")-\(readout)-\(isBidirectional ? "two" : "one")way"
  }

  /// A step of features, or of an embedded token.
  private var inputSize: Int { readsTokens ? 4 : 3 }
  /// Number of predictions.
  private var outputSize: Int { readsTokens ? 6 : 2 }

  private var loss: Loss {
    switch (readsTokens, readout) {
    case (true, _): .softmaxCrossEntropy
    case (false, .everyStep): .meanSquaredError
    case (false, .finalState), (false, .meanState), (false, .maxState): .binaryCrossEntropy
    }
  }

  func architecture(truncation: Int? = nil) throws -> SequenceArchitecture {
    let cell: RecurrentCell =
      switch kind {
      case .vanilla: .vanilla(inputSize: inputSize, hiddenSize: 5)
      case .lstm: .lstm(inputSize: inputSize, hiddenSize: 5)
      case .gru: .gru(inputSize: inputSize, hiddenSize: 5)
      }
    return try SequenceArchitecture(
      embedding: readsTokens ? EmbeddingTable(vocabularySize: 7, dimension: 4) : nil,
      recurrent: RecurrentStack(cell, layers: 2, isBidirectional: isBidirectional), readout: readout,
      outputSize: outputSize, loss: loss, truncation: truncation)
  }

  /// A model in which no parameter is zero.
  func model<Scalar: BLASScalar>(
    truncation: Int? = nil, path: ComputePath = .blas, as _: Scalar.Type = Scalar.self
  ) throws -> SequenceModel<Scalar> {
    var model = SequenceModel<Scalar>(
      try architecture(truncation: truncation), scheme: .pyTorch(hiddenSize: 5), seed: 3)
    model.execution = Execution(path: path, threads: 1)
    return model
  }

  static let lengths = [4, 0, 9, 1]

  /// Inputs of ``lengths``; the same numbers for every type.
  func inputs<Scalar: BLASScalar>(_ lengths: [Int] = lengths, as _: Scalar.Type = Scalar.self) -> SequenceInputs<Scalar>
  {
    var generator = SeededGenerator(seed: 5)
    if readsTokens {
      return .tokens(PackedSequence(lengths.map { (0..<$0).map { _ in Int32(generator.uniform(below: 7)) } }))
    }
    return .features(
      PackedSequence(lengths.map { .random(rows: $0, columns: 3, from: &generator) }, features: 3))
  }

  /// A batch in which one class in three does not count.
  func batch() -> SequenceBatch<Double> {
    var generator = SeededGenerator(seed: 6)
    func someClass() -> Int32 { generator.uniform(below: 3) == 0 ? -1 : Int32(generator.uniform(below: outputSize)) }
    let targets: SequenceTargets<Double> =
      switch (readsTokens, readout) {
      case (true, .everyStep): .classes(PackedSequence(Self.lengths.map { (0..<$0).map { _ in someClass() } }))
      case (true, _): .finalClasses([3, 0, -1, 5])
      case (false, .everyStep):
        .values(PackedSequence(Self.lengths.map { .random(rows: $0, columns: 2, from: &generator) }, features: 2))
      case (false, _): .finalValues(Matrix([[0, 1], [1, 1], [0.25, 0], [1, 0]]))
      }
    return SequenceBatch(inputs: inputs(), targets: targets)
  }
}
