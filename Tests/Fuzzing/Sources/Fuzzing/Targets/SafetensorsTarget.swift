import Foundation
import Kernels
import Models

extension FuzzTarget {
  /// Safetensors files: the tensors that were read are written and read to the same.
  static let safetensors = FuzzTarget(name: "safetensors", seeds: { safetensorsSeeds }) { bytes in
    let file = try SafetensorsFile(bytes: bytes)
    var contents = SafetensorsContents(metadata: file.metadata)
    for name in file.tensorNames {
      for type in SafetensorsType.allCases { try? copy(name, as: type, from: file, to: &contents) }
      _ = try? file.matrix(name, as: Float.self)
    }
    let written = contents.serialized()
    requireSame(try rewritten(written), as: written, "safetensors")
  }

  /// Models: what was read is written and read to the same.
  static let model = FuzzTarget(name: "model", seeds: { modelSeeds }) { bytes in
    let (model, preprocessing) = try SequenceModel<Float>.read(from: SafetensorsFile(bytes: bytes))
    let path = scratchFile
    do { try model.write(to: path, preprocessing: preprocessing) } catch {
      preconditionFailure("a model that was read cannot be written: \(error)")
    }
    requireSame(try SequenceModel<Float>.read(from: path).model.architecture, as: model.architecture, "architecture")
    requireSame(try SequenceModel<Float>.read(from: path).preprocessing, as: preprocessing, "preprocessing")
  }
}

/// `file` with one field of its metadata replaced by the largest or the smallest number, for each field that is a number.
func hostileNumbers(in file: [UInt8]) -> [[UInt8]] {
  guard let whole = try? SafetensorsFile(bytes: file) else { return [] }
  var contents = SafetensorsContents()
  for name in whole.tensorNames {
    guard let (shape, elements) = try? whole.tensor(name, as: Float.self) else { continue }
    contents.setTensor(name, shape: shape, elements: elements)
  }
  var seeds: [[UInt8]] = []
  for (key, value) in whole.metadata.sorted(by: { $0.key < $1.key }) {
    for field in value.matches(of: /(?:^|:)(-?[0-9][-+.0-9e]*)/) {
      for number in ["9223372036854775807", "-9223372036854775808"] {
        contents.metadata = whole.metadata
        contents.metadata[key] = value.replacingCharacters(
          in: field.output.1.startIndex..<field.output.1.endIndex, with: number)
        seeds.append(contents.serialized())
      }
    }
  }
  return seeds
}

private let scratchFile = URL.temporaryDirectory.appending(path: "recurrent-fuzzing-\(getpid())").path

/// What is read from `bytes`, written again.
private func rewritten(_ bytes: [UInt8]) throws -> [UInt8] {
  let file = try SafetensorsFile(bytes: bytes)
  var contents = SafetensorsContents(metadata: file.metadata)
  for (name, entry) in file.tensors { try copy(name, as: entry.type, from: file, to: &contents) }
  return contents.serialized()
}

/// Reads a tensor as `type` and adds it; where it cannot be had as that, throws.
private func copy(
  _ name: String, as type: SafetensorsType, from file: SafetensorsFile, to contents: inout SafetensorsContents
) throws {
  func copy<Element: SafetensorsElement>(_: Element.Type) throws {
    let (shape, elements) = try file.tensor(name, as: Element.self)
    contents.setTensor(name, shape: shape, elements: elements)
  }
  switch type {
  case .float32, .float16, .bfloat16: try copy(Float.self)
  case .float64: try copy(Double.self)
  case .int32: try copy(Int32.self)
  case .int64: try copy(Int64.self)
  }
}

private let safetensorsSeeds: [[UInt8]] = {
  var contents = SafetensorsContents(metadata: ["note": "a \"quoted\" one", "": ""])
  contents.setTensor("weights", shape: [2, 3], elements: [1, 2, 3, 4, 5, 6] as [Float])
  contents.setTensor("steps", shape: [], elements: [7] as [Int64])
  contents.setTensor("none", shape: [0, 4], elements: [] as [Double])
  contents.setTensor("classes", shape: [2], elements: [3, -4] as [Int32])
  let half = Array(
    #"{"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]}}"#
      .utf8)
  let twice = Array(
    #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#
      .utf8)
  return [
    contents.serialized(), SafetensorsContents().serialized(), [UInt8(twice.count), 0, 0, 0, 0, 0, 0, 0] + twice,
    [UInt8(half.count), 0, 0, 0, 0, 0, 0, 0] + half + [1, 2, 3, 4],
  ]
}()

private let modelSeeds: [[UInt8]] = {
  let architectures: [(SequenceArchitecture, Preprocessing)]
  do {
    architectures = [
      (
        try SequenceArchitecture(
          recurrent: RecurrentStack(.lstm(inputSize: 2, hiddenSize: 3), layers: 2), outputSize: 1,
          loss: .meanSquaredError),
        Preprocessing(inputScaling: try FeatureScaling(offsets: [1, 2], scales: [3, 4]), notes: ["unit": "m"])
      ),
      (
        try SequenceArchitecture(
          embedding: EmbeddingTable(vocabularySize: 3, dimension: 2),
          recurrent: RecurrentStack(.gru(inputSize: 2, hiddenSize: 2), layers: 1), outputSize: 2,
          loss: .softmaxCrossEntropy, truncation: 4),
        Preprocessing(inputVocabulary: ["a", "b", "c"])
      ),
    ]
    return try architectures.flatMap { architecture, preprocessing in
      try SequenceModel<Float>(architecture, seed: 1).write(to: scratchFile, preprocessing: preprocessing)
      defer { unlink(scratchFile) }
      let seed = Array(try Data(contentsOf: URL(filePath: scratchFile)))
      return [seed] + hostileNumbers(in: seed)
    }
  } catch {
    fatalError("cannot make a model to begin with: \(error)")
  }
}()
