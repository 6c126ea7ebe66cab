#if ONNX
internal import DataIO
internal import Glibc
internal import Kernels

/// A function of each number by itself.
struct ElementwiseOperator: ONNXOperator {
  /// What is computed.
  enum Function: Sendable {
    case activation(ONNXActivation.Function)
    case absolute, squareRoot, exponential, logarithm, reciprocal, floor, ceiling, errorFunction
  }

  /// The functions under ONNX's names.
  static let functions: [String: Function] = {
    var result: [String: Function] = [
      "Abs": .absolute, "Sqrt": .squareRoot, "Exp": .exponential, "Log": .logarithm, "Reciprocal": .reciprocal,
      "Floor": .floor, "Ceil": .ceiling, "Erf": .errorFunction,
    ]
    let activations: [ONNXActivation.Function] = [
      .relu, .tanh, .sigmoid, .leakyRelu, .hardSigmoid, .elu, .softsign, .softplus,
    ]
    for function in activations { result[function.rawValue] = .activation(function) }
    return result
  }()

  static let inputCount = 1...1
  private let function: Function
  private let activation: ONNXActivation?

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    guard let function = Self.functions[node.node.operation] else {
      throw .unsupported("the operator \(node.node.operation) is no function of one number")
    }
    self.function = function
    if case .activation(let activation) = function {
      let alpha = activation.alpha == .none ? nil : try node.float("alpha")
      let beta = activation.beta == .none ? nil : try node.float("beta")
      self.activation = ONNXActivation(activation, alpha: alpha, beta: beta)
    } else {
      activation = nil
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let tensor = try inputs.required(0)
    try inputs.count(tensor.shape, bytesEach: tensor.elementSize, operationsEach: 32)
    switch tensor.elements {
    case .float(let numbers): return [Tensor(shape: tensor.shape, .float(compute(numbers)))]
    case .double(let numbers): return [Tensor(shape: tensor.shape, .double(compute(numbers)))]
    default: throw .type(tensor, wanted: "float32 or float64")
    }
  }

  private func compute<Scalar: ONNXScalar>(_ numbers: [Scalar]) -> [Scalar] {
    switch function {
    case .activation(.tanh): return vectorised(numbers, Scalar._tanh)
    case .activation(.sigmoid): return vectorised(numbers, Scalar._sigmoid)
    case .activation(let function):
      let activation = activation ?? ONNXActivation(function)
      return numbers.map { activation($0) }
    case .absolute: return numbers.map { Swift.abs($0) }
    case .squareRoot: return numbers.map { $0.squareRoot() }
    case .exponential: return numbers.map { Scalar._exp($0) }
    case .logarithm: return numbers.map { Scalar._log($0) }
    case .reciprocal: return numbers.map { 1 / $0 }
    case .floor: return numbers.map { $0.rounded(.down) }
    case .ceiling: return numbers.map { $0.rounded(.up) }
    case .errorFunction: return numbers.map { Scalar(erf(Double($0))) }
    }
  }

  /// Through one of the engine's vector loops.
  private func vectorised<Scalar: ONNXScalar>(
    _ numbers: [Scalar], _ loop: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int) -> Void
  ) -> [Scalar] {
    var result = numbers
    result.withUnsafeMutableBufferPointer { numbers in
      if let start = numbers.baseAddress { loop(UnsafePointer(start), start, numbers.count) }
    }
    return result
  }
}

/// x to the power y by the C library.
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
#endif
