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

  private let budget: RunBudget

  /// A batch for `parts`, as near to `batch` sequences of `steps` steps as the sizes that the graph fixes allow. Where
  /// it takes lengths and `isRagged`, they differ. Throws where the sizes are 0, or the batch and what the layers compute
  /// from it take more than `budget`.
  init(
    _ parts: ONNXSequenceParts, order: PaddedOrder, batch: Int, steps: Int, isRagged: Bool, seed: UInt64,
    _ budget: RunBudget
  ) throws(ONNXRefusal) {
    self.budget = budget
    let cell = parts.layers[0].cell
    let size = parts.embedding == nil ? cell.inputSize : 1
    var sizes = order == .batchMajor ? [batch, steps] : [steps, batch]
    for (axis, dimension) in (parts.input.dimensions ?? []).prefix(2).enumerated() {
      if case .fixed(let size) = dimension { sizes[axis] = size }
    }
    // The batch in its forms, and what a model of ours keeps of each step.
    try Self.count(sizes + [max(size, cell.gateRows)], copies: 4 + 4 * parts.layers.count, of: parts.input, budget)
    let weights = parts.layers.reduce(parts.head?.weight.count ?? 0) { $0 + $1.weights.count * $1.cell.parameterCount }
    let name = "input \(quoted(parts.input.name))"
    try Self.refusing { () throws(RunExcess) in try budget.charge(sizes + [weights], for: name) }
    let (batch, steps) = order == .batchMajor ? (sizes[0], sizes[1]) : (sizes[1], sizes[0])
    self.order = order
    self.steps = steps
    lengths = (0..<batch).map { isRagged && parts.lengths != nil ? max(1, steps - $0) : steps }

    var generator = SeededGenerator(seed: seed)
    if let embedding = parts.embedding {
      features = .tokens(
        (0..<batch * steps).map { _ in Int32(generator.uniform(below: min(embedding.shape[0], Int(Int32.max)))) })
    } else {
      features = .numbers((0..<batch * steps * size).map { _ in generator.uniform(in: -1..<1) }, size: size)
    }
  }

  private var batch: Int { lengths.count }

  /// The number of elements of `shape`, of which `copies` are made: a file of a few bytes can fix sizes of any number.
  @discardableResult
  private static func count(
    _ shape: [Int], copies: Int, of value: ONNXValue, _ budget: RunBudget
  ) throws(ONNXRefusal) -> Int {
    let name = "input \(quoted(value.name))"
    guard !shape.contains(0) else {
      throw .unsupported("\(name) leads to the shape \(shape), wanted numbers to try it with")
    }
    let part = RunBudget.Part(shape: shape, elementSize: copies * MemoryLayout<Double>.size)
    try refusing { () throws(RunExcess) in try budget.allow([part], for: name) }
    return elementCount(shape)
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
      let zeros = [Double](repeating: 0, count: try Self.count(shape, copies: 3, of: value, budget))
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

  /// The largest difference between the numbers of an output of the graph and `wanted`, our predictions, relative to
  /// the largest of those. Infinite where the output has another number of them.
  ///
  /// - Parameters:
  ///   - found: The output's numbers, in its own order.
  ///   - wanted: `[N × O]` or `[B × O]`.
  ///   - layout: The order of the rows of predictions for every step; `nil` for those of sequences.
  ///   - order: Which of time and batch comes first in the output.
  func difference(
    _ found: [Double], _ wanted: Matrix<Double>, _ layout: PackedLayout?, order: PaddedOrder
  ) -> Double {
    let size = wanted.columns
    guard found.count == (layout == nil ? batch : batch * steps) * size else { return .infinity }
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
        compare(wanted.row(b), found[b * size..<(b + 1) * size])
        continue
      }
      for t in 0..<lengths[b] {
        let place = order == .batchMajor ? b * steps + t : t * batch + b
        compare(wanted.row(layout.row(of: b, at: t)), found[place * size..<(place + 1) * size])
      }
    }
    return worst / scale
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
