#if ONNX
import DataIO
import Testing

@testable import Interchange

@Suite struct ElementwiseOperatorsTests {
  /// At -2, 0.5 and 3.
  @Test(
    arguments: [
      ("Relu", [0, 0.5, 3]), ("Tanh", [-0.9640276, 0.4621172, 0.9950548]),
      ("Sigmoid", [0.1192029, 0.6224593, 0.9525741]),
      ("LeakyRelu", [-0.02, 0.5, 3]), ("HardSigmoid", [0.1, 0.6, 1]), ("Elu", [-0.8646647, 0.5, 3]),
      ("Softsign", [-0.6666667, 0.3333333, 0.75]), ("Softplus", [0.126928, 0.974077, 3.0485874]), ("Abs", [2, 0.5, 3]),
      ("Exp", [0.1353353, 1.6487213, 20.085537]), ("Reciprocal", [-0.5, 2, 0.3333333]), ("Floor", [-2, 0, 3]),
      ("Ceil", [-2, 1, 3]), ("Erf", [-0.9953223, 0.5204999, 0.9999779]),
    ] as [(String, [Double])])
  func functionsOfOneNumber(_ operation: String, _ wanted: [Double]) throws {
    let found = try compute(operation, [:], [floats(-2, 0.5, 3)])[0].elements.doubles
    let double = try compute(operation, [:], [Tensor(shape: [3], .double([-2, 0.5, 3]))])[0].elements.doubles
    for index in wanted.indices {
      #expect(abs(found[index] - wanted[index]) < 2e-6 * max(1, abs(wanted[index])))
      #expect(abs(double[index] - wanted[index]) < 1e-6)
    }
  }

  @Test func rootsAndLogarithms() throws {
    #expect(try compute("Sqrt", [:], [floats(4, 9)])[0] == floats(2, 3))
    #expect(try compute("Log", [:], [floats(1)])[0] == floats(0))
  }

  @Test func theirNumbersAreAttributes() throws {
    #expect(try compute("LeakyRelu", ["alpha": .float(0.5)], [floats(-2)])[0] == floats(-1))
    #expect(try compute("HardSigmoid", ["alpha": .float(0.25), "beta": .float(0)], [floats(2)])[0] == floats(0.5))
    #expect(refusal(of: "Relu", ["alpha": .float(1)], [floats(1)]) == "attribute “alpha” is none that is known")
    #expect(refusal(of: "Relu", [:], [integers(1)]) == "the numbers are int64, wanted float32 or float64")
  }

  @Test func noNumbersGiveNone() throws {
    #expect(try compute("Tanh", [:], [Tensor(shape: [0], [])])[0].shape == [0])
  }
}
#endif
