import Kernels
import Models
import TestSupport
import Testing

@Suite struct ParameterVectorTests {
  /// 1, 2, … 30 with alternating signs.
  private func example<Scalar: BLASScalar>(_ type: Scalar.Type) -> ParameterVector<Scalar> {
    var parameters = ParameterVector<Scalar>.zeros(exampleLayout)
    parameters.withUnsafeMutableBufferPointer {
      for i in $0.indices { $0[i] = Scalar(i % 2 == 0 ? i + 1 : -(i + 1)) }
    }
    return parameters
  }

  @Test func aParameterIsReadAndWrittenInItsShape() {
    var parameters = example(Double.self)
    #expect(parameters["rnn.bias_ih"] == Matrix([[13], [-14], [15], [-16], [17], [-18]]))
    #expect(parameters["head.weight"].row(1) == [-22, 23, -24])

    let replacement = Matrix<Double>(rows: 4, columns: 3, (0..<12).map(Double.init))
    parameters["head.weight"] = replacement
    #expect(parameters["head.weight"] == replacement)
    #expect(parameters["rnn.bias_ih"] == example(Double.self)["rnn.bias_ih"])
  }

  @Test func aCopyGoesItsOwnWay() {
    let original = example(Float.self)
    var copy = original
    copy.setToZero()
    #expect(original == example(Float.self))
    #expect(copy == .zeros(exampleLayout))
  }

  @Test func scalingAndAddingActOnEveryNumber() {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) {
      let original = example(type)
      var parameters = original
      parameters.scale(by: 3)
      parameters.add(original, scaledBy: -2)
      #expect(parameters == original)
      parameters.add(original)
      parameters.withUnsafeBufferPointer { #expect($0[29] == -60) }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func theNormIsEuclideanOverAllParametersOrOne() {
    func check<Scalar: BLASScalar>(_ type: Scalar.Type) {
      let parameters = example(type)
      let squares = (1...30).map { Double($0 * $0) }
      let tolerance = Tolerance.operations(1, type)
      #expect(maximumRelativeDifference([parameters.norm], [squares.reduce(0, +).squareRoot()]) <= tolerance)
      let bias = squares[12..<18].reduce(0, +).squareRoot()
      #expect(maximumRelativeDifference([parameters.norm(of: "rnn.bias_ih")], [bias]) <= tolerance)
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func theNormOfFloatsWhoseSquaresOverflowIsFinite() {
    var parameters = example(Float.self)
    parameters.scale(by: 1e30)
    #expect(parameters.norm.isFinite)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func theFirstNumberThatIsNotFiniteIsNamed(_ value: Double) throws {
    var parameters = example(Double.self)
    #expect(parameters.firstNonFinite() == nil)
    parameters["head.weight"][3, 2] = .nan
    parameters["rnn.bias_ih"][4, 0] = value
    let found = try #require(parameters.firstNonFinite())
    #expect(found.name == "rnn.bias_ih")
    #expect(found.index == 4)
    #expect(found.value == value || (found.value.isNaN && value.isNaN))
  }

  @Test func conversionRoundsEachNumber() {
    var parameters = example(Double.self)
    parameters.scale(by: 1.0 / 3)
    let converted = parameters.converted(to: Float.self)
    #expect(converted["head.weight"][0, 1] == Float(-20.0 / 3))
    #expect(converted.converted(to: Double.self).converted(to: Float.self) == converted)
  }
}
