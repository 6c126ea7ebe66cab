import Kernels
import Models

/// Every public initialiser and function of Kernels and Models that takes a number of something, called with a number that
/// no program means: it throws, or stops the program with a message. Those of unsafe views check in debug builds alone.
enum SizedCalls {
  static let all: [String: @Sendable (Int) throws -> Void] = kernels.merging(layers) { $1 }.merging(training) { $1 }
    .merging(generation) { $1 }

  private static func use<Value>(_ value: Value) { withExtendedLifetime(value) {} }

  // MARK: - Kernels

  private static let matrix = Matrix<Float>(repeating: 0.5, rows: 3, columns: 5)
  private static let layout = PackedLayout(lengths: [4, 2])
  private static let packed = PackedSequence([matrix, matrix], features: 5)

  private static var kernels: [String: @Sendable (Int) throws -> Void] {
    [
      "Matrix(uninitializedRows:)": { use(Matrix<Float>(uninitializedRows: $0, columns: 3)) },
      "Matrix(uninitializedRows:columns:)": { use(Matrix<Double>(uninitializedRows: $0, columns: $0)) },
      "Matrix(repeating:rows:)": { use(Matrix<Float>(repeating: 0, rows: $0, columns: 2)) },
      "Matrix(repeating:columns:)": { use(Matrix<Int32>(repeating: 0, rows: 2, columns: $0)) },
      "Matrix(rows:_:)": { use(Matrix<Float>(rows: $0, columns: 1, [0.5])) },
      "Matrix(columns:_:)": { use(Matrix<Float>(rows: 1, columns: $0, [0.5])) },
      "Matrix.zeros(rows:)": { use(Matrix<Double>.zeros(rows: $0, columns: 2)) },
      "Matrix.row": { use(matrix.row($0)) },
      "Matrix[row,0]": { use(matrix[$0, 0]) },
      "Matrix[0,column]": { use(matrix[0, $0]) },
      "Matrix.discardContents(resizingTo:)": {
        var matrix = matrix
        matrix.discardContents(resizingTo: $0, by: 2)
      },
      "Matrix.discardContents(by:)": {
        var matrix = matrix
        matrix.discardContents(resizingTo: 2, by: $0)
      },
      "MatrixView.rows(_:)": { size in matrix.withView { use($0.rows(min(size, 0)..<max(size, 0))) } },
      "MatrixView.columns(_:)": { size in matrix.withView { use($0.columns(min(size, 0)..<max(size, 0))) } },
      "MutableMatrixView.rows(_:)": { size in
        var matrix = matrix
        matrix.withMutableView { use($0.rows(min(size, 0)..<max(size, 0))) }
      },
      "MutableMatrixView.columns(_:)": { size in
        var matrix = matrix
        matrix.withMutableView { use($0.columns(min(size, 0)..<max(size, 0))) }
      },
      "PackedLayout(lengths:)": { use(PackedLayout(lengths: [$0])) },
      "PackedLayout(lengths:,)": { use(PackedLayout(lengths: [3, $0, $0])) },
      "PackedLayout(batch:)": { use(PackedLayout(batch: $0, steps: 2)) },
      "PackedLayout(steps:)": { use(PackedLayout(batch: 2, steps: $0)) },
      "PackedLayout(batch:steps:)": { use(PackedLayout(batch: $0, steps: $0)) },
      "PackedLayout.rows(at:)": { use(layout.rows(at: $0)) },
      "PackedLayout.row(of:)": { use(layout.row(of: $0, at: 1)) },
      "PackedLayout.row(at:)": { use(layout.row(of: 1, at: $0)) },
      "PackedSequence(_:features:)": { use(PackedSequence([matrix], features: $0)) },
      "PackedSequence(_:features:)-none": { use(PackedSequence([Matrix<Float>](), features: $0)) },
      "PackedSequence(padded:lengths:)": {
        use(PackedSequence(padded: [Float](repeating: 0, count: 6), .timeMajor, lengths: [$0, 1], features: 1))
      },
      "PackedSequence(padded:features:)": {
        use(PackedSequence(padded: [Float](repeating: 0, count: 6), .batchMajor, lengths: [1, 1], features: $0))
      },
      "PackedSequence(padded:features:)-none": {
        use(PackedSequence(padded: [Float](), .batchMajor, lengths: [0, 0], features: $0))
      },
      "PackedSequence.sequence": { use(packed.sequence($0)) },
      "RecurrentCell(inputSize:)": { use(RecurrentCell(.lstm, inputSize: $0, hiddenSize: 3).parameterCount) },
      "RecurrentCell(hiddenSize:)": { use(RecurrentCell(.gru, inputSize: 3, hiddenSize: $0).parameterCount) },
      "RecurrentCell(equations)": {
        use(RecurrentCell(.vanilla(.relu), inputSize: $0, hiddenSize: $0, hasBias: false).parameters)
      },
      "RecurrentCell.vanilla": { use(RecurrentCell.vanilla(inputSize: $0, hiddenSize: $0).parameterCount) },
      "RecurrentCell.gru": { use(RecurrentCell.gru(inputSize: $0, hiddenSize: $0).parameterCount) },
      "RecurrentCell.lstm": {
        use(
          RecurrentCell.lstm(inputSize: $0, hiddenSize: $0, projectionSize: $0, hasPeepholes: true).parameterCount)
      },
      "RecurrentCell.lstm(projectionSize:)": {
        use(RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: $0).parameters)
      },
      "Execution(threads:)": { size in
        let layer = try RecurrentLayer<Float>(.lstm, inputSize: 64, hiddenSize: 96)
        var parallel = layer
        parallel.execution = Execution(threads: size)
        use(parallel(PackedSequence([Matrix(repeating: 0.5, rows: 20, columns: 64)], features: 64)))
        parallel.execution = Execution(path: .blas, threads: size)
        use(parallel(PackedSequence([Matrix(repeating: 0.5, rows: 20, columns: 64)], features: 64)))
      },
    ]
  }

  // MARK: - Layers and architectures

  private static func table() throws -> EmbeddingTable { try EmbeddingTable(vocabularySize: 7, dimension: 3) }
  private static func stack(_ inputs: Int = 3) throws -> RecurrentStack {
    try RecurrentStack(.lstm(inputSize: inputs, hiddenSize: 5))
  }
  private static func model(tokens: Bool = false, outputs: Int = 2) throws -> SequenceModel<Float> {
    SequenceModel(
      try SequenceArchitecture(
        embedding: tokens ? table() : nil, recurrent: stack(), outputSize: outputs,
        loss: tokens ? .softmaxCrossEntropy : .meanSquaredError), seed: 1)
  }

  private static var layers: [String: @Sendable (Int) throws -> Void] {
    [
      "EmbeddingTable(vocabularySize:)": {
        use(try EmbeddingTable(vocabularySize: $0, dimension: 3).parameterLayout)
      },
      "EmbeddingTable(dimension:)": { use(try EmbeddingTable(vocabularySize: 7, dimension: $0).parameterLayout) },
      "EmbeddingTable": { use(try EmbeddingTable(vocabularySize: $0, dimension: $0).parameterCount) },
      "Embedding": { use(Embedding<Float>(try EmbeddingTable(vocabularySize: $0, dimension: 3), seed: 1)) },
      "LinearMap(inputSize:)": { use(try LinearMap(inputSize: $0, outputSize: 3).parameterLayout) },
      "LinearMap(outputSize:)": { use(try LinearMap(inputSize: 3, outputSize: $0).parameterLayout) },
      "LinearMap": { use(try LinearMap(inputSize: $0, outputSize: $0).parameterCount) },
      "Linear": { use(Linear<Double>(try LinearMap(inputSize: $0, outputSize: 2), seed: 1)) },
      "Attention.multiplicative": { use(try Attention.multiplicative(querySize: $0, memorySize: $0)) },
      "Attention.additive": { use(try Attention.additive(querySize: $0, memorySize: $0, keySize: $0)) },
      "Attention.additive(keySize:)": { use(try Attention.additive(querySize: 3, memorySize: 4, keySize: $0)) },
      "Head(inputSize:)": { use(try Head(inputSize: $0, outputSize: 2)) },
      "Head(outputSize:)": { use(try Head(inputSize: 3, outputSize: $0)) },
      "Head(hiddenSizes:)": { use(try Head(inputSize: 3, hiddenSizes: [$0, $0], outputSize: 2)) },
      "RecurrentStack(layers:)": {
        use(try RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5), layers: $0).parameterLayout)
      },
      "RecurrentStack(layers:)-wide": {
        use(
          try RecurrentStack(
            .lstm(inputSize: 3, hiddenSize: 500_000_000), layers: $0, isBidirectional: true
          ).parameterCount)
      },
      "RecurrentStack.zeroState": { use(try stack().zeroState(batch: $0, as: Float.self)) },
      "RecurrentLayer(inputSize:)": { use(try RecurrentLayer<Float>(.gru, inputSize: $0, hiddenSize: 5)) },
      "RecurrentLayer(hiddenSize:)": { use(try RecurrentLayer<Float>(.lstm, inputSize: 3, hiddenSize: $0)) },
      "RecurrentLayer(layers:)": { use(try RecurrentLayer<Float>(.lstm, inputSize: 3, hiddenSize: 5, layers: $0)) },
      "RecurrentLayer.zeroState": { use(try RecurrentLayer<Double>(inputSize: 3, hiddenSize: 5).zeroState(batch: $0)) },
      "RecurrentState.reset": {
        var state = try RecurrentLayer<Float>(inputSize: 3, hiddenSize: 5).zeroState(batch: 2)
        state.reset(sequence: $0)
      },
      "RecurrentState.selecting": {
        use(try RecurrentLayer<Float>(inputSize: 3, hiddenSize: 5).zeroState(batch: 2).selecting([$0]))
      },
      "SequenceArchitecture(outputSize:)": {
        use(try SequenceArchitecture(recurrent: stack(), outputSize: $0, loss: .meanSquaredError).parameterLayout)
      },
      "SequenceArchitecture(truncation:)": {
        use(try SequenceArchitecture(recurrent: stack(), outputSize: 2, loss: .meanSquaredError, truncation: $0))
      },
      "SequenceArchitecture(headSizes:)": {
        use(
          try SequenceArchitecture(recurrent: stack(), outputSize: 2, loss: .meanSquaredError, headSizes: [$0])
            .parameterLayout)
      },
      "SequenceArchitecture.truncation": {
        var model = try model()
        var architecture = model.architecture
        architecture.truncation = $0
        model = SequenceModel(architecture, parameters: model.parameters)
        try model.train(on: examples(), TrainingOptions(epochs: 1, batchSize: 2))
      },
      "SequenceModel.zeroState": { use(try model().zeroState(batch: $0)) },
      "SequenceModel.gateActivity(layer:)": {
        use(
          try model().gateActivity(
            on: .features(PackedSequence([Matrix(repeating: 0.5, rows: 4, columns: 3)], features: 3)), layer: $0))
      },
      "MemoryAnalysis.meanHiddenNorms": { use(try analysis().meanHiddenNorms(layer: $0)) },
      "MemoryAnalysis.meanCellNorms": { use(try analysis().meanCellNorms(layer: $0)) },
      "TokenDecoder(contextSize:)": { use(try TokenDecoder(embedding: table(), recurrent: stack(), contextSize: $0)) },
      "TokenDecoder(readoutSize:)": { use(try TokenDecoder(embedding: table(), recurrent: stack(), readoutSize: $0)) },
      "ConditionedArchitecture(contextSize:)": {
        use(
          try ConditionedArchitecture(
            contextSize: $0, decoder: TokenDecoder(embedding: table(), recurrent: stack())
          ).parameterLayout)
      },
      "TeacherForcing.linear": {
        use(
          try ConditionedArchitecture(
            contextSize: 2, decoder: TokenDecoder(embedding: table(), recurrent: stack()),
            teacherForcing: .linear(to: 0.5, overSteps: $0)))
      },
      "InitializationScheme.pyTorch": { use(InitializationScheme.pyTorch(hiddenSize: $0)) },
      "InitializationScheme.remembering": {
        use(
          RecurrentLayer<Float>(try stack(), scheme: InitializationScheme.recommended.remembering(steps: $0), seed: 1))
      },
      "SafetensorsContents.setTensor": {
        var contents = SafetensorsContents()
        contents.setTensor("x", shape: [$0, $0], elements: [Float](repeating: 0, count: 1))
      },
      "SafetensorsContents.setTensor-empty": {
        var contents = SafetensorsContents()
        contents.setTensor("x", shape: [$0, 0, $0], elements: [Float]())
      },
    ]
  }

  private static func analysis() throws -> MemoryAnalysis {
    try RecurrentLayer<Float>(inputSize: 3, hiddenSize: 5).analyzeMemory(
      on: PackedSequence([Matrix(repeating: 0.5, rows: 4, columns: 3)], features: 3))
  }

  // MARK: - Training

  private static func examples() throws -> SequenceExamples<Float> {
    try SequenceExamples(
      inputs: .features([4, 6, 5].map { Matrix(repeating: 0.5, rows: $0, columns: 3) }),
      targets: .values([4, 6, 5].map { Matrix(repeating: 0.25, rows: $0, columns: 2) }))
  }

  /// Three steps with these options: an epoch may be one of 2⁶³.
  private static func train(_ options: TrainingOptions) throws {
    var model = try model()
    try model.train(on: examples(), validatingOn: examples(), options) { $0.step >= 3 ? .stop : .continue }
  }

  private static var training: [String: @Sendable (Int) throws -> Void] {
    [
      "TrainingOptions.epochs": { try train(TrainingOptions(epochs: $0, batchSize: 2)) },
      "TrainingOptions.batchSize": { try train(TrainingOptions(epochs: 2, batchSize: $0)) },
      "TrainingOptions.patience": { try train(TrainingOptions(epochs: 2, batchSize: 2, patience: $0)) },
      "TrainingOptions.memory": { try train(TrainingOptions(epochs: 2, batchSize: 2, memory: .budget(bytes: $0))) },
      "TrainingOptions.batchesPerEpoch": { use(TrainingOptions().batchesPerEpoch(examples: $0)) },
      "TrainingOptions.batchesPerEpoch-batchSize": {
        use(TrainingOptions(batchSize: $0).batchesPerEpoch(examples: 5))
      },
      "LearningRateSchedule.stepDecay": {
        try train(TrainingOptions(epochs: 2, schedule: .stepDecay(initial: 0.1, factor: 0.5, interval: $0)))
      },
      "LearningRateSchedule.cosine": {
        try train(TrainingOptions(epochs: 2, schedule: .cosine(peak: 0.1, totalSteps: $0)))
      },
      "LearningRateSchedule.cosine-warmUp": {
        try train(
          TrainingOptions(epochs: 2, schedule: .cosine(peak: 0.1, warmUpSteps: $0, totalSteps: Int.max)))
      },
      "LearningRateSchedule.reduceOnPlateau": {
        try train(TrainingOptions(epochs: 2, schedule: .reduceOnPlateau(initial: 0.1, patience: $0)))
      },
      "Optimizer(count:)": { use(Optimizer<Float>(.adam(), count: $0)) },
      "TrainableModel.loss(batchSize:)": { use(try model().loss(over: examples(), batchSize: $0)) },
      "TrainableModel.checkGradient(atMost:)": {
        use(try model().checkGradient(on: examples().batch([0, 1]), atMost: $0))
      },
      "SequenceExamples.batch": { use(try examples().batch([$0])) },
      "TokenStreams(streams:)": {
        use(try TokenStreams<Float>([Int32](repeating: 1, count: 100), streams: $0, window: 5))
      },
      "TokenStreams(window:)": {
        use(try TokenStreams<Float>([Int32](repeating: 1, count: 100), streams: 2, window: $0))
      },
      "TokenStreams-none": { use(try TokenStreams<Float>([], streams: $0, window: $0)) },
      "TokenStreams.batch": {
        use(try TokenStreams<Float>([Int32](repeating: 1, count: 100), streams: 2, window: 5).batch([$0]))
      },
      "ConditionedExamples.batch": {
        use(
          ConditionedExamples<Float>(
            contexts: Matrix(repeating: 0.5, rows: 2, columns: 2), sequences: [[1, 2], [3]], startToken: 0, endToken: 6
          ).batch([$0]))
      },
      "EncoderDecoderExamples.batch": {
        use(
          EncoderDecoderExamples<Float>(sources: [[1, 2], [3]], targets: [[1], [2]], startToken: 0, endToken: 6)
            .batch([$0]))
      },
      "GapExamples.batch": { use(GapExamples([[0, 1, 2, 6], [0, 3, 6]], unknown: 5).batch([$0])) },
      "SeededGenerator.uniform(below:)": {
        var generator = SeededGenerator(seed: 1)
        use(generator.uniform(below: $0))
      },
      "SeededGenerator.uniform(in:)": {
        var generator = SeededGenerator(seed: 1)
        use(generator.uniform(in: min(-10, $0)..<max($0, -10)))
      },
    ]
  }

  // MARK: - Generation

  /// Generates until the only token that is not forbidden, which ends the text.
  private static func generate(_ options: (Set<Int32>) -> GenerationOptions) throws {
    let decoder = try model(tokens: true, outputs: 7).decoder()
    use(try decoder.generate(from: [1], state: decoder.zeroState(batch: 1), options: options([0, 1, 2, 3, 4, 5])))
  }

  private static func search(_ options: (Set<Int32>) -> BeamSearchOptions) throws {
    let decoder = try model(tokens: true, outputs: 7).decoder()
    use(try decoder.beamSearch(from: [1], state: decoder.zeroState(batch: 1), options: options([0, 1, 2, 3])))
  }

  private static var generation: [String: @Sendable (Int) throws -> Void] {
    [
      "GenerationOptions.maximumLength": { size in
        try generate { GenerationOptions(maximumLength: size, endToken: 6, forbidden: $0) }
      },
      "SamplingStrategy.topK": { size in
        try generate { GenerationOptions(strategy: .topK(size), maximumLength: 3, endToken: 6, forbidden: $0) }
      },
      "BeamSearchOptions.width": { size in
        try search { BeamSearchOptions(width: size, maximumLength: 3, endToken: 6, forbidden: $0) }
      },
      "BeamSearchOptions.maximumLength": { size in
        try search {
          BeamSearchOptions(width: 1, maximumLength: min(size, 1 << 20), endToken: 6, forbidden: $0.union([4, 5]))
        }
      },
      "SequenceModelDecoder.zeroState": { use(try model(tokens: true, outputs: 7).decoder().zeroState(batch: $0)) },
    ]
  }
}
