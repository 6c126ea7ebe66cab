internal import Kernels

/// All that a ``PreparedModel`` shares with its copies, its sessions' workspaces and the threads that step through it.
final class PreparedCore<Scalar: BLASScalar>: Sendable {
  /// All parameters of the model.
  let parameters: ParameterVector<Scalar>
  let embedding: EmbeddingTable?
  private let embeddingRange: Range<Int>
  let stack: RecurrentStack
  /// The stack's among the parameters.
  let stackRange: Range<Int>
  /// The weights of each layer and direction; empty on other paths than the fused one.
  let weights: [PreparedWeights<Scalar>?]
  /// Where this is a ``SequenceModel``.
  let architecture: SequenceArchitecture?
  /// Where this is a decoder.
  let decoder: StreamDecoder<Scalar>?
  /// `nil` for a layer alone.
  let head: Head?
  /// Whether there is one: small steps would notice the time of looking at all of it.
  let hasHead: Bool
  let readout: SequenceArchitecture.Readout
  let outputSize: Int
  /// Whether a step of one session is a ``SingleStep`` for each layer.
  let stepsAlone: Bool
  private let headRange: Range<Int>
  /// The head's weights on the fused path.
  let preparedHead: PreparedHead<Scalar>?
  let activation: OutputActivation
  let execution: Execution
  let identity: ModelIdentity
  let sessionLayout: SessionLayout
  /// The state before the first step; sessions share it until they step.
  let zero: Session<Scalar>

  /// A layer alone, or a model around it.
  convenience init(
    _ stack: RecurrentStack, _ architecture: SequenceArchitecture?, _ parameters: ParameterVector<Scalar>,
    activation: OutputActivation, execution: Execution
  ) {
    self.init(
      parameters, stack, architecture?.ranges.recurrent ?? 0..<stack.parameterCount, architecture, nil,
      embedding: architecture?.embedding, architecture?.ranges.embedding, head: architecture?.head,
      architecture?.ranges.head, activation: activation,
      identity: ModelIdentity(architecture: architecture.map(json) ?? json(stack), parameters), execution: execution)
  }

  /// The decoder whose numbers are those in `range` of all parameters of a model.
  convenience init(
    _ decoder: TokenDecoder, _ range: Range<Int>, of all: ParameterVector<Scalar>, start: StreamDecoder<Scalar>.Start,
    identity: ModelIdentity, execution: Execution
  ) {
    let (own, ranges) = (all.part(range, ParameterLayout(decoder.parameters)), decoder.ranges)
    self.init(
      own, decoder.recurrent, ranges.recurrent, nil,
      own.withView { StreamDecoder(decoder, parameters: $0, start: start) }, embedding: decoder.embedding,
      ranges.embedding, head: decoder.head, ranges.head, activation: .none, identity: identity, execution: execution)
  }

  private init(
    _ parameters: ParameterVector<Scalar>, _ stack: RecurrentStack, _ stackRange: Range<Int>,
    _ architecture: SequenceArchitecture?, _ decoder: StreamDecoder<Scalar>?, embedding: EmbeddingTable?,
    _ embeddingRange: Range<Int>?, head: Head?, _ headRange: Range<Int>?, activation: OutputActivation,
    identity: ModelIdentity, execution: Execution
  ) {
    self.parameters = parameters
    self.stack = stack
    self.stackRange = stackRange
    self.architecture = architecture
    self.decoder = decoder
    self.embedding = embedding
    self.embeddingRange = embeddingRange ?? 0..<0
    self.head = head
    hasHead = head != nil
    readout = architecture?.readout ?? .everyStep
    outputSize = head?.outputSize ?? stack.outputSize
    self.headRange = headRange ?? 0..<0
    self.activation = activation
    self.identity = identity
    self.execution = execution
    let isFused = execution.path == .fused
    let headParameters = { (all: MatrixView<Scalar>) in
      HeadParameters(own: all.columns(headRange ?? 0..<0), table: all.columns(embeddingRange ?? 0..<0))
    }
    (weights, preparedHead) = parameters.withView { all in
      (
        isFused ? stack.prepare(parameters: all.columns(stackRange)) : [],
        isFused ? head.map { $0.prepare(headParameters(all)) } : nil
      )
    }
    stepsAlone = weights.count == stack.layers && weights.allSatisfy { $0 != nil }
    let cell = stack.cells[0]
    sessionLayout = SessionLayout(
      layers: stack.layers, hiddenSize: cell.outputSize, cellSize: cell.cellStateSize,
      pooledSize: architecture?.readout.pools == true ? stack.outputSize : 0, scalarSize: MemoryLayout<Scalar>.stride)
    zero = Session(.zero(SessionHeader(model: identity, layout: sessionLayout, steps: 0)))
  }

  /// Features of a step, where it reads features.
  var inputSize: Int { stack.inputSize }

  /// What a stream begins with.
  var startName: String {
    switch decoder?.start {
    case nil: "nothing: session()"
    case .source: "a source: session(translating:)"
    case .context: "a context: session(from:)"
    }
  }

  /// The head's parameters.
  var headParameters: HeadParameters<Scalar> {
    HeadParameters(own: parameters._view.columns(headRange), table: embeddingParameters)
  }

  /// The embedding's parameters, `[1 × V·E]`.
  var embeddingParameters: MatrixView<Scalar> { parameters._view.columns(embeddingRange) }

  /// The rows of the embedding, `[V × E]`.
  func table(_ embedding: EmbeddingTable) -> MatrixView<Scalar> {
    MatrixView(embeddingParameters.baseAddress, rows: embedding.vocabularySize, columns: embedding.dimension)
  }

  func check(token: Int32, _ embedding: EmbeddingTable) throws(SessionError) {
    guard 0..<embedding.vocabularySize ~= Int(token) else {
      throw .token(token, vocabularySize: embedding.vocabularySize)
    }
  }

  @inline(__always)
  func check(_ session: Session<Scalar>) throws(SessionError) {
    guard session.storage.header.model == identity, session.storage.header.layout == sessionLayout,
      decoder == nil || fits(session.source)
    else {
      throw .otherModel(found: session.model, wanted: identity)
    }
  }

  /// Whether `source` has the sizes that the decoder asks for.
  func fits(_ source: StreamSource<Scalar>?) -> Bool {
    guard decoder != nil else { return source == nil }
    guard let source else { return false }
    return fits(source.context, source.values, source.keys)
  }

  /// The same of the matrices of a source, before anything is made of them.
  func fits(_ context: Matrix<Scalar>, _ values: Matrix<Scalar>, _ keys: Matrix<Scalar>) -> Bool {
    guard let decoder else { return false }
    return context.count == decoder.contextSize
      && (decoder.attention == nil
        || values.rows == keys.rows && values.columns == decoder.attention?.attention.memorySize
          && keys.columns == decoder.attention?.attention.keySize)
  }

  func check(_ what: String, _ found: Int, _ wanted: Int) throws(SessionError) {
    guard found == wanted else { throw .count(of: what, found: found, wanted: wanted) }
  }
}

/// What becomes of a model's predictions before they are given back.
enum OutputActivation: Sendable {
  case none, softmax, sigmoid

  /// That which makes predictions of a model with this loss probabilities; `nil` where they are none.
  init?(probabilitiesOf loss: Loss) {
    switch loss {
    case .softmaxCrossEntropy: self = .softmax
    case .binaryCrossEntropy: self = .sigmoid
    case .meanSquaredError, .meanAbsoluteError: return nil
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply<Scalar: BLASScalar>(to rows: MutableMatrixView<Scalar>) {
    switch self {
    case .none: break
    case .softmax: softmaxRows(rows)
    case .sigmoid:
      for n in 0..<rows.rows {
        let row = rows.row(n)
        for j in 0..<rows.columns { row[j] = 1 / (1 + Scalar._exp(-row[j])) }
      }
    }
  }
}

extension SequenceArchitecture.Readout {
  /// Whether the head reads something of all steps so far.
  var pools: Bool { self == .meanState || self == .maxState }
}

/// What a head reads of all steps so far, one step after another: the same numbers in the same order as ``SequencePooling``.
enum StreamPooling {
  /// Adds an output, `[R]`, to what was pooled of the `steps` outputs before it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func add<Scalar: BLASScalar>(
    _ output: UnsafePointer<Scalar>, to pooled: UnsafeMutablePointer<Scalar>, count: Int, steps: Int,
    _ readout: SequenceArchitecture.Readout
  ) {
    if readout == .meanState {
      for j in 0..<count { pooled[j] += output[j] }
    } else {
      for j in 0..<count
      where steps == 0 || output[j] > pooled[j] || output[j].isNaN && !pooled[j].isNaN { pooled[j] = output[j] }
    }
  }

  /// What the head reads after `steps` steps, `[R]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func read<Scalar: BLASScalar>(
    _ pooled: UnsafePointer<Scalar>, into row: UnsafeMutablePointer<Scalar>, count: Int, steps: Int,
    _ readout: SequenceArchitecture.Readout
  ) {
    guard readout == .meanState, steps > 0 else { return row.update(from: pooled, count: count) }
    let share = 1 / Scalar(steps)
    for j in 0..<count { row[j] = pooled[j] * share }
  }
}
