public import Kernels

/// The parts of a model and their sizes, without numbers: what decides which parameters there are.
public protocol ModelArchitecture: Hashable, Sendable {
  /// All parameters of a model of this architecture.
  var parameterLayout: ParameterLayout { get }
  /// How they are initialised unless the caller says otherwise; ``InitializationScheme/recommended`` by default.
  var recommendedScheme: InitializationScheme { get }
}

extension ModelArchitecture {
  /// ``InitializationScheme/recommended``.
  public var recommendedScheme: InitializationScheme { .recommended }
}

/// A layer or a model: an architecture, its parameters, and how its passes are executed. A value.
public protocol ParameterizedModel<Scalar>: Sendable {
  /// The type that it computes in.
  associatedtype Scalar: BLASScalar
  /// Its parts and their sizes.
  associatedtype Architecture: ModelArchitecture

  /// The parts and their sizes.
  var architecture: Architecture { get }
  /// All parameters, in the architecture's layout.
  var parameters: ParameterVector<Scalar> { get set }
  /// Path and threads of every pass.
  var execution: Execution { get set }

  /// A model with parameters whose layout is known to be the architecture's; the other initialisers end here.
  init(unchecked architecture: Architecture, parameters: ParameterVector<Scalar>)
}

extension ParameterizedModel {
  /// A model with initial parameters that `scheme` and `seed` decide; the scheme is the architecture's
  /// ``ModelArchitecture/recommendedScheme`` if none is given.
  public init(_ architecture: Architecture, scheme: InitializationScheme? = nil, seed: UInt64 = 0) {
    var parameters = ParameterVector<Scalar>.zeros(architecture.parameterLayout)
    parameters.initialize(scheme ?? architecture.recommendedScheme, seed: seed)
    self.init(unchecked: architecture, parameters: parameters)
  }

  /// A model with given parameters, which must have the architecture's layout.
  public init(_ architecture: Architecture, parameters: ParameterVector<Scalar>) {
    require(
      parameters.layout == architecture.parameterLayout, "the parameters have the layout of another architecture")
    self.init(unchecked: architecture, parameters: parameters)
  }

  /// Stops a caller whose gradient is not one for these parameters.
  func check(gradient: ParameterVector<Scalar>) {
    require(gradient.count == parameters.count, "the gradient has the layout of another architecture")
  }
}
