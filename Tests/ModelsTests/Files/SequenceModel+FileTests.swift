import Foundation
import Kernels
import Models
import TestSupport
import Testing

@Suite struct SequenceModelFileTests {
  @Test(arguments: ModelVariant.all)
  func aFileAloneRebuildsTheModel(_ variant: ModelVariant) throws {
    let model: SequenceModel<Float> = try variant.model()
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try model.write(to: path)
      let (read, preprocessing) = try SequenceModel<Float>.read(from: path)
      #expect(read.architecture == model.architecture && read.parameters == model.parameters)
      #expect(preprocessing == Preprocessing())
      var onOneThread = read
      onOneThread.execution = model.execution
      let (found, wanted) = (onOneThread(variant.inputs()), model(variant.inputs()))
      #expect(found.predictions == wanted.predictions && found.state == wanted.state)

      let bytes = try Data(contentsOf: URL(filePath: path))
      try read.write(to: path)
      #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
      #expect(fileNames(in: folder) == ["model.safetensors"])
    }
  }

  @Test func everyOptionOfTheArchitectureIsKept() throws {
    let lstm = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5, projectionSize: 4, hasPeepholes: true)
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(lstm, layers: 3, dropout: 0.25, recurrentDropout: 0.1), outputSize: 2,
      loss: .binaryCrossEntropy, truncation: 11)
    let model = SequenceModel<Double>(architecture, seed: 1)
    try withTemporaryFolder { folder in
      try model.write(to: folder + "/model")
      let read = try SequenceModel<Double>.read(from: folder + "/model").model
      #expect(read.architecture == architecture && read.parameters == model.parameters)
    }
  }

  @Test func aTiedEmbeddingIsKeptAndAFileThatKnowsOfNoneHasNone() throws {
    func model(tied: Bool) throws -> SequenceModel<Float> {
      SequenceModel(
        try SequenceArchitecture(
          embedding: EmbeddingTable(vocabularySize: 7, dimension: 4),
          recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 4)), outputSize: 7,
          loss: .softmaxCrossEntropy, tiesEmbedding: tied), seed: 2)
    }
    try withTemporaryFolder { folder in
      for tied in [true, false] {
        let path = folder + "/model"
        try model(tied: tied).write(to: path)
        let read = try SequenceModel<Float>.read(from: path).model
        #expect(read.architecture == (try model(tied: tied).architecture) && read.architecture.tiesEmbedding == tied)
        #expect(read.parameters == (try model(tied: tied).parameters))
        #expect(try SafetensorsFile(path: path).metadata["architecture"]?.contains("tiesEmbedding") == tied)
      }
    }
  }

  @Test func thePreprocessingIsKeptToTheBit() throws {
    let (features, tokens) = (ModelVariant.all[0], try #require(ModelVariant.all.first { $0.readsTokens }))
    let scaled = Preprocessing(
      inputScaling: try FeatureScaling(offsets: [0.1, -1e300, .pi], scales: [.leastNonzeroMagnitude, 1.0 / 3, 7e22]),
      targetScaling: try FeatureScaling(offsets: [1, 2], scales: [3, 4]), classNames: ["yes", "no"],
      notes: ["unit": "m/s²", "a \"quoted\"\n\u{1}key": "\\ / 🙂", "": ""])
    let worded = Preprocessing(inputVocabulary: ["a", "é", "\n", "\"", "", "🙂", "</s>"])
    try withTemporaryFolder { folder in
      for (variant, preprocessing) in [(features, scaled), (tokens, worded)] {
        try variant.model(as: Float.self).write(to: folder + "/model", preprocessing: preprocessing)
        #expect(try SequenceModel<Float>.read(from: folder + "/model").preprocessing == preprocessing)
      }
    }
  }

  @Test func floatsLoadAsDoublesAndBack() throws {
    let model: SequenceModel<Float> = try ModelVariant.all[4].model()
    try withTemporaryFolder { folder in
      try model.write(to: folder + "/model")
      let wide = try SequenceModel<Double>.read(from: folder + "/model").model
      #expect(wide.parameters == model.parameters.converted(to: Double.self))
      try wide.write(to: folder + "/wide")
      #expect(try SequenceModel<Float>.read(from: folder + "/wide").model.parameters == model.parameters)
      #expect(try SafetensorsFile(path: folder + "/wide").metadata["scalar_type"] == "F64")
    }
  }

  // MARK: Files that describe no model

  @Test(arguments: HostileModelFile.all)
  func whatDescribesNoModelIsRefused(_ file: HostileModelFile) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/hostile.safetensors"
      try file.write(to: path)
      let error = try #require(throws: SafetensorsError.self) { try SequenceModel<Float>.read(from: path) }
      #expect(error.problem == file.problem && error.file == path)
      #expect(error.tensor == file.tensor)
      #expect("\(error.found); \(error.wanted)".contains(file.says), "\(error)")
    }
  }

  @Test func aMissingFileIsNamed() throws {
    let error = try #require(throws: SafetensorsError.self) { try SequenceModel<Float>.read(from: "/nowhere/model") }
    #expect(error.problem == .cannotRead && error.file == "/nowhere/model")
  }
}

/// A model's file with something changed.
struct HostileModelFile: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let problem: SafetensorsError.Problem
  var tensor: String?
  /// Part of what the error must say.
  let says: String
  /// Changes the metadata of a good file.
  var metadata: @Sendable (inout [String: String]) -> Void = { _ in }
  /// Changes the tensors of a good file.
  var tensors: @Sendable (inout SafetensorsContents) -> Void = { _ in }

  func write(to path: String) throws {
    let variant = ModelVariant(readsTokens: true, readout: .everyStep, isBidirectional: false, kind: .gru)
    try variant.model(as: Float.self).write(to: path)
    let good = try SafetensorsFile(path: path)
    var notes = good.metadata
    metadata(&notes)
    var contents = SafetensorsContents(metadata: notes)
    for name in good.tensorNames where tensor != name || problem != .missingTensor {
      let (shape, elements) = try good.tensor(name, as: Float.self)
      contents.setTensor(name, shape: shape, elements: elements)
    }
    tensors(&contents)
    try contents.write(to: path)
  }

  /// A file whose architecture has `old` replaced by `new`.
  private static func architecture(_ old: String, _ new: String, says: String) -> HostileModelFile {
    HostileModelFile(testDescription: "\(old) replaced by \(new)", problem: .metadata, says: says) { metadata in
      let text = metadata["architecture"] ?? ""
      precondition(text.contains(old), "\(old) is not in \(text)")
      metadata["architecture"] = text.replacingOccurrences(of: old, with: new)
    }
  }

  /// A file whose metadata `key` is `text`.
  private static func metadata(_ key: String, _ text: String?, says: String) -> HostileModelFile {
    HostileModelFile(testDescription: "\(key) that is \(text ?? "missing")", problem: .metadata, says: says) {
      $0[key] = text
    }
  }

  static let all: [HostileModelFile] = [
    metadata("format", nil, says: "no metadata \"format\""),
    metadata("format", "pt", says: "metadata \"format\" that is \"pt\"; \"recurrent.sequence-model\""),
    metadata("format_version", nil, says: "no metadata \"format_version\""),
    metadata("format_version", "2", says: "metadata \"format_version\" that is \"2\"; \"1\""),
    metadata("architecture", nil, says: "no metadata \"architecture\""),
    metadata("architecture", "", says: "metadata \"architecture\""),
    metadata("architecture", "{", says: "metadata \"architecture\""),
    metadata("architecture", "[]", says: "metadata \"architecture\""),
    metadata("architecture", "null", says: "metadata \"architecture\""),
    metadata("architecture", "{}", says: "no \"recurrent\""),
    metadata("architecture", String(repeating: "[", count: 100_000), says: "metadata \"architecture\""),
    metadata("preprocessing", nil, says: "no metadata \"preprocessing\""),
    metadata("preprocessing", "{}", says: "no \"notes\""),
    metadata("preprocessing", #"{"notes":{"a":1}}"#, says: "notes.a that cannot be used"),
    metadata(
      "preprocessing", #"{"notes":{},"targetScaling":{"offsets":[0],"scales":[0]}}"#, says: "scale that is 0.0"),
    metadata(
      "preprocessing", #"{"notes":{},"targetScaling":{"offsets":[0],"scales":[1,2]}}"#, says: "scales that is 2 numbers"
    ),
    metadata(
      "preprocessing", #"{"notes":{},"targetScaling":{"offsets":[0],"scales":[1]}}"#,
      says: "targetScaling that is 1 entries; 6, as the model has"),
    metadata(
      "preprocessing", #"{"notes":{},"inputScaling":{"offsets":[0],"scales":[1]}}"#, says: "the model reads tokens"),
    metadata("preprocessing", #"{"notes":{},"inputVocabulary":["a"]}"#, says: "inputVocabulary that is 1 entries"),
    architecture("\"hiddenSize\":5", "\"hiddenSize\":0", says: "hiddenSize is 0"),
    architecture("\"hiddenSize\":5", "\"hiddenSize\":-5", says: "hiddenSize is -5"),
    architecture("\"hiddenSize\":5", "\"hiddenSize\":9223372036854775807", says: "hiddenSize is 9223372036854775807"),
    architecture("\"hiddenSize\":5", "\"hiddenSize\":1e30", says: "text that cannot be used"),
    architecture("\"hiddenSize\":5", "\"hiddenSize\":\"5\"", says: "hiddenSize"),
    architecture("\"hiddenSize\":5", "\"units\":5", says: "no \"recurrent.cell.hiddenSize\""),
    architecture("\"inputSize\":4", "\"inputSize\":3", says: "recurrent input size that is 3"),
    architecture("\"kind\":\"gru\"", "\"kind\":\"transformer\"", says: "transformer"),
    architecture("\"layers\":2", "\"layers\":0", says: "layers that is 0"),
    architecture("\"layers\":2", "\"layers\":1000000", says: "layers that is 1000000"),
    architecture("\"dropout\":0", "\"dropout\":1", says: "dropout that is 1.0"),
    architecture("\"recurrentDropout\":0", "\"recurrentDropout\":-0.5", says: "recurrentDropout that is -0.5"),
    architecture("\"outputSize\":6", "\"outputSize\":0", says: "outputSize is 0"),
    architecture("\"vocabularySize\":7", "\"vocabularySize\":-1", says: "vocabularySize is -1"),
    architecture("\"loss\":\"softmaxCrossEntropy\"", "\"loss\":\"hinge\"", says: "hinge"),
    architecture(
      "\"readout\":\"everyStep\"", "\"readout\":\"everyStep\",\"truncation\":0", says: "truncation that is 0"),
    HostileModelFile(
      testDescription: "a model larger than the file", problem: .shape, tensor: "embedding.weight",
      says: "shape [7, 4]; [4194304, 4]"
    ) { $0["architecture"] = $0["architecture"]?.replacingOccurrences(of: "ySize\":7", with: "ySize\":4194304") },
    HostileModelFile(
      testDescription: "a missing tensor", problem: .missingTensor, tensor: "recurrent.weight_hh_l1",
      says: "no such tensor"),
    HostileModelFile(
      testDescription: "a tensor too many", problem: .unknownTensor, tensor: "surprise", says: "does not have",
      tensors: { $0.setTensor("surprise", shape: [1], elements: [Float(1)]) }),
    HostileModelFile(
      testDescription: "a tensor of another shape", problem: .shape, tensor: "head.bias", says: "shape [1, 6]; [6]",
      tensors: { $0.setTensor("head.bias", shape: [1, 6], elements: [Float](repeating: 1, count: 6)) }),
    HostileModelFile(
      testDescription: "a tensor of integers", problem: .elementType, tensor: "head.bias", says: "I32; floating-point",
      tensors: { $0.setTensor("head.bias", shape: [6], elements: [Int32](repeating: 1, count: 6)) }),
  ]
}
