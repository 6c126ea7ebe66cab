#if ONNX
internal import DataIO
internal import Kernels
internal import Models

/// One batch on which a graph and a candidate are compared: random features or tokens, padded.
struct ONNXSequenceTrial {
  /// Which of time and batch comes first in the graph's input.
  let order: PaddedOrder
  let steps: Int
  let lengths: [Int]
  let features: Features

  /// A feature or a token for every step of every sequence, padding included, time-major.
  enum Features {
    case numbers([Double], size: Int)
    case tokens([Int32])
  }

  /// What errors call the graph's input.
  private let name: String
  private let budget: RunBudget

  /// The sequences and steps of each trial, where the graph does not fix them.
  static let sizes = [(batch: 2, steps: 5), (batch: 3, steps: 4)]
  /// The largest of them.
  static var maxFreeSize: Int { sizes.reduce(0) { max($0, $1.batch, $1.steps) } }

  /// The batch of trial `number` for `parts`, as near to ``sizes`` as those that the graph fixes allow. Where it takes
  /// lengths, those of later trials differ. Throws where the sizes are 0, or the batch takes more than `budget`.
  init(
    _ parts: ONNXSequenceParts, order: PaddedOrder, number: Int, scalarSize: Int, _ budget: RunBudget
  ) throws(ONNXRefusal) {
    self.budget = budget
    name = "input \(quoted(parts.input.name))"
    let cell = parts.layers[0].cell
    let size = parts.embedding == nil ? cell.inputSize : 1
    let free = Self.sizes[number]
    var sizes = order == .batchMajor ? [free.batch, free.steps] : [free.steps, free.batch]
    for (axis, dimension) in (parts.input.dimensions ?? []).prefix(2).enumerated() {
      if case .fixed(let size) = dimension { sizes[axis] = size }
    }
    try Self.count(
      [
        // What a layer computes of each step first, or reads.
        .init(shape: sizes + [max(size, cell.gateRows)], elementSize: scalarSize),
        // The inputs as they are drawn, in the graph's order and in its type; and in ours, padded and packed.
        .init(shape: sizes + [size], elementSize: 3 * MemoryLayout<Double>.size + 2 * scalarSize),
      ], of: parts.input, budget)
    let (batch, steps) = order == .batchMajor ? (sizes[0], sizes[1]) : (sizes[1], sizes[0])
    let isRagged = number > 0 && parts.lengths != nil
    self.order = order
    self.steps = steps
    lengths = (0..<batch).map { isRagged ? max(1, steps - $0) : steps }

    var generator = SeededGenerator(seed: UInt64(number))
    if let embedding = parts.embedding {
      features = .tokens(
        (0..<batch * steps).map { _ in Int32(generator.uniform(below: min(embedding.shape[0], Int(Int32.max)))) })
    } else {
      features = .numbers((0..<batch * steps * size).map { _ in generator.uniform(in: -1..<1) }, size: size)
    }
  }

  private var batch: Int { lengths.count }

  /// Counts what is made of `value`: a file of a few bytes can fix sizes of any number.
  private static func count(
    _ made: [RunBudget.Part], of value: ONNXValue, _ budget: RunBudget
  ) throws(ONNXRefusal) {
    let name = "input \(quoted(value.name))"
    if let empty = made.first(where: { $0.shape.contains(0) }) {
      throw .unsupported("\(name) leads to the shape \(empty.shape), wanted numbers to try it with")
    }
    try refusing { () throws(RunExcess) in try budget.allow(made, for: name) }
  }

  /// Counts what `candidate` computes from the batch, and the numbers of an output that are compared with it.
  func count<Scalar: BLASScalar>(_ candidate: SequenceModel<Scalar>) throws(ONNXRefusal) {
    let architecture = candidate.architecture
    let made = architecture.inferenceMemory(
      batch: batch, steps: steps, path: candidate.execution.path, scalarSize: MemoryLayout<Scalar>.size)
    let compared = RunBudget.Part(
      shape: predictionShape(architecture), elementSize: MemoryLayout<Double>.size)
    let weights = architecture.recurrent.parameterCount + architecture.head.parameterCount
    try Self.refusing { () throws(RunExcess) in
      try budget.allow(made + [compared], for: name)
      try budget.charge([batch, steps, weights], for: name)
    }
  }

  /// The number of predictions that a model of `architecture` makes from the batch.
  func predictionCount(_ architecture: SequenceArchitecture) -> Int { elementCount(predictionShape(architecture)) }

  private func predictionShape(_ architecture: SequenceArchitecture) -> [Int] {
    (architecture.readout == .everyStep ? [batch, steps] : [batch]) + [architecture.outputSize]
  }

  /// A graph that cannot be tried is not recognised.
  private static func refusing(_ body: () throws(RunExcess) -> Void) throws(ONNXRefusal) {
    do { try body() } catch { throw .unsupported("\(error.found), wanted \(error.wanted)") }
  }

  /// The batch for a model of ours.
  func inputs<Scalar: BLASScalar>(as _: Scalar.Type) -> SequenceInputs<Scalar> {
    switch features {
    case .numbers(let numbers, let size):
      .features(PackedSequence(padded: numbers.map { Scalar($0) }, .timeMajor, lengths: lengths, features: size))
    case .tokens(let tokens): .tokens(PackedSequence(padded: tokens, .timeMajor, lengths: lengths, features: 1))
    }
  }

  /// The batch for the graph, in which sequences start from zeros.
  func tensors(for parts: ONNXSequenceParts) throws(ONNXRefusal) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    let outer = order == .batchMajor ? [batch, steps] : [steps, batch]
    switch features {
    case .numbers(let numbers, let size):
      let arranged = arrange(numbers, size: size)
      tensors[parts.input.name] = try Tensor(shape: outer + [size], arranged, typeName: parts.input.elementType)
    case .tokens(let tokens):
      tensors[parts.input.name] = try Tensor(
        shape: outer, arrange(tokens, size: 1).map(Double.init), typeName: parts.input.elementType ?? "int64")
    }
    if let value = parts.lengths {
      tensors[value.name] = try Tensor(
        shape: [batch], lengths.map(Double.init), typeName: value.elementType ?? "int32")
    }
    for value in parts.states {
      let shape = try shape(of: value, parts.input)
      // As they are made, and in the graph's type.
      try Self.count([.init(shape: shape, elementSize: 2 * MemoryLayout<Double>.size)], of: value, budget)
      let zeros = [Double](repeating: 0, count: elementCount(shape))
      tensors[value.name] = try Tensor(shape: shape, zeros, typeName: value.elementType)
    }
    return tensors
  }

  /// `numbers`, which are time-major, in the order of the graph's input.
  private func arrange<Number>(_ numbers: [Number], size: Int) -> [Number] {
    guard order == .batchMajor else { return numbers }
    var result: [Number] = []
    result.reserveCapacity(numbers.count)
    for b in 0..<batch {
      for t in 0..<steps { result += numbers[(t * batch + b) * size..<(t * batch + b + 1) * size] }
    }
    return result
  }

  /// The shape of a state: sizes that have the name of one of the main input's are that size, other free ones the
  /// batch.
  private func shape(of value: ONNXValue, _ input: ONNXValue) throws(ONNXRefusal) -> [Int] {
    guard let dimensions = value.dimensions else {
      throw .unsupported("the model does not say how many dimensions input \(quoted(value.name)) has")
    }
    let sizes = order == .batchMajor ? [batch, steps] : [steps, batch]
    return dimensions.map { dimension in
      switch dimension {
      case .fixed(let size): size
      case .unknown: batch
      case .named:
        zip(input.dimensions ?? [], sizes).first { $0.0 == dimension }?.1 ?? batch
      }
    }
  }

  /// The largest difference between the numbers of an output of the graph and our predictions, which are as many,
  /// relative to the largest of those.
  ///
  /// - Parameters:
  ///   - found: The output's numbers, in its own order.
  ///   - size: The predictions of a row, `O`.
  ///   - layout: The order of the rows of predictions for every step; `nil` for those of sequences.
  ///   - order: Which of time and batch comes first in the output.
  ///   - wanted: A row of the predictions, `[N × O]` or `[B × O]`.
  func difference(
    _ found: [Double], size: Int, _ layout: PackedLayout?, order: PaddedOrder, wanted: (Int) -> [Double]
  ) -> Double {
    var (worst, scale) = (0.0, 1e-30)
    func compare(_ wanted: [Double], _ found: ArraySlice<Double>) {
      for (wanted, found) in zip(wanted, found) {
        // What is not finite, where weights may be that, agrees with the same alone.
        let difference = wanted == found || wanted.isNaN && found.isNaN ? 0 : abs(wanted - found)
        worst = difference.isNaN ? .infinity : max(worst, difference)
        if wanted.isFinite { scale = max(scale, abs(wanted)) }
      }
    }
    for b in 0..<batch {
      guard let layout else {
        compare(wanted(b), found[b * size..<(b + 1) * size])
        continue
      }
      for t in 0..<lengths[b] {
        let place = order == .batchMajor ? b * steps + t : t * batch + b
        compare(wanted(layout.row(of: b, at: t)), found[place * size..<(place + 1) * size])
      }
    }
    return worst / scale
  }
}

extension ONNXSequenceParts {
  /// Rows of a batch that its fixed sizes may justify: a file of a few bytes can fix any number.
  private static let maxRows = 1 << 16
  /// Bytes that they may justify.
  private static let maxMemory = 1 << 30
  /// Operations that they may justify, in all trials.
  private static let maxOperations = 1 << 38

  /// What all trials together may take.
  ///
  /// What `limits` leave open follows from the file, as in a run, and from the sizes that the graph fixes, as far as they
  /// may justify anything. The reading that is tried last has as much left as the first.
  ///
  /// - Parameters:
  ///   - limits: Given limits.
  ///   - byteCount: The bytes of the file.
  ///   - nodeCount: The nodes of the graph.
  func budget(_ limits: RunLimits, byteCount: Int, nodeCount: Int) -> RunBudget {
    // Batches of a few steps, where the graph does not fix more.
    let open = RunBudget(limits, bytes: byteCount, elements: 1 << 12)
    let sizes = (input.dimensions ?? []).prefix(2).map { dimension in
      if case .fixed(let size) = dimension { size } else { ONNXSequenceTrial.maxFreeSize }
    }
    let rows = min(checkedProduct(sizes) ?? .max, Self.maxRows)
    let (cell, directions) = (layers[0].cell, layers[0].isBidirectional ? 2 : 1)
    let hidden = directions * cell.hiddenSize
    let widest = max(cell.inputSize, hidden, head?.bias.count ?? hidden)
    // Of each row: gates, states and outputs of every layer, and the widest value before and after it is moved,
    // converted and compared.
    let numbers = layers.count * directions * (cell.gateRows + 5 * cell.hiddenSize) + 8 * widest
    let weights = layers.reduce(head?.weight.count ?? 0) { $0 + $1.weights.count * $1.cell.parameterCount }
    // As operators count: 4096 for each step of a recurrence, up to 32 for each number elsewhere.
    let graphOperations = 2 * weights + layers.count * directions * 2 * 4096 + 32 * nodeCount * widest
    // Both orders of the input; in each, both programs and three readings.
    let trials = 2 * ONNXSequenceTrial.sizes.count
    let operations = checkedProduct([rows, trials, 2 * graphOperations + 3 * weights]) ?? .max
    let memory = checkedProduct([rows, numbers, MemoryLayout<Double>.size]) ?? .max
    return RunBudget(
      memory: limits.memory ?? checkedSum([open.memory, min(memory, Self.maxMemory)]) ?? .max,
      operations: limits.operations ?? checkedSum([open.operations, min(operations, Self.maxOperations)]) ?? .max)
  }
}

extension Tensor {
  /// `numbers`, which fit the type that is `typeName`; `float32` where that is `nil`.
  fileprivate init(shape: [Int], _ numbers: [Double], typeName: String?) throws(ONNXRefusal) {
    switch typeName {
    case "float32", nil: self.init(shape: shape, .float(numbers.map { Float($0) }))
    case "float64": self.init(shape: shape, .double(numbers))
    case "int32": self.init(shape: shape, .int32(numbers.map { Int32($0) }))
    case "int64": self.init(shape: shape, .int64(numbers.map { Int64($0) }))
    case let other?: throw .unsupported("an input of \(other), wanted float32, float64, int32 or int64")
    }
  }
}
#endif
