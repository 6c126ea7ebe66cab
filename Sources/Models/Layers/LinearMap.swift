public import Kernels

/// The architecture of a linear layer: y = W x + b, without numbers. ``Linear`` adds them.
public struct LinearMap: Hashable, Sendable {
  /// Features in, `I`.
  public let inputSize: Int
  /// Features out, `O`.
  public let outputSize: Int
  /// Whether b is there.
  public let hasBias: Bool

  /// A map from `inputSize` to `outputSize` features. Throws where one is not positive.
  public init(inputSize: Int, outputSize: Int, hasBias: Bool = true) throws(ConfigurationError) {
    try ConfigurationError.checkPositive(["inputSize": inputSize, "outputSize": outputSize])
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.hasBias = hasBias
  }

  /// W, `[O × I]`, and b, `[O]`, under PyTorch's names.
  public var parameters: [ParameterShape] {
    let weight = ParameterShape("weight", rows: outputSize, columns: inputSize, role: .inputWeights)
    let bias = ParameterShape("bias", rows: outputSize, columns: 1, role: .inputBias)
    return hasBias ? [weight, bias] : [weight]
  }

  /// Number of parameters.
  public var parameterCount: Int { outputSize * (inputSize + (hasBias ? 1 : 0)) }

  /// `outputs`, `[N × O]`, from `inputs`, `[N × I]`. One GEMM.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, parameters: MatrixView<Scalar>, into outputs: MutableMatrixView<Scalar>,
    execution: Execution
  ) {
    precondition(parameters.columns == parameterCount, "\(parameters.columns) parameters for \(parameterCount)")
    let weight = MatrixView(parameters.baseAddress, rows: outputSize, columns: inputSize)
    guard hasBias else { return multiply(inputs, weight.transposed, into: outputs, execution) }
    let bias = parameters.baseAddress + weight.rows * weight.columns
    for n in 0..<outputs.rows { outputs.row(n).update(from: bias, count: outputSize) }
    multiply(inputs, weight.transposed, addingTo: outputs, execution)
  }

  /// The gradients for `dOutputs`, `[N × O]`: those for the parameters are added to `dParameters`, that for the inputs
  /// overwrites `dInputs`, `[N × I]`, unless nobody wants it. Two GEMMs.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, parameters: MatrixView<Scalar>, dOutputs: MatrixView<Scalar>,
    dInputsInto dInputs: MutableMatrixView<Scalar>?, dParametersAddingTo dParameters: MutableMatrixView<Scalar>,
    execution: Execution
  ) {
    precondition(dParameters.columns == parameterCount, "\(dParameters.columns) gradients for \(parameterCount)")
    let weight = MatrixView(parameters.baseAddress, rows: outputSize, columns: inputSize)
    let dWeight = MutableMatrixView(dParameters.baseAddress, rows: outputSize, columns: inputSize)
    multiply(dOutputs.transposed, inputs, addingTo: dWeight, execution)
    if hasBias {
      let dBias = dParameters.baseAddress + weight.rows * weight.columns
      for n in 0..<dOutputs.rows {
        let row = dOutputs.row(n)
        for j in 0..<outputSize { dBias[j] += row[j] }
      }
    }
    if let dInputs { multiply(dOutputs, weight, into: dInputs, execution) }
  }
}

extension LinearMap: Codable {
  private enum CodingKeys: String, CodingKey { case inputSize, outputSize, hasBias }

  /// Reads the sizes; those that no layer can have are an error.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      inputSize: values.decodeSize(forKey: .inputSize), outputSize: values.decodeSize(forKey: .outputSize),
      hasBias: values.decode(Bool.self, forKey: .hasBias))
  }
}

/// A linear layer: y = W x + b, with its parameters `weight` and `bias`.
public struct Linear<Scalar: BLASScalar>: Sendable {
  /// The sizes.
  public let architecture: LinearMap
  /// W and b.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads.
  public var execution = Execution.automatic

  /// A layer with initial parameters that `scheme` and `seed` decide.
  public init(_ architecture: LinearMap, scheme: InitializationScheme = .recommended, seed: UInt64 = 0) {
    self.architecture = architecture
    parameters = .zeros(ParameterLayout(architecture.parameters))
    parameters.initialize(scheme, seed: seed)
  }

  /// Outputs `[N × O]` of inputs `[N × I]`.
  public func callAsFunction(_ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
    var outputs = Matrix<Scalar>(uninitializedRows: inputs.rows, columns: architecture.outputSize)
    inputs.withView { inputs in
      outputs.withMutableView { outputs in
        parameters.withView { architecture.forward(inputs, parameters: $0, into: outputs, execution: execution) }
      }
    }
    return outputs
  }

  /// The gradient for `inputs`, `[N × I]`, from that for the outputs, `[N × O]`; those for the parameters are added to
  /// `gradient`.
  public func backward(
    _ inputs: Matrix<Scalar>, dOutputs: Matrix<Scalar>, accumulatingInto gradient: inout ParameterVector<Scalar>
  ) -> Matrix<Scalar> {
    var dInputs = Matrix<Scalar>(uninitializedRows: inputs.rows, columns: inputs.columns)
    inputs.withView { inputs in
      dOutputs.withView { dOutputs in
        dInputs.withMutableView { dInputs in
          gradient.withMutableView { gradient in
            parameters.withView {
              architecture.backward(
                inputs, parameters: $0, dOutputs: dOutputs, dInputsInto: dInputs, dParametersAddingTo: gradient,
                execution: execution)
            }
          }
        }
      }
    }
    return dInputs
  }
}
