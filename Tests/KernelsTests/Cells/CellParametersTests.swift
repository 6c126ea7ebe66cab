import TestSupport
import Testing

@testable import Kernels

@Suite struct CellParametersTests {
  /// Each view starts where ``RecurrentCell/parameters`` says, and together they cover the flat buffer.
  @Test(arguments: CellVariant.allCases)
  func theViewsLieInTheOrderOfTheShapes(_ variant: CellVariant) {
    let shape = variant.cell(inputSize: 3, hiddenSize: 5)
    let flat = Matrix(rows: 1, columns: shape.parameterCount, (0..<shape.parameterCount).map { Double($0) })
    flat.withView { flat in
      let views = CellParameters(shape, reading: flat)
      let byRole: [ParameterRole: MutableMatrixView<Double>?] = [
        .inputWeights: views.inputWeights, .recurrentWeights: views.recurrentWeights, .inputBias: views.inputBias,
        .recurrentBias: views.recurrentBias, .projection: views.projection, .peephole: views.peepholes,
      ]
      var offset = 0
      for parameter in shape.parameters {
        let view = byRole[parameter.role] ?? nil
        #expect(view?.baseAddress == UnsafeMutablePointer(mutating: flat.baseAddress) + offset, "\(parameter.name)")
        #expect((view?.rows).map { $0 * (view?.columns ?? 0) } == parameter.count, "\(parameter.name)")
        if !parameter.isVector {
          #expect(view?.rows == parameter.rows && view?.columns == parameter.columns, "\(parameter.name)")
        }
        offset += parameter.count
      }
      #expect(byRole.values.count { $0 != nil } == shape.parameters.count)
      #expect(offset == flat.columns)
    }
  }
}
