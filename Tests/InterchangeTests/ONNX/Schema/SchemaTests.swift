#if ONNX
import DataIO
import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@testable import Interchange

@Suite struct SchemaTests {
  /// The other half is in Scripts/interchange/onnx_export.py: what is written here must be equal to what was read.
  @Test(.enabled(if: InterchangeFolder.isPresent, "needs Scripts/check-interchange.sh"))
  func aModelOfPythonsSurvivesBeingReadAndWritten() throws {
    let folder = InterchangeFolder.part("onnx_export")
    let model = try ONNX_ModelProto(
      serializedBytes: FileReading.bytes(of: folder + "/schema.onnx"), extensions: nil, partial: false)
    #expect(model.irVersion == 8 && model.producerName == "" && model.hasProducerName)
    #expect(model.opsetImport.map(\.version) == [17, 1] && model.functions.map(\.name) == ["Twice"])
    #expect(model.metadataProps.map(\.key) == ["key"] && model.metadataProps.map(\.value) == ["värde"])
    let (graph, node) = (model.graph, model.graph.node[0])
    #expect(node.input == ["x", "", "w"] && node.opType == "Example" && node.attribute[0].type == .float)
    #expect(graph.initializer.map(\.dims) == Array(repeating: [2], count: 8) + [[]])
    #expect(graph.initializer[0].floatData == [1.5, -2] && graph.initializer[0].dataType == 1)
    #expect(graph.initializer[7].dataLocation == .external)
    #expect(graph.input[0].type.tensorType.shape.dim.map(\.dimParam) == ["batch", ""])
    #expect(graph.input[0].type.tensorType.shape.dim.map(\.dimValue) == [0, 3])
    guard case .sequenceType? = graph.input[1].type.value else {
      Issue.record("a sequence is not seen as one")
      return
    }
    try FileManager.default.createDirectory(atPath: folder + "/ours", withIntermediateDirectories: true)
    let bytes: [UInt8] = try model.serializedBytes()
    try Data(bytes).write(to: URL(filePath: folder + "/ours/schema.onnx"))
  }

  @Test func graphsThatContainThemselvesWithoutEndAreRefused() throws {
    var graph = ONNX_GraphProto()
    for _ in 0..<200 {
      let attribute = ONNX_AttributeProto.with { $0.g = graph }
      let node = ONNX_NodeProto.with { $0.attribute = [attribute] }
      graph = ONNX_GraphProto.with { $0.node = [node] }
    }
    let bytes: [UInt8] = try ONNX_ModelProto.with { $0.graph = graph }.serializedBytes()
    #expect(throws: BinaryDecodingError.messageDepthLimit) { try ONNX_ModelProto(serializedBytes: bytes) }
  }
}
#endif
