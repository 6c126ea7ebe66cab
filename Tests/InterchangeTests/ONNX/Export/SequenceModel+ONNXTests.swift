#if ONNX
import DataIO
import Kernels
import Models
import SwiftProtobuf
import TestSupport
import Testing

@testable import Interchange

@Suite struct SequenceModelONNXTests {
  @Test(arguments: ExportVariant.all)
  func aModelComesBackToTheBit(_ variant: ExportVariant) throws {
    func check<Scalar: SafetensorsElement & BLASScalar>(_: Scalar.Type) throws {
      let model: SequenceModel<Scalar> = try variant.model()
      let bytes = try ONNXExport(model, variant.options).serialized()
      let (read, preprocessing) = try SequenceModel<Scalar>.read(fromONNX: bytes)
      #expect(read.architecture == model.architecture && preprocessing == Preprocessing())
      #expect(read.parameters == model.parameters)
      #expect(try ONNXExport(read, variant.options).serialized() == bytes)
    }
    if variant.hasStates { try check(Float.self) } else { try check(Double.self) }
  }

  @Test func whatThereIsBesideTheNumbersComesBack() throws {
    let cell = RecurrentCell.lstm(inputSize: 3, hiddenSize: 5)
    let architecture = try SequenceArchitecture(
      recurrent: RecurrentStack(cell, layers: 2, dropout: 0.25, recurrentDropout: 0.1), outputSize: 2,
      loss: .binaryCrossEntropy, truncation: 11)
    let preprocessing = Preprocessing(
      inputScaling: try FeatureScaling(offsets: [0.1, -1e300, .pi], scales: [.leastNonzeroMagnitude, 1.0 / 3, 7e22]),
      classNames: ["yes", "nö"], notes: ["unit": "m/s²"])
    var model = SequenceModel<Float>(architecture, seed: 1)
    model.parameters.withUnsafeMutableBufferPointer {
      ($0[0], $0[1], $0[2]) = (-0.0, .infinity, .leastNonzeroMagnitude)
    }
    try withTemporaryFolder { folder in
      let path = folder + "/model.onnx"
      try ONNXExport(model, ONNXExport.Options(preprocessing: preprocessing)).write(to: path)
      #expect(throws: ONNXError.self) { try SequenceModel<Float>.read(fromONNX: path) }
      let read = try SequenceModel<Float>.read(fromONNX: path, allowsNonFinite: true)
      #expect(read.model.architecture == architecture && read.preprocessing == preprocessing)
      let (found, wanted) = (read.model.parameters, model.parameters)
      #expect(found["recurrent.weight_ih_l0"].hasSameBits(as: wanted["recurrent.weight_ih_l0"]))
      #expect(found == wanted)
      let wide = try SequenceModel<Double>.read(fromONNX: path, allowsNonFinite: true).model
      #expect(wide.parameters == model.parameters.converted(to: Double.self))
    }
  }

  @Test func aMissingFileIsNamed() throws {
    let error = try #require(throws: ONNXError.self) { try SequenceModel<Float>.read(fromONNX: "/nowhere/model.onnx") }
    #expect(error.problem == .cannotRead && error.file == "/nowhere/model.onnx")
  }

  @Test func everyTruncatedFileIsRefused() throws {
    let bytes = try ONNXExport(ExportVariant.all[0].model(as: Float.self)).serialized()
    for count in stride(from: 0, to: bytes.count, by: 31) {
      #expect(throws: ONNXError.self) { try SequenceModel<Float>.read(fromONNX: Array(bytes[..<count])) }
    }
  }

  @Test(arguments: HostileExport.all)
  func whatDescribesNoModelIsRefused(_ file: HostileExport) throws {
    let variant = ExportVariant(
      cell: .lstm, layers: 1, isBidirectional: false, readsTokens: false, readout: .everyStep, hasBias: true,
      hasLengths: false, hasStates: true)
    var message = try ONNX_ModelProto(serializedBytes: ONNXExport(variant.model(as: Float.self)).serialized())
    file.change(&message)
    let bytes: [UInt8] = try message.serializedBytes()
    let error = try #require(throws: ONNXError.self) {
      try SequenceModel<Float>.read(fromONNX: bytes, file: "hostile.onnx")
    }
    #expect(error.problem == file.problem && "\(error)".contains(file.says), "\(error)")
  }
}

/// An exported model with something changed.
struct HostileExport: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var problem = ONNXError.Problem.malformed
  /// Part of what the error must say.
  let says: String
  let change: @Sendable (inout ONNX_ModelProto) -> Void

  private static func constant(
    _ testDescription: String, _ name: String, problem: ONNXError.Problem = .malformed, says: String,
    _ change: @escaping @Sendable (inout ONNX_TensorProto) -> Void
  ) -> HostileExport {
    HostileExport(testDescription: testDescription, problem: problem, says: says) { message in
      for index in message.graph.initializer.indices where message.graph.initializer[index].name == name {
        change(&message.graph.initializer[index])
      }
    }
  }

  static let all: [HostileExport] = [
    HostileExport(testDescription: "no metadata", says: "no metadata \"format\"") { $0.metadataProps = [] },
    HostileExport(testDescription: "another version", says: "\"format_version\" that is \"2\"") {
      for index in $0.metadataProps.indices where $0.metadataProps[index].key == "format_version" {
        $0.metadataProps[index].value = "2"
      }
    },
    HostileExport(testDescription: "a larger model than the file", says: "the shape is [5, 2], wanted [4194304, 2]") {
      for index in $0.metadataProps.indices where $0.metadataProps[index].key == "architecture" {
        let text = $0.metadataProps[index].value
        $0.metadataProps[index].value = text.replacing("\"hiddenSize\":5", with: "\"hiddenSize\":4194304")
      }
    },
    HostileExport(testDescription: "no graph", says: "there is none of this name") { $0.clearGraph() },
    constant("a constant of another name", "head.bias", says: "“head.bias”: there is none") { $0.name = "bias" },
    constant("a constant of another shape", "recurrent.l0.R", says: "the shape is [20, 5, 1]") {
      $0.dims = [20, 5, 1]
    },
    constant("a constant of integers", "head.bias", says: "int64, wanted floating-point") {
      ($0.dataType, $0.rawData) = (7, $0.rawData + $0.rawData)
    },
    constant("too few bytes", "recurrent.l0.W", says: "bytes") { $0.rawData.removeLast() },
    constant("numbers elsewhere", "recurrent.l0.W", problem: .unsupported, says: "another file") {
      $0.dataLocation = .external
    },
    constant("more numbers than there can be", "recurrent.l0.B", says: "has more than") {
      $0.dims = [.max, .max]
    },
    constant("a negative dimension", "recurrent.l0.B", says: "-1") { $0.dims = [-1, 40] },
  ]
}
#endif
