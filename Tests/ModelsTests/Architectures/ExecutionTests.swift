import Kernels
import Models
import TestSupport
import Testing

/// A model computes on the path and the threads that its `execution` says, its loss too. Each test has a process of its own,
/// because the engine's threads stay once they are started.
@Suite struct ExecutionTests {
  /// Enough for more than one thread: rows times classes exceed what a thread of a softmax is woken for, several times.
  private static let (sequences, steps, vocabularySize) = (16, 11, 2500)
  private static let alone = [Execution(path: .fused, threads: 1), Execution(path: .naive, threads: 2)]

  private static func tokens() -> [[Int32]] {
    (0..<sequences).map { b in (0..<steps).map { Int32((b * steps + $0) % vocabularySize) } }
  }

  private static func embedding() throws -> EmbeddingTable {
    try EmbeddingTable(vocabularySize: vocabularySize, dimension: 4)
  }

  private static func stack() throws -> RecurrentStack {
    try RecurrentStack(RecurrentCell(.gru, inputSize: 4, hiddenSize: 5))
  }

  /// The loss of `batch` and its gradient.
  private static func train<Model: TrainableModel<Float>>(_ model: Model, on batch: Model.Batch) {
    var (tape, gradient) = (model.makeTape(seed: 0), ParameterVector<Float>.zeros(model.parameters.layout))
    _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient)
    _ = model.loss(of: batch, tape: &tape)
  }

  /// Without this the tests below could not fail.
  @Test func twoThreadsAreSeen() async {
    await #expect(processExitsWith: .success) {
      let logits = Matrix<Float>.zeros(rows: 200, columns: 2500)
      let loss = [Int32](repeating: 1, count: 200).withUnsafeBufferPointer { targets in
        logits.withView { softmaxCrossEntropy($0, targets, execution: Execution(threads: 2)) }
      }
      precondition(loss > 0)
      #expect(EngineThreads.count == 1)
    }
  }

  @Test func sequenceModel() async {
    await #expect(processExitsWith: .success) {
      let tokens = Self.tokens()
      let architecture = try SequenceArchitecture(
        embedding: Self.embedding(), recurrent: Self.stack(), outputSize: Self.vocabularySize,
        loss: .softmaxCrossEntropy)
      for execution in Self.alone {
        var model = SequenceModel<Float>(architecture)
        model.execution = execution
        Self.train(
          model,
          on: SequenceBatch(inputs: .tokens(PackedSequence(tokens)), targets: .classes(PackedSequence(tokens))))
      }
      #expect(EngineThreads.count == 0)
    }
  }

  @Test func gapModel() async {
    await #expect(processExitsWith: .success) {
      let architecture = try GapArchitecture(embedding: Self.embedding(), recurrent: Self.stack())
      for execution in Self.alone {
        var model = GapModel<Float>(architecture)
        model.execution = execution
        Self.train(model, on: GapExamples(Self.tokens(), unknown: -1).batch(Array(0..<Self.sequences)))
      }
      #expect(EngineThreads.count == 0)
    }
  }

  @Test func conditionedDecoder() async {
    await #expect(processExitsWith: .success) {
      let architecture = try ConditionedArchitecture(
        contextSize: 3, decoder: TokenDecoder(embedding: Self.embedding(), recurrent: Self.stack()))
      let examples = ConditionedExamples<Float>(
        contexts: .zeros(rows: Self.sequences, columns: 3), sequences: Self.tokens(), startToken: 0, endToken: 1)
      for execution in Self.alone {
        var model = ConditionedDecoder<Float>(architecture)
        model.execution = execution
        Self.train(model, on: examples.batch(Array(0..<Self.sequences)))
      }
      #expect(EngineThreads.count == 0)
    }
  }

  @Test func encoderDecoder() async {
    await #expect(processExitsWith: .success) {
      let architecture = try EncoderDecoderArchitecture(
        encoder: TokenEncoder(embedding: Self.embedding(), recurrent: Self.stack()),
        decoder: TokenDecoder(embedding: Self.embedding(), recurrent: Self.stack()))
      let examples = EncoderDecoderExamples<Float>(
        sources: Self.tokens(), targets: Self.tokens(), startToken: 0, endToken: 1)
      for execution in Self.alone {
        var model = EncoderDecoder<Float>(architecture)
        model.execution = execution
        Self.train(model, on: examples.batch(Array(0..<Self.sequences)))
      }
      #expect(EngineThreads.count == 0)
    }
  }
}
