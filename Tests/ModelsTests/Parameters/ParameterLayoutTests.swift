import Kernels
import Models
import Testing

/// A small model: a recurrent layer with two gates' weights and a linear head.
let exampleLayout = ParameterLayout([
  (
    prefix: "rnn",
    shapes: [
      ParameterShape("weight_ih", rows: 6, columns: 2, role: .inputWeights, gates: [.reset, .update]),
      ParameterShape("bias_ih", rows: 6, columns: 1, role: .inputBias, gates: [.reset, .update]),
    ]
  ),
  (prefix: "head", shapes: [ParameterShape("weight", rows: 4, columns: 3, role: .inputWeights)]),
])

@Suite struct ParameterLayoutTests {
  @Test func blocksLieOneAfterTheOtherUnderTheirFullNames() {
    #expect(exampleLayout.entries.map(\.name) == ["rnn.weight_ih", "rnn.bias_ih", "head.weight"])
    #expect(exampleLayout.entries.map(\.range) == [0..<12, 12..<18, 18..<30])
    #expect(exampleLayout.count == 30)
  }

  @Test func aBlockIsFoundByItsNameAndAPartByItsPrefix() {
    #expect(exampleLayout.range(of: "rnn.bias_ih") == 12..<18)
    #expect(exampleLayout.offset(of: "head.weight") == 18)
    #expect(exampleLayout["bias_ih"] == nil)
    #expect(exampleLayout.range(ofPart: "rnn") == 0..<18)
    #expect(exampleLayout.offset(ofPart: "head") == 18)
    #expect(exampleLayout.range(ofPart: "") == 0..<30)
  }

  @Test func aPartIsNotFoundByTheBeginningOfItsName() {
    let layout = ParameterLayout([
      (prefix: "rnn", shapes: [ParameterShape("bias", rows: 2, columns: 1, role: .inputBias)]),
      (prefix: "rnn2", shapes: [ParameterShape("bias", rows: 5, columns: 1, role: .inputBias)]),
    ])
    #expect(layout.range(ofPart: "rnn") == 0..<2)
    #expect(layout.range(ofPart: "rnn2") == 2..<7)
  }

  @Test func layoutsAreEqualWhereNamesShapesRolesAndOrderAre() {
    let again = ParameterLayout(exampleLayout.shapes)
    #expect(again == exampleLayout)
    #expect(again.hashValue == exampleLayout.hashValue)
    #expect(ParameterLayout(exampleLayout.shapes.reversed()) != exampleLayout)
  }

  @Test func aModelMayHaveNoParameters() {
    #expect(ParameterLayout([ParameterShape]()).count == 0)
  }
}
