#if ONNX
import DataIO
import Foundation
import Interchange
import Kernels
import Models
import TestSupport
import Testing

@Suite struct ONNXExportTests {
  /// The other half is in Scripts/interchange/onnx_export.py: the checker must accept and ONNX Runtime compute it.
  @Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"), arguments: ExportVariant.all)
  func otherEnginesAreGivenEveryVariant(_ variant: ExportVariant) throws {
    try write(variant, as: Float.self, to: "float-\(variant.name)")
    if variant.hasStates { try write(variant, as: Double.self, to: "double-\(variant.name)") }
  }

  private func write<Scalar: SafetensorsElement & BLASScalar>(
    _ variant: ExportVariant, as _: Scalar.Type, to name: String
  ) throws {
    let folder = InterchangeFolder.part("onnx_export") + "/ours"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let model: SequenceModel<Scalar> = try variant.model()
    try ONNXExport(model, variant.options).write(to: "\(folder)/\(name).onnx")
    var contents = SafetensorsContents()
    for (index, batch) in try variant.batches(as: Scalar.self).enumerated() {
      let named = [("in", batch.tensors(hasLengths: variant.hasLengths)), ("out", batch.outputs(of: model))]
      for (role, tensors) in named {
        for (name, tensor) in tensors { contents.set("\(index).\(role).\(name)", tensor) }
      }
      contents.set("\(index).lengths", Tensor(shape: [batch.lengths.count], .int32(batch.lengths.map(Int32.init))))
    }
    try contents.write(to: "\(folder)/\(name).safetensors")
  }

  /// Our own interpreter has no Scan, and takes no sequences without steps.
  @Test(arguments: ExportVariant.all.filter { !$0.isProjected })
  func theExportedGraphComputesTheSame(_ variant: ExportVariant) throws {
    let model: SequenceModel<Float> = try variant.model()
    let exported = try ONNXModel(bytes: ONNXExport(model, variant.options).serialized())
    for batch in try variant.batches(as: Float.self) where !batch.lengths.contains(0) {
      let found = try exported(batch.tensors(hasLengths: variant.hasLengths))
      let wanted = batch.outputs(of: model)
      #expect(found.keys.sorted() == wanted.keys.sorted())
      for (name, tensor) in wanted {
        let numbers = found[name].map { name == "predictions" ? batch.withoutPadding($0) : $0 }?.elements.floats ?? []
        #expect(found[name]?.shape == tensor.shape)
        #expect(maximumRelativeDifference(numbers, tensor.elements.doubles) < 1e-5, "\(name)")
      }
    }
  }

  @Test(arguments: ExportVariant.all.filter { $0.hasLengths && $0.hasStates && $0.isBidirectional })
  func theSameModelGivesTheSameBytes(_ variant: ExportVariant) throws {
    let model: SequenceModel<Float> = try variant.model()
    let bytes = try ONNXExport(model, variant.options).serialized()
    #expect(try ONNXExport(model, variant.options).serialized() == bytes)
    try withTemporaryFolder { folder in
      try ONNXExport(model, variant.options).write(to: folder + "/model.onnx")
      #expect(try FileReading.bytes(of: folder + "/model.onnx") == bytes)
      #expect(fileNames(in: folder) == ["model.onnx"])
    }
  }

  @Test func aTiedHeadBecomesOneOfItsOwn() throws {
    let architecture = try SequenceArchitecture(
      embedding: EmbeddingTable(vocabularySize: 11, dimension: 4),
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 4)), outputSize: 11,
      loss: .softmaxCrossEntropy, tiesEmbedding: true)
    let model = SequenceModel<Float>(architecture, seed: 1)
    #expect(try ONNXExport(model).serialized() == ONNXExport(model.untied()).serialized())
    let read = try SequenceModel<Float>.read(fromONNX: ONNXExport(model).serialized()).model
    #expect(read.parameters == model.untied().parameters)
  }

  @Test(arguments: [SequenceArchitecture.Readout.meanState, .maxState])
  func aReadoutThatPoolsIsRefused(_ readout: SequenceArchitecture.Readout) throws {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 5)), readout: readout, outputSize: 2,
      loss: .softmaxCrossEntropy)
    let error = #expect(throws: ConfigurationError.self) { try ONNXExport(SequenceModel<Float>(architecture)) }
    #expect(error?.found == readout.rawValue)
  }

  @Test func aHeadWithHiddenLayersIsRefused() throws {
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(.gru(inputSize: 4, hiddenSize: 5)), outputSize: 2, loss: .softmaxCrossEntropy,
      headSizes: [3])
    let error = #expect(throws: ConfigurationError.self) { try ONNXExport(SequenceModel<Float>(architecture)) }
    #expect(error?.found == "one with hidden layers")
  }

  @Test func preprocessingOfAnotherModelIsRefused() throws {
    let model: SequenceModel<Float> = try ExportVariant.all[0].model()
    let error = try #require(throws: ConfigurationError.self) {
      try ONNXExport(model, ONNXExport.Options(preprocessing: Preprocessing(classNames: ["one"])))
    }
    #expect(error.setting == "classNames" && error.found == "1 entries")
  }

  @Test func aFileThatCannotBeWrittenIsNamed() throws {
    let export = try ONNXExport(ExportVariant.all[0].model(as: Float.self))
    let error = try #require(throws: DataError.self) { try export.write(to: "/nowhere/model.onnx") }
    #expect(error.file == "/nowhere/model.onnx")
  }
}

extension SafetensorsContents {
  mutating func set(_ name: String, _ tensor: Tensor) {
    switch tensor.elements {
    case .int32(let numbers): setTensor(name, shape: tensor.shape, elements: numbers)
    case .int64(let numbers): setTensor(name, shape: tensor.shape, elements: numbers)
    case .float(let numbers): setTensor(name, shape: tensor.shape, elements: numbers)
    case .double(let numbers): setTensor(name, shape: tensor.shape, elements: numbers)
    default: preconditionFailure("\(tensor.typeName) is not written here")
    }
  }
}
#endif
