import Kernels
import TestSupport

@testable import Models

/// A model of each kind that can be streamed, and what it reads.
struct StreamingModel<Scalar: BLASScalar> {
  let model: SequenceModel<Scalar>
  let prepared: PreparedModel<Scalar>
  let variant: ModelVariant

  init(_ variant: ModelVariant, _ path: ComputePath = .fused, threads: Int = 1) throws {
    self.variant = variant
    var model: SequenceModel<Scalar> = try variant.model(path: path)
    model.execution.threads = threads
    self.model = model
    prepared = model.prepared()
  }

  static var variants: [ModelVariant] { ModelVariant.all.filter { !$0.isBidirectional } }

  /// One step of the sequence `sequence`, whose steps are those of `inputs`.
  func step(
    _ inputs: SequenceInputs<Scalar>, _ sequence: Int, at t: Int, _ session: inout Session<Scalar>,
    in workspace: StepWorkspace<Scalar>
  ) throws -> [Scalar] {
    switch inputs {
    case .features(let sequences):
      try prepared.step(sequences.sequence(sequence).row(t), &session, in: workspace)
    case .tokens(let sequences):
      try prepared.step(token: sequences.sequence(sequence)[t, 0], &session, in: workspace)
    }
  }

  /// One step of those of `sessions` at `indices`, of the sequences of these numbers.
  func step(
    _ inputs: SequenceInputs<Scalar>, _ sessions: inout [Session<Scalar>], at indices: [Int], times: [Int],
    in workspace: StepWorkspace<Scalar>
  ) throws -> [Scalar] {
    var outputs = [Scalar](repeating: .nan, count: indices.count * prepared.outputSize)
    var span = outputs.mutableSpan
    switch inputs {
    case .features(let sequences):
      let features = zip(indices, times).flatMap { sequences.sequence($0).row($1) }
      try prepared.step(features.span, &sessions, at: indices.span, in: workspace, into: &span)
    case .tokens(let sequences):
      let tokens = zip(indices, times).map { sequences.sequence($0)[$1, 0] }
      try prepared.step(tokens: tokens.span, &sessions, at: indices.span, in: workspace, into: &span)
    }
    return outputs
  }

  /// The outputs of the first `count` steps of the sequence `sequence` alone, as the model computes a whole sequence: the last
  /// row of them.
  func wanted(_ inputs: SequenceInputs<Scalar>, _ sequence: Int, steps count: Int) -> [Scalar] {
    let prefix: SequenceInputs<Scalar> =
      switch inputs {
      case .features(let sequences):
        .features(
          PackedSequence([sequences.sequence(sequence).selectingRows(Array(0..<count))], features: sequences.features))
      case .tokens(let sequences):
        .tokens(PackedSequence([Array(sequences.sequence(sequence).elements.prefix(count))]))
      }
    let predictions = model(prefix).predictions
    return predictions.row(predictions.rows - 1)
  }
}

func bits<Scalar: BLASScalar>(_ numbers: [Scalar]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }
