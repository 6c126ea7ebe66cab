public import Kernels

/// The architecture of an embedding: a row of `E` numbers for each of `V` tokens. ``Embedding`` adds the numbers.
public struct EmbeddingTable: Hashable, Sendable {
  /// Number of tokens, `V`.
  public let vocabularySize: Int
  /// Features of a token, `E`.
  public let dimension: Int

  /// A table of `vocabularySize` rows of `dimension`. Throws where one is not positive.
  public init(vocabularySize: Int, dimension: Int) throws(ConfigurationError) {
    try ConfigurationError.checkSides(["vocabularySize": vocabularySize, "dimension": dimension])
    self.vocabularySize = vocabularySize
    self.dimension = dimension
  }

  /// The table, `[V × E]`, under PyTorch's name.
  public var parameters: [ParameterShape] {
    [ParameterShape("weight", rows: vocabularySize, columns: dimension, role: .embedding)]
  }

  /// Number of parameters.
  public var parameterCount: Int { vocabularySize * dimension }

  /// The rows of `tokens`, `[N]`, into `outputs`, `[N × E]`. Every token must be in `0 ..< V`.
  public func forward<Scalar: BLASScalar>(
    _ tokens: UnsafeBufferPointer<Int32>, parameters: MatrixView<Scalar>, into outputs: MutableMatrixView<Scalar>
  ) {
    require(outputs.rows == tokens.count, "\(outputs.rows) rows for \(tokens.count) tokens")
    let table = MatrixView(parameters.baseAddress, rows: vocabularySize, columns: dimension)
    for (n, token) in tokens.enumerated() {
      outputs.row(n).update(from: table.row(checked(token)), count: dimension)
    }
  }

  /// Adds `dOutputs`, `[N × E]`, to the rows of `tokens` in `dParameters`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward<Scalar: BLASScalar>(
    _ tokens: UnsafeBufferPointer<Int32>, dOutputs: MatrixView<Scalar>,
    dParametersAddingTo dParameters: MutableMatrixView<Scalar>
  ) {
    let dTable = MutableMatrixView(dParameters.baseAddress, rows: vocabularySize, columns: dimension)
    for (n, token) in tokens.enumerated() {
      let (source, target) = (dOutputs.row(n), dTable.row(checked(token)))
      for j in 0..<dimension { target[j] += source[j] }
    }
  }

  private func checked(_ token: Int32) -> Int {
    require(0..<vocabularySize ~= Int(token), "token \(token) is outside a vocabulary of \(vocabularySize)")
    return Int(token)
  }
}

extension EmbeddingTable: ModelArchitecture {
  /// The ``parameters``.
  public var parameterLayout: ParameterLayout { ParameterLayout(parameters) }
}

extension EmbeddingTable: Codable {
  private enum CodingKeys: String, CodingKey { case vocabularySize, dimension }

  /// Reads the sizes; those that no table can have are an error.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      vocabularySize: values.decodeSize(forKey: .vocabularySize), dimension: values.decodeSize(forKey: .dimension))
  }
}

/// An embedding: a trainable row of numbers for each token, with its parameter `weight`.
public struct Embedding<Scalar: BLASScalar>: ParameterizedModel {
  /// The sizes.
  public let architecture: EmbeddingTable
  /// The table.
  public var parameters: ParameterVector<Scalar>
  /// Unused: rows are copied.
  public var execution = Execution.automatic

  /// A table with parameters of the architecture's layout.
  public init(unchecked architecture: EmbeddingTable, parameters: ParameterVector<Scalar>) {
    self.architecture = architecture
    self.parameters = parameters
  }

  /// The features of every token, `[N × E]`.
  public func callAsFunction(_ tokens: PackedSequence<Int32>) -> PackedSequence<Scalar> {
    require(tokens.features == 1, "a step has one token, not \(tokens.features)")
    var rows = Matrix<Scalar>(uninitializedRows: tokens.rows.rows, columns: architecture.dimension)
    withViews(mutating: &rows, reading: parameters) { rows, parameters in
      tokens.rows.withUnsafeBufferPointer { architecture.forward($0, parameters: parameters, into: rows) }
    }
    return PackedSequence(layout: tokens.layout, rows: rows)
  }

  /// Adds the gradient for the table to `gradient`, from that for the features, `[N × E]`.
  public func backward(
    _ tokens: PackedSequence<Int32>, dOutputs: PackedSequence<Scalar>,
    accumulatingInto gradient: inout ParameterVector<Scalar>
  ) {
    require(dOutputs.layout == tokens.layout, "the gradient has another layout than the tokens")
    withViews(mutating: &gradient, reading: dOutputs.rows) { gradient, dOutputs in
      tokens.rows.withUnsafeBufferPointer {
        architecture.backward($0, dOutputs: dOutputs, dParametersAddingTo: gradient)
      }
    }
  }
}
