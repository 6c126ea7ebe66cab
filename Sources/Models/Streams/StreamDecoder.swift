internal import Kernels

/// What a decoder has beside embedding, recurrent layers and head, prepared for streams: a context beside every token,
/// attention over what an encoder remembers, and a readout.
final class StreamDecoder<Scalar: BLASScalar>: Sendable {
  /// Features of the context beside every embedded token, `C`; 0 for none.
  let contextSize: Int
  let attention: PreparedAttention<Scalar>?
  /// From `R + M` to `Q` features in front of tanh.
  let readout: PackedLinear<Scalar>?
  /// How a stream begins.
  let start: Start

  enum Start: Sendable {
    /// A source sentence, through an encoder whose weights are prepared too.
    case source(EncoderDecoder<Scalar>, encoder: [PreparedWeights<Scalar>?])
    /// A context of `C` numbers.
    case context(ConditionedDecoder<Scalar>)
  }

  /// The parts of `decoder`, whose parameters, `[1 × parameterCount]`, these are.
  init(_ decoder: TokenDecoder, parameters: MatrixView<Scalar>, start: Start) {
    contextSize = decoder.contextSize
    attention = decoder.attention.map {
      PreparedAttention($0, parameters: parameters.columns(decoder.ranges.attention))
    }
    readout = decoder.readout.map { PackedLinear($0, parameters: parameters.columns(decoder.ranges.readout)) }
    self.start = start
  }
}

/// What a stream is about: the context beside its tokens, and what attention may ask. It does not change from step to step, so
/// forks share it.
final class StreamSource<Scalar: BLASScalar>: Sendable {
  /// `[1 × C]`, or without columns.
  let context: Matrix<Scalar>
  /// What an encoder remembers of the `S` tokens of the source, `[S × M]`.
  let values: Matrix<Scalar>
  /// What queries are compared with, `[S × A]`.
  let keys: Matrix<Scalar>
  /// The keys as the weight of a map from a query to scores.
  let scores: PackedLinear<Scalar>
  /// The values as that of a map from weights to their mean.
  let means: PackedLinear<Scalar>

  init(context: Matrix<Scalar>, values: Matrix<Scalar>, keys: Matrix<Scalar>) {
    (self.context, self.values, self.keys) = (context, values, keys)
    guard values.count > 0, keys.count > 0 else {
      (scores, means) = (PackedLinear(), PackedLinear())
      return
    }
    var transposed = Matrix<Scalar>.zeros(rows: values.columns, columns: values.rows)
    for s in 0..<values.rows {
      for m in 0..<values.columns { transposed[m, s] = values[s, m] }
    }
    scores = PackedLinear(weight: keys.unsafeView, bias: nil)
    means = PackedLinear(weight: transposed.unsafeView, bias: nil)
  }
}

extension StreamSource: Equatable {
  /// Whether both hold the same numbers, to the bit.
  static func == (a: StreamSource, b: StreamSource) -> Bool {
    a === b || zip(a.parts, b.parts).allSatisfy { $0.matrix.hasEqualBits($1.matrix) }
  }

  /// What a file calls its matrices.
  static var partNames: [String] { ["source.context", "source.values", "source.keys"] }

  /// Each of its matrices, with its name.
  var parts: [(name: String, matrix: Matrix<Scalar>)] { Array(zip(Self.partNames, [context, values, keys])) }
}

extension Matrix where Element: BLASScalar {
  fileprivate func hasEqualBits(_ other: Matrix) -> Bool {
    rows == other.rows && columns == other.columns
      && zip(elements, other.elements).allSatisfy { a, b in
        withUnsafeBytes(of: a) { a in withUnsafeBytes(of: b) { a.elementsEqual($0) } }
      }
  }
}

/// An ``Attention`` for single queries.
struct PreparedAttention<Scalar: BLASScalar>: Sendable {
  let attention: Attention
  /// W₁ and v of an additive score.
  private let additive: (queryMap: PackedLinear<Scalar>, vector: PackedLinear<Scalar>)?

  init(_ attention: Attention, parameters: MatrixView<Scalar>) {
    self.attention = attention
    additive = attention.queryMap.map {
      (
        PackedLinear($0, parameters: parameters.columns(attention.ranges.query)),
        PackedLinear(weight: parameters.columns(attention.ranges.score), bias: nil)
      )
    }
  }

  /// The context that `query`, `[1 × R]`, finds in `source`, `[1 × M]`; zeros in a source without tokens. Each number is the
  /// same for any other queries beside it.
  func find(
    _ query: MatrixView<Scalar>, in source: StreamSource<Scalar>, _ scratch: inout AttentionScratch<Scalar>,
    into context: MutableMatrixView<Scalar>
  ) {
    let count = source.values.rows
    guard count > 0 else { return context.fill(0) }
    let weights = scratch.weights.reshaped(rows: 1, columns: count)
    if let additive {
      let size = attention.keySize
      let projected = scratch.projected.reshaped(rows: 1, columns: size)
      additive.queryMap(query, into: projected, .alone)
      let comparisons = scratch.comparisons.reshaped(rows: count, columns: size)
      let keys = source.keys.unsafeView
      for s in 0..<count {
        let (row, key, first) = (comparisons.row(s), keys.row(s), projected.row(0))
        for a in 0..<size { row[a] = first[a] + key[a] }
      }
      applyTanh(comparisons)
      additive.vector(
        comparisons.readOnly, into: MutableMatrixView(weights.baseAddress, rows: count, columns: 1), .alone)
    } else {
      source.scores(query, into: weights, .alone)
    }
    softmaxRows(weights)
    source.means(weights.readOnly, into: context, .alone)
    withExtendedLifetime(source) {}
  }
}

/// The memory that an attention works in.
struct AttentionScratch<Scalar: BLASScalar> {
  /// `[1 × A]`.
  var projected = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// `[S × A]`.
  var comparisons = Matrix<Scalar>.zeros(rows: 0, columns: 0)
  /// `[1 × S]`.
  var weights = Matrix<Scalar>.zeros(rows: 0, columns: 0)
}

extension PackedLinear {
  /// A map with its parameters, `[1 × parameterCount]`.
  init(_ map: LinearMap, parameters: MatrixView<Scalar>) {
    let count = map.outputSize * map.inputSize
    self.init(
      weight: MatrixView(parameters.baseAddress, rows: map.outputSize, columns: map.inputSize),
      bias: map.hasBias ? parameters.columns(count..<parameters.columns) : nil)
  }
}

extension Execution {
  /// On the calling thread alone.
  static var alone: Execution { Execution(path: .fused, threads: 1) }
}
