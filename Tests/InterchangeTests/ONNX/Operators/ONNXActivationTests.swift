#if ONNX
import Testing

@testable import Interchange

@Suite struct ONNXActivationTests {
  /// At -2, 0.5 and 3, with α = 0.3 and β = 0.4.
  @Test(
    arguments: [
      (.relu, [0, 0.5, 3]), (.tanh, [-0.964027580, 0.462117157, 0.995054754]),
      (.sigmoid, [0.119202922, 0.622459331, 0.952574127]), (.affine, [-0.2, 0.55, 1.3]), (.leakyRelu, [-0.6, 0.5, 3]),
      (.thresholdedRelu, [0, 0.5, 3]), (.scaledTanh, [-0.199211031, 0.059212596, 0.250096410]),
      (.hardSigmoid, [0, 0.55, 1]), (.elu, [-0.259399415, 0.5, 3]), (.softsign, [-0.666666667, 0.333333333, 0.75]),
      (.softplus, [0.126928011, 0.974076984, 3.048587352]),
    ] as [(ONNXActivation.Function, [Double])])
  func eachComputesItsFormula(_ function: ONNXActivation.Function, _ wanted: [Double]) {
    let activation = ONNXActivation(function, alpha: 0.3, beta: 0.4)
    for (x, y) in zip([-2.0, 0.5, 3], wanted) { #expect(abs(activation(x) - y) < 1e-7) }
  }

  @Test func extremeNumbersStayNumbers() {
    #expect(ONNXActivation(.softplus)(1000.0) == 1000)
    #expect(ONNXActivation(.softplus)(Float(-1000)) == 0)
    #expect(ONNXActivation(.sigmoid)(Float(-1000)) == 0)
    #expect(ONNXActivation(.thresholdedRelu, alpha: 0.5)(0.5) == 0.5)
    #expect(ONNXActivation(.relu)(Double.nan).isNaN)
  }

  @Test func defaultsAreThoseOfTheOperatorOfTheSameName() {
    #expect(ONNXActivation(.leakyRelu).alpha == 0.01)
    #expect(ONNXActivation(.hardSigmoid).beta == 0.5)
    #expect(ONNXActivation(.hardSigmoid, alpha: 1).alpha == 1)
  }
}
#endif
