package import Kernels

/// The architecture of a head: from what a model reads of its layers to what it predicts.
///
///     read → (tanh(linear) → …) linear → predictions
///
/// One linear map, in front of which there may be hidden layers. The weight of the map can be the table of an embedding, so
/// that there is one row for a token, read and predicted (Press & Wolf, "Using the output embedding to improve language
/// models", 2017); its bias is the head's own.
public struct Head: Hashable, Sendable {
  /// Features that it reads.
  public let inputSize: Int
  /// Layers with tanh behind them, between what it reads and the last map; usually none.
  public let hiddenLayers: [LinearMap]
  /// The last map, to `O` predictions.
  public let output: LinearMap
  /// Whether the weight of the last map is the embedding's table.
  public let isTied: Bool
  /// Its parameters: `hidden.0.weight`, `hidden.0.bias`, …, `weight`, `bias`. Of a tied head the weight is not among them.
  private let parts: ParameterParts
  /// Where those of each hidden layer lie.
  private let hiddenRanges: [Range<Int>]
  /// Where those of the last map lie.
  private let outputRange: Range<Int>

  /// A head from `inputSize` features to `outputSize` predictions.
  ///
  /// - Parameters:
  ///   - inputSize: Features that it reads.
  ///   - hiddenSizes: Features of each hidden layer.
  ///   - outputSize: Numbers that it predicts, `O`.
  ///   - embedding: The table whose weight is the head's, `[O × features in front of the last map]`.
  /// - Throws: ``ConfigurationError`` where a size is not positive, the table does not fit, or there are more than 1024 hidden layers.
  public init(
    inputSize: Int, hiddenSizes: [Int] = [], outputSize: Int, tiedTo embedding: EmbeddingTable? = nil
  ) throws(ConfigurationError) {
    try ConfigurationError.require(
      hiddenSizes.count <= RecurrentStack.maxLayers, "hidden layers of a head", "\(hiddenSizes.count)",
      wanted: "at most \(RecurrentStack.maxLayers)")
    let lastSize = hiddenSizes.last ?? inputSize
    if let embedding {
      try ConfigurationError.require(
        embedding.dimension == lastSize, "size that a tied head reads", "\(lastSize)",
        wanted: "the embedding's dimension \(embedding.dimension)")
      try ConfigurationError.require(
        embedding.vocabularySize == outputSize, "output size of a tied head", "\(outputSize)",
        wanted: "the embedding's vocabulary of \(embedding.vocabularySize)")
    }
    var (layers, ranges, parts): ([LinearMap], [Range<Int>], ParameterParts) = ([], [], ParameterParts())
    for size in hiddenSizes {
      let layer = try LinearMap(inputSize: layers.last?.outputSize ?? inputSize, outputSize: size)
      ranges.append(parts.append("hidden.\(layers.count)", layer.parameters))
      layers.append(layer)
    }
    output = try LinearMap(inputSize: lastSize, outputSize: outputSize)
    outputRange = parts.append("", output.parameters.filter { embedding == nil || $0.role != .inputWeights })
    self.inputSize = inputSize
    hiddenLayers = layers
    hiddenRanges = ranges
    isTied = embedding != nil
    self.parts = parts
  }

  /// Numbers that it predicts, `O`.
  public var outputSize: Int { output.outputSize }
  /// The parameters in the order in which they lie; of a tied head all but the weight.
  package var parameters: [ParameterShape] { parts.shapes }
  /// Number of parameters of its own.
  package var parameterCount: Int { parts.count }
}

/// The parameters of a head, borrowed.
struct HeadParameters<Scalar: BLASScalar> {
  /// Its own, `[1 × parameterCount]`.
  let own: MatrixView<Scalar>
  /// Those of the embedding's table, `[1 × V·E]`; only a tied head reads them.
  let table: MatrixView<Scalar>
}

/// Where the backward pass of a head leaves its gradients, borrowed.
struct HeadGradients<Scalar: BLASScalar> {
  /// That for what the head read is written here, `[N × inputSize]`.
  let dInputs: MutableMatrixView<Scalar>
  /// Those for its own parameters are added here.
  let dOwn: MutableMatrixView<Scalar>
  /// That for the embedding's table is added here, by a tied head alone.
  let dTable: MutableMatrixView<Scalar>
}

/// What the hidden layers of a head leave for its backward pass, and the memory both work in.
struct HeadTape<Scalar: BLASScalar>: Sendable {
  /// After tanh, `[N × features]` for each hidden layer.
  var hidden: [Matrix<Scalar>] = []
  var dHidden: [Matrix<Scalar>] = []
  /// The weights of the pass that runs in the order of the fused path, for each map.
  var packed: [PackedLinear<Scalar>] = []
  /// The same, prepared for this pass and others; `nil` to pack them.
  var prepared: PreparedHead<Scalar>?
}

/// The weights of a head in the order of the fused path, prepared once for many passes.
struct PreparedHead<Scalar: BLASScalar>: Sendable {
  /// For each hidden layer, and the last map.
  let maps: [PackedLinear<Scalar>]
}

extension Head {
  /// Predictions, `[N × O]`, of `inputs`, `[N × inputSize]`. One product for each layer; on the fused path a row has the same
  /// bits in any batch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, _ parameters: HeadParameters<Scalar>, tape: inout HeadTape<Scalar>,
    into predictions: MutableMatrixView<Scalar>, execution: Execution
  ) {
    var read = inputs
    if tape.hidden.count != hiddenLayers.count || tape.packed.isEmpty {
      tape.hidden = hiddenLayers.map { _ in .zeros(rows: 0, columns: 0) }
      tape.dHidden = tape.hidden
      tape.packed = Array(repeating: PackedLinear(), count: hiddenLayers.count + 1)
    }
    for (index, layer) in hiddenLayers.enumerated() {
      let hidden = tape.hidden[index].reshaped(rows: inputs.rows, columns: layer.outputSize)
      multiply(index, read, parameters, tape: &tape, into: hidden, execution)
      applyTanh(hidden)
      read = hidden.readOnly
    }
    multiply(hiddenLayers.count, read, parameters, tape: &tape, into: predictions, execution)
  }

  /// The map `index`: one of the hidden layers, or behind them the last one.
  private func multiply<Scalar: BLASScalar>(
    _ index: Int, _ inputs: MatrixView<Scalar>, _ parameters: HeadParameters<Scalar>, tape: inout HeadTape<Scalar>,
    into outputs: MutableMatrixView<Scalar>, _ execution: Execution
  ) {
    if execution.path == .fused, let prepared = tape.prepared {
      return prepared.maps[index](inputs, into: outputs, execution)
    }
    let (map, weight, bias) = map(index, parameters)
    guard execution.path == .fused else {
      return map.forward(inputs, weight: weight, bias: bias, into: outputs, execution: execution)
    }
    tape.packed[index].pack(weight: weight, bias: bias, multiplying: inputs, into: outputs, execution)
  }

  /// The map `index` with its weight, `[O × I]`, and bias, `[1 × O]`.
  private func map<Scalar: BLASScalar>(
    _ index: Int, _ parameters: HeadParameters<Scalar>
  ) -> (map: LinearMap, weight: MatrixView<Scalar>, bias: MatrixView<Scalar>) {
    guard index < hiddenLayers.count else { return (output, weight(parameters), bias(parameters.own)) }
    let (map, own) = (hiddenLayers[index], parameters.own.columns(hiddenRanges[index]))
    let count = map.outputSize * map.inputSize
    return (
      map, MatrixView(own.baseAddress, rows: map.outputSize, columns: map.inputSize), own.columns(count..<own.columns)
    )
  }

  /// The weights in the order of the fused path: a copy.
  func prepare<Scalar: BLASScalar>(_ parameters: HeadParameters<Scalar>) -> PreparedHead<Scalar> {
    PreparedHead(
      maps: (0...hiddenLayers.count).map {
        let (_, weight, bias) = map($0, parameters)
        return PackedLinear(weight: weight, bias: bias)
      })
  }

  /// The gradients of the pass that `tape` recorded over `inputs`, for `dPredictions`, `[N × O]`. Two GEMMs for each layer.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: BLASScalar>(
    _ inputs: MatrixView<Scalar>, _ parameters: HeadParameters<Scalar>, dPredictions: MatrixView<Scalar>,
    gradients: HeadGradients<Scalar>, tape: inout HeadTape<Scalar>, execution: Execution
  ) {
    let own = gradients.dOwn.columns(outputRange)
    let dWeight = MutableMatrixView(
      isTied ? gradients.dTable.baseAddress : own.baseAddress, rows: outputSize, columns: output.inputSize)
    var dHidden = gradients.dInputs
    if let last = hiddenLayers.last {
      dHidden = tape.dHidden[hiddenLayers.count - 1].reshaped(rows: inputs.rows, columns: last.outputSize)
    }
    output.backward(
      tape.hidden.last?.unsafeView ?? inputs, weight: weight(parameters), dOutputs: dPredictions, dInputsInto: dHidden,
      dWeightAddingTo: dWeight, dBiasAddingTo: own.columns(own.columns - outputSize..<own.columns),
      execution: execution)
    for index in hiddenLayers.indices.reversed() {
      let layer = hiddenLayers[index]
      multiplyByTanhSlope(dHidden, tape.hidden[index].unsafeView)
      let dBelow =
        index == 0
        ? gradients.dInputs : tape.dHidden[index - 1].reshaped(rows: inputs.rows, columns: layer.inputSize)
      layer.backward(
        index == 0 ? inputs : tape.hidden[index - 1].unsafeView,
        parameters: parameters.own.columns(hiddenRanges[index]), dOutputs: dHidden.readOnly, dInputsInto: dBelow,
        dParametersAddingTo: gradients.dOwn.columns(hiddenRanges[index]), execution: execution)
      dHidden = dBelow
    }
  }

  /// The weight of the last map, `[O × features]`.
  private func weight<Scalar: BLASScalar>(_ parameters: HeadParameters<Scalar>) -> MatrixView<Scalar> {
    MatrixView(
      isTied ? parameters.table.baseAddress : parameters.own.columns(outputRange).baseAddress, rows: outputSize,
      columns: output.inputSize)
  }

  /// The bias of the last map, `[1 × O]`, which lies last.
  private func bias<Scalar: BLASScalar>(_ own: MatrixView<Scalar>) -> MatrixView<Scalar> {
    own.columns(own.columns - outputSize..<own.columns)
  }
}
