import Foundation
import Kernels
import Models
import TestSupport
import Testing

/// Files of the models that are no ``SequenceModel``; what can be wrong with any is in ``SequenceModelFileTests``.
@Suite struct StoredModelTests {
  private let words = ["<s>", "</s>", "a", "é", "\n", "\"", "🙂", "</w>"]

  /// Whether `model` comes back from its file to the bit, and its file from what came back.
  private func comesBack<Model: StoredModel>(_ model: Model, _ preprocessing: Preprocessing) throws -> Bool
  where Model.Scalar: SafetensorsElement {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try model.write(to: path, preprocessing: preprocessing)
      let bytes = try Data(contentsOf: URL(filePath: path))
      let (read, readPreprocessing) = try Model.read(from: path)
      try read.write(to: path, preprocessing: readPreprocessing)
      let again = try Data(contentsOf: URL(filePath: path))
      return read.architecture == model.architecture && read.parameters == model.parameters
        && readPreprocessing == preprocessing && again == bytes
    }
  }

  private func gapModel() throws -> GapModel<Float> {
    GapModel(
      try GapArchitecture(
        embedding: EmbeddingTable(vocabularySize: 8, dimension: 3),
        recurrent: RecurrentStack(RecurrentCell(.lstm, inputSize: 3, hiddenSize: 5), layers: 2), dropout: 0.25),
      seed: 1)
  }

  @Test(arguments: DecoderVariant.all + DecoderVariant.attentive)
  func anEncoderDecoderComesBack(_ variant: DecoderVariant) throws {
    let preprocessing = Preprocessing(inputVocabulary: words, classNames: words.suffix(7))
    #expect(try comesBack(variant.encoderDecoder(as: Float.self), preprocessing))
    #expect(try comesBack(variant.encoderDecoder(as: Double.self), Preprocessing()))
  }

  @Test(arguments: DecoderVariant.all)
  func aConditionedDecoderComesBack(_ variant: DecoderVariant) throws {
    let preprocessing = Preprocessing(
      inputScaling: try FeatureScaling(offsets: [0, 1, 2], scales: [1, 2, 3]), classNames: words.suffix(7))
    #expect(try comesBack(variant.conditioned(as: Float.self), preprocessing))
  }

  @Test func aModelOfGapsComesBack() throws {
    #expect(try comesBack(gapModel(), Preprocessing(inputVocabulary: words, classNames: words)))
  }

  @Test func whatTheDataCannotBeIsRefused() throws {
    let variant = DecoderVariant.all[0]
    let scaling = try FeatureScaling(offsets: [0], scales: [1])
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      let refused = try #require(throws: SafetensorsError.self) {
        try variant.encoderDecoder(as: Float.self).write(
          to: path, preprocessing: Preprocessing(inputVocabulary: words.suffix(7)))
      }
      #expect("\(refused.found); \(refused.wanted)".hasSuffix("inputVocabulary that is 7 entries; 8, as the model has"))
      #expect(throws: SafetensorsError.self) {
        try variant.conditioned(as: Float.self).write(to: path, preprocessing: Preprocessing(inputScaling: scaling))
      }
      #expect(throws: SafetensorsError.self) {
        try gapModel().write(to: path, preprocessing: Preprocessing(classNames: ["a"]))
      }
      #expect(fileNames(in: folder).isEmpty)
    }
  }

  @Test func oneKindIsNotReadAsAnother() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try gapModel().write(to: path)
      let error = try #require(throws: SafetensorsError.self) { try EncoderDecoder<Float>.read(from: path) }
      #expect(error.found.contains("recurrent.gap-model") && error.wanted.contains("recurrent.encoder-decoder"))
      #expect(throws: SafetensorsError.self) { try SequenceModel<Float>.read(from: path) }
    }
  }

  @Test(arguments: [
    ("\"vocabularySize\":8", "\"vocabularySize\":-8"), ("\"vocabularySize\":8", "\"vocabularySize\":4194304"),
    ("\"vocabularySize\":8", "\"vocabularySize\":9223372036854775807"), ("\"memorySize\":6", "\"memorySize\":5"),
    ("\"querySize\":5", "\"querySize\":9223372036854775807"), ("\"hiddenSize\":3", "\"hiddenSize\":0"),
    ("\"dimension\":4", "\"dimension\":5"),
  ])
  func sizesThatCannotBeAreRefused(_ old: String, _ new: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try DecoderVariant.attentive[1].encoderDecoder(as: Float.self).write(to: path)
      let file = try SafetensorsFile(path: path)
      var metadata = file.metadata
      let architecture = try #require(metadata["architecture"])
      try #require(architecture.contains(old), "\(architecture)")
      metadata["architecture"] = architecture.replacingOccurrences(of: old, with: new)
      var contents = SafetensorsContents(metadata: metadata)
      for name in file.tensorNames {
        let (shape, elements) = try file.tensor(name, as: Float.self)
        contents.setTensor(name, shape: shape, elements: elements)
      }
      try contents.write(to: path)
      #expect(throws: SafetensorsError.self) { try EncoderDecoder<Float>.read(from: path) }
    }
  }
}
