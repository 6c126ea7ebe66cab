#if ONNX
import Models
import Testing

@testable import Interchange

@Suite struct SequenceModelGraphTests {
  private func graph(_ variant: ExportVariant) throws -> ONNX_GraphProto {
    var graph = SequenceModelGraph<Float>(
      try variant.model(), hasLengths: variant.hasLengths, hasStates: variant.hasStates)
    return graph.build()
  }

  @Test(arguments: ExportVariant.all)
  func everythingInAGraphIsUsed(_ variant: ExportVariant) throws {
    let graph = try graph(variant)
    let bodies = graph.node.flatMap { $0.attribute.filter(\.hasG).map(\.g) }
    #expect(bodies.count == (variant.isProjected ? variant.layers * (variant.isBidirectional ? 2 : 1) : 0))
    let read = Set((graph.node + bodies.flatMap(\.node)).flatMap(\.input) + graph.output.map(\.name))
    for name in graph.initializer.map(\.name) + graph.input.map(\.name) { #expect(read.contains(name), "\(name)") }
    for node in graph.node { #expect(!read.isDisjoint(with: node.output), "\(node.name)") }
    for body in bodies {
      let read = Set(body.node.flatMap(\.input) + body.output.map(\.name))
      for name in body.input.map(\.name) + body.node.flatMap(\.output) { #expect(read.contains(name), "\(name)") }
    }
  }

  @Test func inputsAndOutputsAreAsDocumented() throws {
    func describe(_ values: [ONNX_ValueInfoProto]) -> [String] {
      values.map { value in
        let dimensions = value.type.tensorType.shape.dim.map { $0.dimParam.isEmpty ? "\($0.dimValue)" : $0.dimParam }
        return "\(value.name) \(value.type.tensorType.elemType) \(dimensions.joined(separator: "×"))"
      }
    }
    let lstm = try graph(
      ExportVariant(
        cell: .projected, layers: 3, isBidirectional: true, readsTokens: true, readout: .finalState, hasBias: true,
        hasLengths: true, hasStates: true))
    #expect(
      describe(lstm.input) == ["tokens 7 batch×time", "lengths 6 batch", "h_0 1 6×batch×4", "c_0 1 6×batch×5"])
    #expect(describe(lstm.output) == ["predictions 1 batch×2", "h_n 1 6×batch×4", "c_n 1 6×batch×5"])
    let gru = try graph(
      ExportVariant(
        cell: .gruAfter, layers: 1, isBidirectional: false, readsTokens: false, readout: .everyStep, hasBias: true,
        hasLengths: false, hasStates: false))
    #expect(describe(gru.input) == ["inputs 1 batch×time×3"])
    #expect(describe(gru.output) == ["predictions 1 batch×time×2"])
  }
}
#endif
