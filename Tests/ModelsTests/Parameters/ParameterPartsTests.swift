import Kernels
import Models
import Testing

@Suite struct ParameterPartsTests {
  @Test func partsLieOneAfterTheOtherUnderTheirNames() throws {
    let (first, second) = (try LinearMap(inputSize: 3, outputSize: 2), try LinearMap(inputSize: 2, outputSize: 5))
    var parts = ParameterParts()
    let ranges = [
      parts.append("a", first.parameters), parts.append("none", []), parts.append("b.c", second.parameters),
      parts.append("", [ParameterShape("alone", rows: 1, columns: 4, role: .inputWeights)]),
    ]
    #expect(ranges == [0..<8, 8..<8, 8..<23, 23..<27] && parts.count == 27)
    #expect(parts.layout.shapes.map(\.name) == ["a.weight", "a.bias", "b.c.weight", "b.c.bias", "alone"])
    #expect(parts.layout.count == parts.count && parts.layout.range(ofPart: "b.c") == ranges[2])
  }

  /// Every architecture's parts cover its layout: what a pass reads is what the names say.
  @Test func theCountsOfLayersFollowFromTheirShapes() throws {
    let stack = try RecurrentStack(
      RecurrentCell.lstm(inputSize: 3, hiddenSize: 7, projectionSize: 5, hasPeepholes: true), layers: 3,
      isBidirectional: true)
    #expect(stack.parameterCount == stack.parameters.reduce(0) { $0 + $1.count })
    #expect(stack.parameterCount == stack.cells.reduce(0) { $0 + 2 * $1.parameterCount })
    #expect(Set(stack.parameters.map(\.name)).count == stack.parameters.count)
  }
}
