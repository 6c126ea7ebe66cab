import DataIO
import Kernels
import Models
import TestSupport
import Testing

@testable import Tasks

@Suite struct LanguageModelTests {
  /// Words of which each decides the next.
  static let text = String(repeating: "the cat sat on a mat. ", count: 60)

  private func settings(_ level: TextLevel) -> LanguageModelSettings {
    var settings = LanguageModelSettings(level: level)
    settings.hiddenSize = 12
    settings.epochs = 2
    settings.streams = 3
    settings.learningRate = 2e-2
    return settings
  }

  private func trained(_ level: TextLevel, _ session: TrainingSession = TrainingSession()) throws -> (
    model: LanguageModel, evaluation: TextEvaluation
  ) {
    try LanguageModel.train(on: Self.text, file: "text", settings(level), in: session)
  }

  /// In a process of its own, because the engine's threads stay once they are started.
  @Test func evaluatingObeysTheModelsExecution() async {
    await #expect(processExitsWith: .success) {
      let words = (0..<1000).map { "w\($0)" }
      for execution in [Execution(threads: 1), Execution(path: .naive, threads: 2)] {
        var network = SequenceModel<Float>(
          try SequenceArchitecture(
            embedding: EmbeddingTable(vocabularySize: words.count, dimension: 4),
            recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 5)), outputSize: words.count,
            loss: .softmaxCrossEntropy))
        network.execution = execution
        let model = LanguageModel(
          model: network, level: .word, vocabulary: Vocabulary(words), unigrams: words.map { _ in 1e-3 })
        #expect(model.evaluation(on: (0..<600).map { Int32($0) }).count == 599)
      }
      #expect(EngineThreads.count == 0)
    }
  }

  @Test(arguments: TextLevel.allCases)
  func itBeatsTheFrequencies(_ level: TextLevel) throws {
    let (model, evaluation) = try trained(level)
    #expect(evaluation.loss < evaluation.unigramLoss)
    #expect(evaluation.unit == level.unit)
    #expect((evaluation.unknown == nil) == (level == .char))
    #expect(model.unigrams.reduce(0, +).isApproximately(1))
  }

  @Test(arguments: TextLevel.allCases)
  func theFileAloneWritesTheSame(_ level: TextLevel) throws {
    let (model, _) = try trained(level)
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try model.write(to: path)
      let read = try LanguageModel(contentsOf: path)
      #expect(read.level == level && read.vocabulary == model.vocabulary && read.training == model.training)
      func write(_ model: LanguageModel) throws -> String {
        try model.continuation(of: "the cat", length: 9, strategy: .temperature(1), seed: 3)
      }
      #expect(try write(read) == write(model))
      let evaluations = try [read, model].map { try $0.evaluation(on: "a mat sat", file: "") }
      #expect(evaluations[0] == evaluations[1])
    }
  }

  @Test func noNumberInAFileEndsTheProcess() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try trained(.word).model.write(to: path)
      var refused = 0
      let files = try HostileNumbers.files(from: path)
      try #require(files.count > 300 / HostileNumbers.sampling)
      for (change, bytes) in files {
        writeFile(bytes, to: path)
        do {
          let read = try LanguageModel(contentsOf: path)
          _ = try read.evaluation(on: "a mat sat", file: "")
          _ = try read.continuation(of: "the cat", length: 2, strategy: .temperature(1), seed: 3)
        } catch {
          refused += 1
          #expect(error is SafetensorsError || error is DataError, "\(change)")
          #expect(!"\(error)".contains("\n"), "\(change)")
        }
      }
      #expect(refused > files.count / 2)
    }
  }

  @Test(arguments: [false, true])
  func aModelThatPredictsNoNextTokenIsRefused(isBidirectional: Bool) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.safetensors"
      try trained(.char).model.write(to: path)
      let (model, preprocessing) = try SequenceModel<Float>.read(from: path)
      let own = model.architecture
      let other = try SequenceArchitecture(
        embedding: own.embedding,
        recurrent: RecurrentStack(own.recurrent.cells[0], isBidirectional: isBidirectional),
        readout: isBidirectional ? .everyStep : .finalState, outputSize: own.outputSize, loss: own.loss)
      try SequenceModel<Float>(other).write(to: path, preprocessing: preprocessing)
      #expect(throws: DataError.self) { try LanguageModel(contentsOf: path) }
    }
  }

  @Test func aTextInPiecesHasTheLossOfTheWhole() throws {
    let (model, _) = try trained(.char)
    // Longer than a piece.
    let numbers = try model.numbers(of: String(repeating: "a mat sat on the cat. ", count: 50))
    let whole = try model.model.loss(
      over: try TokenStreams<Float>(numbers, streams: 1, window: 1), batchSize: 1)
    let pieces = model.evaluation(on: numbers)
    #expect(pieces.count == whole.count)
    #expect(abs(pieces.loss - whole.mean) < 1e-5)
  }

  @Test func stoppedAndResumedItIsTheSameToTheBit() throws {
    let folder = TemporaryFolder()
    try trained(.char).model.write(to: folder.path("whole.safetensors"))
    let stopping = TrainingSession(checkpointFolder: folder.path) { _, progress in
      progress.step < 5 ? .continue : .stop
    }
    #expect(throws: TrainingInterruption.self) { try trained(.char, stopping) }
    try trained(.char, TrainingSession(checkpointFolder: folder.path, resumes: true)).model
      .write(to: folder.path("parts.safetensors"))
    #expect(
      try FileReading.bytes(of: folder.path("parts.safetensors"))
        == FileReading.bytes(of: folder.path("whole.safetensors")))
  }

  @Test func unknownCharactersAreNamedWithTheirPlace() throws {
    let (model, _) = try trained(.char)
    let error = #expect(throws: UnknownTokens.self) { try model.numbers(of: "the cat\nsaw Ümläut, Ü") }
    // A line end does not occur in the text either.
    let unknown: [String] = ["\n", "w", "Ü", "l", "ä", "u", ","]
    #expect(error?.tokens == unknown)
    #expect(error?.line == 1 && error?.column == 8)
  }

  @Test(arguments: TextLevel.allCases)
  func aTextTooShortIsRefused(_ level: TextLevel) throws {
    #expect(throws: DataError.self) {
      try LanguageModel.train(on: "short", file: "text", settings(level), in: TrainingSession())
    }
    let (model, _) = try trained(level)
    #expect(throws: DataError.self) { try model.evaluation(on: "a", file: "text") }
  }
}

extension Double {
  fileprivate func isApproximately(_ other: Double) -> Bool { abs(self - other) < 1e-12 }
}
