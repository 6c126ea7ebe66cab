import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceModelClassificationTests {
  private static func model(_ loss: Loss) throws -> SequenceModel<Double> {
    SequenceModel(
      try SequenceArchitecture(
        recurrent: RecurrentStack(.gru(inputSize: 3, hiddenSize: 5)), readout: .finalState, outputSize: 4, loss: loss),
      scheme: .pyTorch(hiddenSize: 2), seed: 2)
  }

  private static let inputs = ModelVariant(
    readsTokens: false, readout: .finalState, isBidirectional: false, kind: .gru)

  @Test func probabilitiesOfClassesAreASoftmax() throws {
    let model = try Self.model(.softmaxCrossEntropy)
    let inputs: SequenceInputs<Double> = Self.inputs.inputs()
    let probabilities = try model.classProbabilities(of: inputs)
    #expect(probabilities == model(inputs).predictions.softmax())
    #expect(probabilities.argmax() == model(inputs).predictions.argmax())
    for row in probabilities.nestedRows { #expect(abs(row.reduce(0, +) - 1) < 1e-14) }
  }

  @Test func probabilitiesOfAYesAreEachTheirOwn() throws {
    let model = try Self.model(.binaryCrossEntropy)
    let inputs: SequenceInputs<Double> = Self.inputs.inputs()
    let (found, logits) = (try model.classProbabilities(of: inputs), model(inputs).predictions)
    for (p, x) in zip(found.elements, logits.elements) { #expect(abs(p - 1 / (1 + Double._exp(-x))) < 1e-15) }
  }

  @Test func aModelOfNumbersHasNoClasses() throws {
    let model = try Self.model(.meanSquaredError)
    #expect(throws: ConfigurationError.self) { try model.classProbabilities(of: Self.inputs.inputs()) }
  }

  @Test func accuracyIsTheShareOfClassesThatAreFound() throws {
    let model = try Self.model(.softmaxCrossEntropy)
    var generator = SeededGenerator(seed: 8)
    let sequences = (1...9).map { Matrix<Double>.random(rows: $0, columns: 3, from: &generator) }
    let found = model(.features(PackedSequence(sequences, features: 3))).predictions.argmax()
    var labels = found.map(Int32.init)
    func accuracy() throws -> Double {
      try model.accuracy(
        over: SequenceExamples(inputs: .features(sequences), targets: .finalClasses(labels)), batchSize: 4)
    }
    #expect(try accuracy() == 1)
    for i in [0, 3, 8] { labels[i] = (labels[i] + 1) % 4 }
    #expect(try accuracy() == 6.0 / 9)
    labels[1] = -1
    #expect(try accuracy() == 5.0 / 8)
    #expect(throws: ConfigurationError.self) {
      try model.accuracy(
        over: SequenceExamples(
          inputs: .features(sequences), targets: .finalValues(labels.map { _ in [0, 0, 0, 0] })))
    }
  }
}
