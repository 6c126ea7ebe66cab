import Kernels
import Models
import TestSupport
import Testing

@Suite struct HeadTests {
  /// A head of its own and a tied one, with and without hidden layers.
  private static func model(
    hiddenSizes: [Int], tied: Bool, readout: SequenceArchitecture.Readout = .everyStep
  ) throws -> SequenceModel<Double> {
    let table = try EmbeddingTable(vocabularySize: 7, dimension: 4)
    return SequenceModel(
      try SequenceArchitecture(
        embedding: table, recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: hiddenSizes.isEmpty ? 4 : 5)),
        readout: readout, outputSize: 7, loss: .softmaxCrossEntropy, tiesEmbedding: tied, headSizes: hiddenSizes),
      scheme: .pyTorch(hiddenSize: 5), seed: 3)
  }

  @Test(arguments: [[], [4], [9, 4]], [false, true])
  func gradientMatchesFiniteDifferences(_ hiddenSizes: [Int], tied: Bool) throws {
    let model = try Self.model(hiddenSizes: hiddenSizes, tied: tied)
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .gru)
    let check = model.checkGradient(on: variant.batch())
    #expect(try #require(check.worst).relativeError < Tolerance.finiteDifference, "\(check)")
  }

  @Test func parametersAreThoseOfEachLayer() throws {
    let names = { (head: Head) in head.parameters.map(\.name) }
    let table = try EmbeddingTable(vocabularySize: 7, dimension: 4)
    let plain = try Head(inputSize: 4, outputSize: 7)
    #expect(names(plain) == ["weight", "bias"] && plain.parameterCount == 35)
    #expect(names(try Head(inputSize: 4, outputSize: 7, tiedTo: table)) == ["bias"])
    let deep = try Head(inputSize: 3, hiddenSizes: [5, 4], outputSize: 7, tiedTo: table)
    #expect(names(deep) == ["hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "hidden.1.bias", "bias"])
    #expect(deep.parameterCount == 3 * 5 + 5 + 5 * 4 + 4 + 7)
  }

  @Test func aHiddenLayerIsALinearMapAndTanh() throws {
    let model = try Self.model(hiddenSizes: [9], tied: false)
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .gru)
    guard case .tokens(let tokens) = variant.inputs(as: Double.self) else { return }
    let embedded = tokens.rows.elements.map { model.parameters["embedding.weight"].row(Int($0)) }
    let read = model.recurrentLayer(PackedSequence(layout: tokens.layout, rows: Matrix(embedded))).outputs.rows
    func layer(_ name: String, _ inputs: Matrix<Double>) -> Matrix<Double> {
      let (weight, bias) = (model.parameters["\(name).weight"], model.parameters["\(name).bias"])
      var map = Linear<Double>(try! LinearMap(inputSize: weight.columns, outputSize: weight.rows))
      map.parameters["weight"] = weight
      map.parameters["bias"] = bias
      return map(inputs)
    }
    var hidden = layer("head.hidden.0", read)
    hidden.withUnsafeMutableBufferPointer { for i in $0.indices { $0[i] = Double._tanh($0[i]) } }
    let wanted = layer("head", hidden)
    #expect(maximumRelativeDifference(model(variant.inputs()).predictions, wanted) < Tolerance.gemm(k: 50, Double.self))
  }

  @Test func theFileHoldsTheHiddenLayersAndNothingWhereThereAreNone() throws {
    try withTemporaryFolder { folder in
      let model = try Self.model(hiddenSizes: [9, 4], tied: true)
      try model.write(to: folder + "/model")
      let read = try SequenceModel<Double>.read(from: folder + "/model").model
      #expect(read.architecture == model.architecture && read.parameters == model.parameters)
      let plain = try Self.model(hiddenSizes: [], tied: false)
      try plain.write(to: folder + "/plain")
      #expect(try SafetensorsFile(path: folder + "/plain").metadata["architecture"]?.contains("headSizes") == false)
    }
  }

  @Test func sizesThatAreNotPositiveAreRefused() {
    #expect(throws: ConfigurationError.self) { try Head(inputSize: 3, hiddenSizes: [0], outputSize: 2) }
    #expect(throws: ConfigurationError.self) { try Head(inputSize: 3, outputSize: 0) }
  }

  @Test func hiddenLayersAllocateNothingAfterTheFirstPass() throws {
    guard Allocations.areCounted else { return }
    func allocations(_ hiddenSizes: [Int]) throws -> Int {
      var model = SequenceModel<Float>(
        try SequenceArchitecture(
          recurrent: RecurrentStack(.lstm(inputSize: 3, hiddenSize: 5)), outputSize: 2, loss: .meanSquaredError,
          headSizes: hiddenSizes))
      model.execution = Execution(threads: 1)
      var generator = SeededGenerator(seed: 1)
      let batch = SequenceBatch<Float>(
        inputs: .features(PackedSequence([.random(rows: 9, columns: 3, from: &generator)], features: 3)),
        targets: .values(PackedSequence([.random(rows: 9, columns: 2, from: &generator)], features: 2)),
        initialState: model.zeroState(batch: 1))
      var (tape, gradient) = (model.makeTape(seed: 0), ParameterVector<Float>.zeros(model.parameters.layout))
      func pass() { _ = model.accumulateGradient(of: batch, window: 0, tape: &tape, into: &gradient) }
      pass()
      pass()
      return Allocations.count(in: pass)
    }
    #expect(try allocations([6, 4]) == allocations([]))
  }
}
