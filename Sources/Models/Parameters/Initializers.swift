package import Kernels

/// A way to draw the first numbers of one parameter.
///
/// "Per gate block" means that the blocks stacked in the weights of a recurrent cell are separate matrices, as they
/// are in its equations: the number of gates changes neither their scale nor their orthogonality.
public enum ParameterInitializer: Hashable, Codable, Sendable {
  /// All zero.
  case zeros
  /// All this number.
  case constant(Double)
  /// Uniform in ±`bound`.
  case uniform(bound: Double)
  /// Normal with mean 0.
  case normal(standardDeviation: Double)
  /// Uniform in ±√(6 / (rows + columns)) per gate block, which keeps the variance of signals and gradients (Glorot &
  /// Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010).
  case glorotUniform
  /// `gain` times orthonormal columns, or rows where a block is wider than high, uniform over all of them, per gate
  /// block: repeated multiplication neither grows nor shrinks a vector (Saxe, McClelland & Ganguli, 2014). Costs a QR
  /// decomposition a block.
  case orthogonal(gain: Double)
}

/// How the parameters of a model get their first numbers: an initializer for each role.
public struct InitializationScheme: Hashable, Codable, Sendable {
  /// For weights on what comes into a layer.
  public var inputWeights: ParameterInitializer
  /// For weights on the previous hidden state.
  public var recurrentWeights: ParameterInitializer
  /// For biases of the input product.
  public var inputBias: ParameterInitializer
  /// For biases of the recurrent product.
  public var recurrentBias: ParameterInitializer
  /// For weights from the cell state to the gates.
  public var peephole: ParameterInitializer
  /// For the matrix that narrows a projected LSTM's hidden state.
  public var projection: ParameterInitializer
  /// For a table of one row a token.
  public var embedding: ParameterInitializer
  /// What the input bias of an LSTM's forget gate is instead, or `nil` for no exception.
  public var forgetBias: Double?
  /// Steps `T` over which gates shall remember from the start, or `nil` for no exception; at least 3. See
  /// ``remembering(steps:)``.
  public var memoryLength: Int?

  /// What each role is given, and the exception for forget gates.
  public init(
    weights: ParameterInitializer, recurrentWeights: ParameterInitializer, biases: ParameterInitializer,
    peephole: ParameterInitializer, embedding: ParameterInitializer, forgetBias: Double?
  ) {
    inputWeights = weights
    self.recurrentWeights = recurrentWeights
    inputBias = biases
    recurrentBias = biases
    self.peephole = peephole
    projection = weights
    self.embedding = embedding
    self.forgetBias = forgetBias
  }

  /// The default: Glorot input weights and projections, orthogonal recurrent weights, zero biases and peepholes,
  /// normal embeddings, and 1 for the bias of an LSTM's forget gate, so that it remembers until it has learned to
  /// forget (Jozefowicz, Zaremba & Sutskever, "An empirical exploration of recurrent network architectures", 2015).
  public static let recommended = InitializationScheme(
    weights: .glorotUniform, recurrentWeights: .orthogonal(gain: 1), biases: .zeros, peephole: .zeros,
    embedding: .normal(standardDeviation: 1), forgetBias: 1)

  /// ``recommended``, but rows of `table` of length 1 rather than √E: as the weight of a tied head, and beside the outputs of
  /// an encoder, longer ones would drown everything else.
  static func withRowsOfLengthOne(_ table: EmbeddingTable) -> InitializationScheme {
    var scheme = recommended
    scheme.embedding = .normal(standardDeviation: 1 / Double(table.dimension).squareRoot())
    return scheme
  }

  /// PyTorch's: uniform in ±1/√H for everything but embeddings, which are normal. For a linear layer the size to give
  /// is that of its input.
  public static func pyTorch(hiddenSize: Int) -> InitializationScheme {
    require(hiddenSize > 0, "a layer of \(hiddenSize) units has no parameters to initialise")
    let uniform = ParameterInitializer.uniform(bound: 1 / Double(hiddenSize).squareRoot())
    return InitializationScheme(
      weights: uniform, recurrentWeights: uniform, biases: uniform, peephole: uniform,
      embedding: .normal(standardDeviation: 1), forgetBias: nil)
  }

  /// This scheme with gates that begin with memories of up to `steps` steps, at least 3 (Tallec & Ollivier, "Can
  /// recurrent neural networks warp time?", 2018).
  ///
  /// For each unit a u is drawn uniformly from 1 … `steps` − 1. The input bias of an LSTM's forget gate is log u and that
  /// of its input gate −log u; that of a GRU's update gate, which keeps the state where it is 1, is
  /// log u. Such a unit forgets in about 1 + u steps. Takes the place of ``forgetBias``. A vanilla cell, and a cell
  /// without biases, has nothing to begin with.
  public func remembering(steps: Int) -> InitializationScheme {
    var scheme = self
    scheme.memoryLength = steps
    return scheme
  }

  /// What a parameter of this role is given.
  package subscript(role: ParameterRole) -> ParameterInitializer {
    switch role {
    case .inputWeights: inputWeights
    case .recurrentWeights: recurrentWeights
    case .inputBias: inputBias
    case .recurrentBias: recurrentBias
    case .peephole: peephole
    case .projection: projection
    case .embedding: embedding
    }
  }
}

extension ParameterVector {
  /// Gives every parameter its first numbers.
  ///
  /// Each parameter draws from a stream of its own, which `seed` and its place in the layout decide, in `Double`; the
  /// numbers are then rounded to `Scalar`. So the same seed gives the same numbers everywhere and in both types; where
  /// ``ParameterInitializer/orthogonal(gain:)`` is used, to the rounding of the machine's LAPACK.
  ///
  /// - Parameters:
  ///   - scheme: What each role is given.
  ///   - seed: Decides all numbers.
  public mutating func initialize(_ scheme: InitializationScheme, seed: UInt64) {
    let entries = layout.entries
    withUnsafeMutableBufferPointer { all in
      for (index, entry) in entries.enumerated() {
        var generator = SeededGenerator(seed: seed, stream: UInt64(index))
        var numbers = scheme[entry.shape.role].numbers(for: entry.shape, from: &generator)
        if let forgetBias = scheme.forgetBias, entry.shape.role == .inputBias,
          let forgetGate = entry.shape.rows(of: .forget)
        {
          for i in forgetGate { numbers[i] = forgetBias }
        }
        if let memoryLength = scheme.memoryLength, entry.shape.role == .inputBias {
          spreadMemory(over: memoryLength, of: entry.shape, biases: &numbers, from: &generator)
        }
        for (i, number) in zip(entry.range, numbers) { all[i] = Scalar(number) }
      }
    }
  }
}

/// Draws the biases of the gates that keep a state, so that units remember over 2 … `steps` steps, all equally probable
/// (see ``InitializationScheme/remembering(steps:)``).
private func spreadMemory(
  over steps: Int, of shape: ParameterShape, biases: inout [Double], from generator: inout SeededGenerator
) {
  require(steps >= 3, "gates remember over at least 3 steps, not \(steps)")
  guard let keeping = shape.rows(of: .forget) ?? shape.rows(of: .update) else { return }
  let taking = shape.rows(of: .input)
  for (unit, row) in keeping.enumerated() {
    let bias = portableLogarithm(generator.uniform(in: 1..<Double(steps - 1)))
    biases[row] = bias
    if let taking { biases[taking.lowerBound + unit] = -bias }
  }
}

extension ParameterInitializer {
  /// The numbers of a parameter, row after row.
  fileprivate func numbers(for shape: ParameterShape, from generator: inout SeededGenerator) -> [Double] {
    require(
      shape.rows.isMultiple(of: shape.blockCount),
      "\(shape.rows) rows of \(shape.name) are not \(shape.blockCount) equal blocks")
    let blockRows = shape.rows / shape.blockCount
    switch self {
    case .zeros:
      return [Double](repeating: 0, count: shape.count)
    case .constant(let value):
      return [Double](repeating: value, count: shape.count)
    case .uniform(let bound):
      return (0..<shape.count).map { _ in bound * (2 * generator.uniform(Double.self) - 1) }
    case .normal(let standardDeviation):
      return (0..<shape.count).map { _ in standardDeviation * generator.normal(Double.self) }
    case .glorotUniform:
      let bound = (6 / Double(max(1, blockRows + shape.columns))).squareRoot()
      return ParameterInitializer.uniform(bound: bound).numbers(for: shape, from: &generator)
    case .orthogonal(let gain):
      return (0..<shape.blockCount).flatMap { _ in
        Self.orthogonalBlock(rows: blockRows, columns: shape.columns, from: &generator).map { gain * $0 }
      }
    }
  }

  private static func orthogonalBlock(
    rows: Int, columns: Int, from generator: inout SeededGenerator
  ) -> [Double] {
    let (long, short) = (max(rows, columns), min(rows, columns))
    let gaussian = Matrix(rows: long, columns: short, (0..<long * short).map { _ in generator.normal(Double.self) })
    let basis: Matrix<Double>
    do { basis = try gaussian.orthonormalized() } catch {
      // Householder QR is defined for every finite matrix; what is left is that LAPACK found no memory.
      fatalError("cannot draw \(rows) × \(columns) orthogonal weights: \(error)")
    }
    if rows >= columns { return basis.elements }
    return (0..<rows * columns).map { basis[$0 % columns, $0 / columns] }
  }
}
