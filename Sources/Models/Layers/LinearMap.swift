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
    try ConfigurationError.checkSides(["inputSize": inputSize, "outputSize": outputSize])
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
  public func forward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, parameters: MatrixView<Scalar>, into outputs: MutableMatrixView<Scalar>,
    execution: Execution
  ) {
    require(parameters.columns == parameterCount, "\(parameters.columns) parameters for \(parameterCount)")
    forward(
      inputs, weight: MatrixView(parameters.baseAddress, rows: outputSize, columns: inputSize),
      bias: hasBias ? parameters.columns(outputSize * inputSize..<parameterCount) : nil, into: outputs,
      execution: execution)
  }

  /// The gradients for `dOutputs`, `[N × O]`: those for the parameters are added to `dParameters`, that for the inputs
  /// overwrites `dInputs`, `[N × I]`; `nil` to skip it. Two GEMMs.
  public func backward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, parameters: MatrixView<Scalar>, dOutputs: MatrixView<Scalar>,
    dInputsInto dInputs: MutableMatrixView<Scalar>?, dParametersAddingTo dParameters: MutableMatrixView<Scalar>,
    execution: Execution
  ) {
    require(dParameters.columns == parameterCount, "\(dParameters.columns) gradients for \(parameterCount)")
    backward(
      inputs, weight: MatrixView(parameters.baseAddress, rows: outputSize, columns: inputSize), dOutputs: dOutputs,
      dInputsInto: dInputs,
      dWeightAddingTo: MutableMatrixView(dParameters.baseAddress, rows: outputSize, columns: inputSize),
      dBiasAddingTo: hasBias ? dParameters.columns(outputSize * inputSize..<parameterCount) : nil,
      execution: execution)
  }

  /// The same with W, `[O × I]`, and b, `[1 × O]`, in places of their own: where W is also something else, such as the
  /// table of an embedding.
  public func forward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, weight: MatrixView<Scalar>, bias: MatrixView<Scalar>?,
    into outputs: MutableMatrixView<Scalar>, execution: Execution
  ) {
    check(weight, bias)
    guard let bias else { return multiply(inputs, weight.transposed, into: outputs, execution) }
    multiply(inputs, weight.transposed, addingToEachRow: bias.baseAddress, into: outputs, execution)
  }

  /// The same with the gradients for W, `[O × I]`, and b, `[1 × O]`, added to places of their own.
  public func backward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, weight: MatrixView<Scalar>, dOutputs: MatrixView<Scalar>,
    dInputsInto dInputs: MutableMatrixView<Scalar>?, dWeightAddingTo dWeight: MutableMatrixView<Scalar>,
    dBiasAddingTo dBias: MutableMatrixView<Scalar>?, execution: Execution
  ) {
    check(weight, dBias?.readOnly)
    multiply(dOutputs.transposed, inputs, addingTo: dWeight, execution)
    if let dBias { addColumnSums(of: dOutputs, to: dBias.baseAddress, execution) }
    if let dInputs { multiply(dOutputs, weight, into: dInputs, execution) }
  }

  private func check<Scalar>(_ weight: MatrixView<Scalar>, _ bias: MatrixView<Scalar>?) {
    require(
      weight.rows == outputSize && weight.columns == inputSize,
      "the weight must be \(outputSize) × \(inputSize), not \(weight.rows) × \(weight.columns)")
    require(
      (bias != nil) == hasBias && (bias?.columns ?? outputSize) == outputSize,
      "the bias must be \(hasBias ? outputSize : 0) numbers, not \(bias?.columns ?? 0)")
  }
}

extension LinearMap: ModelArchitecture {
  /// The ``parameters``.
  public var parameterLayout: ParameterLayout { ParameterLayout(parameters) }
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
public struct Linear<Scalar: BLASScalar>: ParameterizedModel {
  /// The sizes.
  public let architecture: LinearMap
  /// W and b.
  public var parameters: ParameterVector<Scalar>
  /// Path and threads.
  public var execution = Execution.automatic

  /// A layer with parameters of the architecture's layout.
  public init(unchecked architecture: LinearMap, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// Outputs `[N × O]` of inputs `[N × I]`.
  public func callAsFunction(_ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
    var outputs = Matrix<Scalar>(uninitializedRows: inputs.rows, columns: architecture.outputSize)
    withViews(mutating: &outputs, reading: inputs, parameters) {
      architecture.forward($1, parameters: $2, into: $0, execution: execution)
    }
    return outputs
  }

  /// The gradient for `inputs`, `[N × I]`, from that for the outputs, `[N × O]`; those for the parameters are added to
  /// `gradient`.
  public func backward(
    _ inputs: Matrix<Scalar>, dOutputs: Matrix<Scalar>, accumulatingInto gradient: inout ParameterVector<Scalar>
  ) -> Matrix<Scalar> {
    var dInputs = Matrix<Scalar>(uninitializedRows: inputs.rows, columns: inputs.columns)
    withViews(mutating: &dInputs, &gradient, reading: inputs, parameters, dOutputs) {
      dInputs, gradient, inputs, parameters, dOutputs in
      architecture.backward(
        inputs, parameters: parameters, dOutputs: dOutputs, dInputsInto: dInputs, dParametersAddingTo: gradient,
        execution: execution)
    }
    return dInputs
  }
}
