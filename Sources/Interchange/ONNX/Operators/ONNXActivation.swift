#if ONNX
internal import Kernels

/// An activation function of ONNX's recurrent operators, with its two numbers where it takes them.
///
/// Most of them are also operators, with the same meaning.
struct ONNXActivation: Hashable, Sendable {
  /// The functions, as the recurrent operators spell them.
  enum Function: String, CaseIterable, Sendable {
    /// max(0, x)
    case relu = "Relu"
    case tanh = "Tanh"
    /// 1 / (1 + e⁻ˣ)
    case sigmoid = "Sigmoid"
    /// αx + β
    case affine = "Affine"
    /// x where x ≥ 0, else αx
    case leakyRelu = "LeakyRelu"
    /// x where x ≥ α, else 0
    case thresholdedRelu = "ThresholdedRelu"
    /// α tanh(βx)
    case scaledTanh = "ScaledTanh"
    /// min(max(αx + β, 0), 1)
    case hardSigmoid = "HardSigmoid"
    /// x where x ≥ 0, else α(eˣ - 1)
    case elu = "Elu"
    /// x / (1 + |x|)
    case softsign = "Softsign"
    /// log(1 + eˣ)
    case softplus = "Softplus"

    /// Whether it takes α, and the default.
    var alpha: Number {
      switch self {
      case .affine, .scaledTanh: .needed
      case .thresholdedRelu, .elu: .optional(1)
      case .leakyRelu: .optional(0.01)
      case .hardSigmoid: .optional(0.2)
      case .relu, .tanh, .sigmoid, .softsign, .softplus: .none
      }
    }

    /// Whether it takes β, and the default.
    var beta: Number {
      switch self {
      case .affine, .scaledTanh: .needed
      case .hardSigmoid: .optional(0.5)
      case .relu, .tanh, .sigmoid, .leakyRelu, .thresholdedRelu, .elu, .softsign, .softplus: .none
      }
    }
  }

  /// Whether a function takes a number.
  enum Number: Hashable, Sendable {
    /// It takes none.
    case none
    /// It takes one with this default, that of the operator of the same name.
    case optional(Float)
    /// It takes one without a default, because no operator has its name any more and engines differ.
    case needed
  }

  let function: Function
  /// α; 0 for a function without one.
  let alpha: Float
  /// β; 0 for a function without one.
  let beta: Float

  /// `function` with these numbers, or those that it has by default.
  init(_ function: Function, alpha: Float? = nil, beta: Float? = nil) {
    self.function = function
    self.alpha = alpha ?? function.alpha.fallback ?? 0
    self.beta = beta ?? function.beta.fallback ?? 0
  }

  /// The function's value at `x`.
  func callAsFunction<Scalar: BLASScalar>(_ x: Scalar) -> Scalar {
    let (alpha, beta) = (Scalar(alpha), Scalar(beta))
    switch function {
    case .relu: return x < 0 ? 0 : x
    case .tanh: return Scalar._tanh(x)
    case .sigmoid: return 1 / (1 + Scalar._exp(-x))
    case .affine: return alpha * x + beta
    case .leakyRelu: return x >= 0 ? x : alpha * x
    case .thresholdedRelu: return x >= alpha ? x : 0
    case .scaledTanh: return alpha * Scalar._tanh(beta * x)
    case .hardSigmoid: return Swift.min(Swift.max(alpha * x + beta, 0), 1)
    case .elu: return x >= 0 ? x : alpha * (Scalar._exp(x) - 1)
    case .softsign: return x / (1 + Swift.abs(x))
    // The usual form overflows where x is large.
    case .softplus: return Swift.max(x, 0) + Scalar._log(onePlus: Scalar._exp(-Swift.abs(x)))
    }
  }
}

extension ONNXActivation.Number {
  /// The default; `nil` for none.
  var fallback: Float? { if case .optional(let number) = self { number } else { nil } }
}
#endif
