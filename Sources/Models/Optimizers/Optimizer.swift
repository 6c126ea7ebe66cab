internal import Glibc
public import Kernels

/// Which rule moves the parameters, with its settings. Defaults and formulas are PyTorch's.
///
/// Below, p is a parameter, g its gradient, η the learning rate and s the number of the step, from 1.
public enum OptimizerRule: Hashable, Codable, Sendable {
  /// v ← μ v + g, p ← p − η v: stochastic gradient descent with momentum μ (Polyak, 1964).
  case sgd(momentum: Double = 0)
  /// v ← ρ v + (1 − ρ) g², p ← p − η g / (√v + ε), with ρ the decay (Tieleman & Hinton, 2012).
  case rmsProp(decay: Double = 0.99, epsilon: Double = 1e-8)
  /// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ˢ) and
  /// v̂ = v / (1 − β₂ˢ) (Kingma & Ba, "Adam: a method for stochastic optimization", 2015).
  case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// p ← (1 − η λ) p, then as Adam, with λ the weight decay (Loshchilov & Hutter, "Decoupled weight decay
  /// regularization", 2019).
  case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)

  var keepsFirstMoment: Bool {
    switch self {
    case .sgd(let momentum): momentum != 0
    case .rmsProp: false
    case .adam, .adamW: true
    }
  }

  var keepsSecondMoment: Bool {
    switch self {
    case .sgd: false
    case .rmsProp, .adam, .adamW: true
    }
  }
}

/// What an optimiser remembers: all that must be saved to resume training to the bit.
package struct OptimizerState<Scalar: BLASScalar>: Sendable, Equatable {
  /// Updates made so far.
  package var step: Int
  /// v of SGD with momentum, m of Adam, `[1 × count]`; `[1 × 0]` where the rule has none.
  package var firstMoment: Matrix<Scalar>
  /// v of RMSProp and Adam, `[1 × count]`; `[1 × 0]` where the rule has none.
  package var secondMoment: Matrix<Scalar>

  /// A state to resume from.
  package init(step: Int, firstMoment: Matrix<Scalar>, secondMoment: Matrix<Scalar>) {
    self.step = step
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
  }
}

/// Moves parameters against their gradient. A value: a copy goes its own way.
///
/// An update is one pass over the parameters and allocates nothing.
public struct Optimizer<Scalar: BLASScalar>: Sendable, Equatable {
  /// The rule and its settings.
  public let rule: OptimizerRule
  /// What it remembers.
  package private(set) var state: OptimizerState<Scalar>

  /// An optimiser of `count` parameters that has made no step.
  public init(_ rule: OptimizerRule, count: Int) {
    self.init(
      rule,
      resuming: OptimizerState(
        step: 0, firstMoment: .zeros(rows: 1, columns: rule.keepsFirstMoment ? count : 0),
        secondMoment: .zeros(rows: 1, columns: rule.keepsSecondMoment ? count : 0)))
  }

  /// An optimiser that goes on from `state`, whose moments must be those that the rule keeps.
  package init(_ rule: OptimizerRule, resuming state: OptimizerState<Scalar>) {
    do { try rule.check() } catch { fatalError("\(error)") }
    require(state.step >= 0, "an optimiser cannot have made \(state.step) steps")
    self.rule = rule
    self.state = state
  }

  /// Moves `parameters` one step.
  public mutating func update(
    _ parameters: inout ParameterVector<Scalar>, gradient: ParameterVector<Scalar>, learningRate: Scalar
  ) {
    require(gradient.layout == parameters.layout, "parameters and gradient have different layouts")
    let (first, second) = (state.firstMoment.count, state.secondMoment.count)
    require(
      first == (rule.keepsFirstMoment ? parameters.count : 0)
        && second == (rule.keepsSecondMoment ? parameters.count : 0),
      "moments of \(first) and \(second) numbers cannot serve \(rule) on \(parameters.count) parameters")
    state.step += 1
    parameters.withUnsafeMutableBufferPointer { parameters in
      gradient.withUnsafeBufferPointer { gradient in
        state.apply(rule, parameters, gradient, learningRate)
      }
    }
  }
}

extension OptimizerState {
  fileprivate mutating func apply(
    _ rule: OptimizerRule, _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>,
    _ learningRate: Scalar
  ) {
    switch rule {
    case .sgd(momentum: 0):
      applyGradient(p, g, learningRate)
    case .sgd(let momentum):
      applyMomentum(p, g, learningRate, Scalar(momentum))
    case .rmsProp(let decay, let epsilon):
      applyRMSProp(p, g, learningRate, decay: decay, epsilon: Scalar(epsilon))
    case .adam(let beta1, let beta2, let epsilon):
      applyAdam(p, g, learningRate, beta1, beta2, epsilon: Scalar(epsilon), shrinkage: 1)
    case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
      applyAdam(
        p, g, learningRate, beta1, beta2, epsilon: Scalar(epsilon),
        shrinkage: Scalar(1 - Double(learningRate) * weightDecay))
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func applyGradient(
    _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ learningRate: Scalar
  ) {
    for i in p.indices { p[i] -= learningRate * g[i] }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func applyMomentum(
    _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ learningRate: Scalar,
    _ momentum: Scalar
  ) {
    firstMoment.withUnsafeMutableBufferPointer { v in
      for i in p.indices {
        v[i] = momentum * v[i] + g[i]
        p[i] -= learningRate * v[i]
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func applyRMSProp(
    _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ learningRate: Scalar, decay: Double,
    epsilon: Scalar
  ) {
    let (kept, added) = (Scalar(decay), Scalar(1 - decay))
    secondMoment.withUnsafeMutableBufferPointer { v in
      for i in p.indices {
        v[i] = kept * v[i] + added * g[i] * g[i]
        p[i] -= learningRate * g[i] / (v[i].squareRoot() + epsilon)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private mutating func applyAdam(
    _ p: UnsafeMutableBufferPointer<Scalar>, _ g: UnsafeBufferPointer<Scalar>, _ learningRate: Scalar,
    _ beta1: Double, _ beta2: Double, epsilon: Scalar, shrinkage: Scalar
  ) {
    let (kept1, added1, kept2, added2) = (Scalar(beta1), Scalar(1 - beta1), Scalar(beta2), Scalar(1 - beta2))
    // m̂ / (√v̂ + ε) is m / (√v · scale + ε) with the other correction in the rate: two numbers a step.
    let rate = Scalar(Double(learningRate) / (1 - pow(beta1, Double(step))))
    let scale = Scalar(1 / (1 - pow(beta2, Double(step))).squareRoot())
    firstMoment.withUnsafeMutableBufferPointer { m in
      secondMoment.withUnsafeMutableBufferPointer { v in
        for i in p.indices {
          m[i] = kept1 * m[i] + added1 * g[i]
          v[i] = kept2 * v[i] + added2 * g[i] * g[i]
          p[i] = shrinkage * p[i] - rate * m[i] / (v[i].squareRoot() * scale + epsilon)
        }
      }
    }
  }
}

extension OptimizerRule {
  /// Throws for the first setting that cannot be.
  func check() throws(ConfigurationError) {
    func check(_ name: String, _ value: Double, _ range: Range<Double>) throws(ConfigurationError) {
      try ConfigurationError.require(
        range.contains(value), name, "\(value)", wanted: "\(range.lowerBound) up to but not \(range.upperBound)")
    }
    switch self {
    case .sgd(let momentum):
      try check("momentum", momentum, 0..<1)
    case .rmsProp(let decay, let epsilon):
      try check("decay", decay, 0..<1)
      try check("epsilon", epsilon, 0..<1)
    case .adam(let beta1, let beta2, let epsilon):
      try check("beta1", beta1, 0..<1)
      try check("beta2", beta2, 0..<1)
      try check("epsilon", epsilon, 0..<1)
    case .adamW(let beta1, let beta2, let epsilon, let weightDecay):
      try OptimizerRule.adam(beta1: beta1, beta2: beta2, epsilon: epsilon).check()
      try check("weight decay", weightDecay, 0..<(.infinity))
    }
  }
}
