#if ONNX
internal import DataIO
internal import Kernels

/// RNN, LSTM and GRU.
///
/// Inputs X `[T × B × I]`, W `[D × G·H × I]`, R `[D × G·H × H]`, B `[D × 2·G·H]`, sequence_lens `[B]`, initial_h
/// `[D × B × H]`, and for an LSTM initial_c and P `[D × 3·H]`; outputs Y `[T × D × B × H]`, Y_h and Y_c `[D × B × H]`.
/// With layout 1 the batch comes first everywhere but in the weights.
struct RecurrentOperator: ONNXOperator {
  static let inputCount = 3...8
  static let outputCount = 0...3
  private let settings: ONNXRecurrentSettings
  private var prepared: Prepared

  /// Weights that are the same in every run are brought into our order once.
  private enum Prepared {
    case float(ONNXRecurrentWeightsSet<Float>)
    case double(ONNXRecurrentWeightsSet<Double>)
    case nothing
  }

  init(_ node: inout ONNXNodeReader) throws(ONNXRefusal) {
    let kind = try Self.kind(node.node.operation)
    let mostInputs = kind == .lstm ? 8 : 6
    let mostOutputs = kind == .lstm ? 3 : 2
    guard node.node.inputs.count <= mostInputs, node.node.outputs.count <= mostOutputs else {
      throw .malformed(
        "\(node.node.inputs.count) inputs and \(node.node.outputs.count) outputs, wanted at most \(mostInputs) and "
          + "\(mostOutputs)")
    }
    settings = try ONNXRecurrentSettings(&node, kind: kind)
    prepared = try Self.prepare(settings, node)
  }

  private static func kind(_ operation: String) throws(ONNXRefusal) -> RecurrentCell.Kind {
    switch operation {
    case "RNN": .vanilla
    case "LSTM": .lstm
    case "GRU": .gru
    default: throw .unsupported("the operator \(operation) is no recurrence")
    }
  }

  private static func prepare(
    _ settings: ONNXRecurrentSettings, _ node: ONNXNodeReader
  ) throws(ONNXRefusal) -> Prepared {
    let names = node.node.inputs
    let isConstant = [1, 2, 3, 7].allSatisfy {
      !names.indices.contains($0) || names[$0].isEmpty || node.constants[$0] != nil
    }
    // Many operators may share weights that are in the file once.
    let copies = [1, 2].compactMap { node.constants.indices.contains($0) ? node.constants[$0] : nil }
    guard isConstant, (try? node.budget.allow((copies + copies).map(\.part), for: "")) != nil else { return .nothing }
    for tensor in copies + copies { node.budget.hold(tensor) }
    let weights = ONNXArguments(tensors: node.constants, budget: .unlimited)
    switch weights.optional(1)?.elements {
    case .float: return .float(try ONNXRecurrentWeightsSet(settings, weights))
    case .double: return .double(try ONNXRecurrentWeightsSet(settings, weights))
    default: return .nothing
    }
  }

  func run(_ inputs: ONNXArguments) throws(ONNXRefusal) -> [Tensor] {
    let x = try inputs.required(0)
    switch (x.elements, prepared) {
    case (.float(let numbers), .float(let weights)): return try run(numbers, x.shape, inputs, weights)
    case (.double(let numbers), .double(let weights)): return try run(numbers, x.shape, inputs, weights)
    case (.float(let numbers), .nothing): return try run(numbers, x.shape, inputs, weights(inputs))
    case (.double(let numbers), .nothing): return try run(numbers, x.shape, inputs, weights(inputs))
    case (.float, _), (.double, _): throw .input("X is \(x.typeName), wanted the type of the weights")
    default: throw .type(x, wanted: "float32 or float64")
    }
  }

  /// Weights that are not the same in every run. Copies of each exist in ONNX's order, in ours and prepared.
  private func weights<Scalar: ONNXScalar>(
    _ inputs: ONNXArguments
  ) throws(ONNXRefusal) -> ONNXRecurrentWeightsSet<Scalar> {
    let (w, r) = (try inputs.required(1), try inputs.required(2))
    try inputs.allow([w, r, w, r, w, r, w, r].map(\.part))
    return try ONNXRecurrentWeightsSet(settings, inputs)
  }

  private func run<Scalar: ONNXScalar>(
    _ x: [Scalar], _ shape: [Int], _ inputs: ONNXArguments, _ weights: ONNXRecurrentWeightsSet<Scalar>
  ) throws(ONNXRefusal) -> [Tensor] {
    let (H, D) = (weights.hiddenSize, settings.directions.count)
    guard shape.count == 3, shape[2] == weights.inputSize else {
      throw .input("X has shape \(shape), wanted three dimensions, the last of size \(weights.inputSize)")
    }
    let (T, B) = settings.isBatchFirst ? (shape[1], shape[0]) : (shape[0], shape[1])
    let outputShape = settings.isBatchFirst ? [B, T, D, H] : [T, D, B, H]
    try count(outputShape, steps: T, batch: B, weights, inputs)
    let lengths = try lengths(inputs, batch: B, steps: T)
    let packed = PackedSequence(
      padded: x, settings.isBatchFirst ? .batchMajor : .timeMajor, lengths: lengths, features: weights.inputSize)
    var hidden = try states(inputs, 5, "initial_h", [D, B, H], as: Scalar.self)
    var cells =
      settings.kind == .lstm
      ? try states(inputs, 6, "initial_c", [D, B, H], as: Scalar.self)
      : (0..<D).map { _ in Matrix<Scalar>.zeros(rows: B, columns: 0) }
    var outputs = [Scalar](repeating: 0, count: elementCount(outputShape))
    for (index, direction) in settings.directions.enumerated() {
      let rows = weights.directions[index].run(packed, direction, hidden: &hidden[index], cell: &cells[index])
      rows.withUnsafeBufferPointer { rows in
        outputs.withUnsafeMutableBufferPointer { outputs in
          for b in 0..<B {
            for t in 0..<lengths[b] {
              let place = settings.isBatchFirst ? (b * T + t) * D + index : (t * D + index) * B + b
              let row = packed.layout.row(of: b, at: t)
              (outputs.baseAddress! + place * H).update(from: rows.baseAddress! + row * H, count: H)
            }
          }
        }
      }
    }
    let states = settings.kind == .lstm ? [hidden, cells] : [hidden]
    return [Tensor(shape: outputShape, Scalar.elements(outputs))] + states.map { tensor($0, [D, B, H]) }
  }

  /// Counts the results and what computing them takes: the packed inputs, lengths, ranks and offsets, the states, and what
  /// a cell keeps of every step.
  private func count<Scalar: ONNXScalar>(
    _ outputs: [Int], steps T: Int, batch B: Int, _ weights: ONNXRecurrentWeightsSet<Scalar>, _ inputs: ONNXArguments
  ) throws(ONNXRefusal) {
    let (I, H, D, G) = (
      weights.inputSize, weights.hiddenSize, settings.directions.count, settings.kind.gates.count
    )
    let size = MemoryLayout<Scalar>.size
    try inputs.allow([
      .init(shape: outputs, elementSize: size), .init(shape: [T, B, I], elementSize: size),
      .init(shape: [T, B, G + 4, H], elementSize: size), .init(shape: [D, B, H, 6], elementSize: size),
      .init(shape: [T, 4], elementSize: 8), .init(shape: [B, 6], elementSize: 8),
    ])
    // Without a cell of the engine's, each number is computed by itself.
    let cost = weights.directions.allSatisfy { $0.cell != nil } ? 1 : 16
    try inputs.charge([T, B, D, G, H, I + H + 4, cost])
    // A small step takes as long as thousands of operations.
    try inputs.charge([T, B, D, 4096])
    guard let rows = checkedProduct([T, B]), rows <= Int32.max else {
      throw .unsupported("X has \(T) steps of \(B) sequences, wanted at most \(Int32.max) rows")
    }
  }

  /// The length of each sequence; all steps by default.
  private func lengths(_ inputs: ONNXArguments, batch: Int, steps: Int) throws(ONNXRefusal) -> [Int] {
    guard inputs.optional(4) != nil else { return [Int](repeating: steps, count: batch) }
    let lengths = try inputs.integers(4)
    guard lengths.count == batch else { throw .input("sequence_lens has \(lengths.count) lengths, wanted \(batch)") }
    if let length = lengths.first(where: { !(1...max(steps, 1) ~= $0) || $0 > steps }) {
      throw .input("sequence_lens has a length of \(length), wanted 1 to \(steps)")
    }
    return lengths
  }

  /// The initial states of each direction, `[B × H]`; zeros by default.
  private func states<Scalar: ONNXScalar>(
    _ inputs: ONNXArguments, _ index: Int, _ name: String, _ shape: [Int], as _: Scalar.Type
  ) throws(ONNXRefusal) -> [Matrix<Scalar>] {
    let (D, B, H) = (shape[0], shape[1], shape[2])
    guard var tensor = inputs.optional(index) else { return (0..<D).map { _ in .zeros(rows: B, columns: H) } }
    let wanted = settings.isBatchFirst ? [B, D, H] : shape
    guard tensor.shape == wanted, Scalar.array(tensor.elements) != nil else {
      throw .input("\(name) is \(tensor.typeName) of shape \(tensor.shape), wanted the type of X and shape \(wanted)")
    }
    if settings.isBatchFirst { tensor = try tensor.transposed([1, 0, 2]) }
    let numbers = Scalar.array(tensor.elements) ?? []
    return (0..<D).map { Matrix(rows: B, columns: H, numbers[$0 * B * H..<($0 + 1) * B * H]) }
  }

  /// Final states as the operator gives them, from those of each direction.
  private func tensor<Scalar: ONNXScalar>(_ states: [Matrix<Scalar>], _ shape: [Int]) -> Tensor {
    let (D, B, H) = (shape[0], shape[1], shape[2])
    guard settings.isBatchFirst else { return Tensor(shape: shape, Scalar.elements(states.flatMap(\.elements))) }
    return Tensor(shape: [B, D, H], Scalar.elements((0..<B).flatMap { b in states.flatMap { $0.row(b) } }))
  }
}

extension RecurrentOperator {
  /// The engine's cell for its first direction; `nil` where it runs on the reference, or the weights are not constant.
  var cell: RecurrentCell? {
    switch prepared {
    case .float(let weights): weights.directions[0].cell
    case .double(let weights): weights.directions[0].cell
    case .nothing: nil
    }
  }

  /// This operator under another convention, where it runs on cells of the engine.
  func applying(_ convention: RecurrentConvention) -> RecurrentOperator {
    var result = self
    switch prepared {
    case .float(let weights): result.prepared = .float(weights.applying(convention))
    case .double(let weights): result.prepared = .double(weights.applying(convention))
    case .nothing: break
    }
    return result
  }
}

/// The weights of all directions of an operator, checked and ready to run.
struct ONNXRecurrentWeightsSet<Scalar: ONNXScalar>: Sendable {
  let inputSize: Int
  let hiddenSize: Int
  private(set) var directions: [ONNXRecurrentDirection<Scalar>]

  /// Reads W, R, B and P, whose sizes must agree with each other and with `settings`.
  init(
    _ settings: ONNXRecurrentSettings, _ inputs: ONNXArguments, usesReference: Bool = false
  ) throws(ONNXRefusal) {
    let D = settings.directions.count
    let G = settings.kind.gates.count
    let (w, r) = (try inputs.required(1), try inputs.required(2))
    guard r.shape.count == 3, w.shape.count == 3, let H = r.shape.last, let I = w.shape.last, r.count > 0, w.count > 0
    else {
      throw .input("W and R have shapes \(w.shape) and \(r.shape), wanted three dimensions, none of size 0")
    }
    if let hiddenSize = settings.hiddenSize, hiddenSize != H {
      throw .attribute("hidden_size", is: "\(hiddenSize)", wanted: "\(H), as R of shape \(r.shape) has it")
    }
    let inputWeights = try Self.numbers(w, "W", [D, G * H, I])
    let recurrentWeights = try Self.numbers(r, "R", [D, G * H, H])
    let biases = try inputs.optional(3).map { b throws(ONNXRefusal) in try Self.numbers(b, "B", [D, 2 * G * H]) }
    let peepholes =
      settings.kind == .lstm
      ? try inputs.optional(7).map { p throws(ONNXRefusal) in try Self.numbers(p, "P", [D, 3 * H]) } : nil

    func part(_ numbers: [Scalar], _ index: Int) -> [Scalar] {
      let size = numbers.count / D
      return Array(numbers[index * size..<(index + 1) * size])
    }
    inputSize = I
    hiddenSize = H
    directions = (0..<D).map { index in
      ONNXRecurrentDirection(
        settings, index,
        weights: ONNXRecurrentWeights(
          inputWeights: part(inputWeights, index), recurrentWeights: part(recurrentWeights, index),
          biases: biases.map { part($0, index) }, peepholes: peepholes.map { part($0, index) }),
        inputSize: I, hiddenSize: H, usesReference: usesReference)
    }
  }

  func applying(_ convention: RecurrentConvention) -> Self {
    var result = self
    result.directions = directions.map { $0.applying(convention) }
    return result
  }

  private static func numbers(_ tensor: Tensor, _ name: String, _ shape: [Int]) throws(ONNXRefusal) -> [Scalar] {
    guard tensor.shape == shape, let numbers = Scalar.array(tensor.elements) else {
      throw .input("\(name) is \(tensor.typeName) of shape \(tensor.shape), wanted the type of X and shape \(shape)")
    }
    return numbers
  }
}
#endif
