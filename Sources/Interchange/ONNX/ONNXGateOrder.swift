#if ONNX
internal import Kernels

/// The gate order of ONNX's recurrent operators. All conversions use it.
///
/// | operator | ONNX | here |
/// | --- | --- | --- |
/// | LSTM, rows of W, R and halves of B | `i o f c` | `i f g o` |
/// | LSTM, P | `i o f` | `i f o` |
/// | GRU, rows of W, R and halves of B | `z r h` | `r z n` |
///
/// Source: the operators' texts, github.com/onnx/onnx/blob/main/docs/Operators.md.
enum ONNXGateOrder {
  /// For each of our gate blocks, in order, the place of ONNX's block that holds it.
  static func gates(of kind: RecurrentCell.Kind) -> [Int] {
    switch kind {
    case .vanilla: [0]
    case .lstm: LSTMGate.allCases.map(place)
    case .gru: GRUGate.allCases.map(place)
    }
  }

  /// For each row of our peephole weights, in order, the place of ONNX's that holds it.
  static let peepholes = LSTMPeephole.allCases.map(place)

  private static func place(_ gate: LSTMGate) -> Int {
    switch gate {
    case .input: 0
    case .output: 1
    case .forget: 2
    case .candidate: 3
    }
  }

  private static func place(_ gate: GRUGate) -> Int {
    switch gate {
    case .update: 0
    case .reset: 1
    case .candidate: 2
    }
  }

  private static func place(_ peephole: LSTMPeephole) -> Int {
    switch peephole {
    case .input: 0
    case .output: 1
    case .forget: 2
    }
  }
}

/// The weights of one direction of an ONNX RNN, LSTM or GRU, in ONNX's order: a slice of its W, R, B and P.
struct ONNXRecurrentWeights<Scalar: BLASScalar>: Equatable, Sendable {
  /// Of W, `[G·H × I]`.
  var inputWeights: [Scalar]
  /// Of R, `[G·H × H]`.
  var recurrentWeights: [Scalar]
  /// Of B, `[2·G·H]`: those of the input products, then those of the recurrent ones. `nil` where the operator has no B.
  var biases: [Scalar]?
  /// Of P, `[3·H]`; `nil` where the operator has none.
  var peepholes: [Scalar]?

  /// Weights that are in ONNX's order already.
  init(inputWeights: [Scalar], recurrentWeights: [Scalar], biases: [Scalar]? = nil, peepholes: [Scalar]? = nil) {
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.biases = biases
    self.peepholes = peepholes
  }

  /// What ONNX is to hold for `cell`, whose `parameters` lie in the order of `RecurrentCell.parameters`.
  ///
  /// ONNX's LSTM knows no projection, so the cell may have none.
  init(_ cell: RecurrentCell, parameters: [Scalar]) {
    require(!cell.isProjected, "an LSTM of ONNX has no projection")
    require(parameters.count == cell.parameterCount, "the parameters are those of another cell")
    let gates = ONNXGateOrder.gates(of: cell.kind)
    self.init(inputWeights: [], recurrentWeights: [])
    var rest = parameters[...]
    for shape in cell.parameters {
      let numbers = rest.prefix(shape.count)
      rest = rest.dropFirst(shape.count)
      switch shape.role {
      case .inputWeights: inputWeights = scatterBlocks(numbers, to: gates)
      case .recurrentWeights: recurrentWeights = scatterBlocks(numbers, to: gates)
      case .inputBias: biases = scatterBlocks(numbers, to: gates)
      case .recurrentBias: biases = (biases ?? []) + scatterBlocks(numbers, to: gates)
      case .peephole: peepholes = scatterBlocks(numbers, to: ONNXGateOrder.peepholes)
      case .projection, .embedding: fatalError("\(shape.name) has no place in ONNX")
      }
    }
  }

  /// The parameters of `cell` in the order of `RecurrentCell.parameters`. It must have the sizes of these weights, a
  /// bias where they have biases, and peepholes where they have those.
  func parameters(of cell: RecurrentCell) -> [Scalar] {
    let gates = ONNXGateOrder.gates(of: cell.kind)
    let biases = self.biases ?? []
    var result: [Scalar] = []
    result.reserveCapacity(cell.parameterCount)
    for shape in cell.parameters {
      switch shape.role {
      case .inputWeights: result += gatherBlocks(inputWeights[...], from: gates)
      case .recurrentWeights: result += gatherBlocks(recurrentWeights[...], from: gates)
      case .inputBias: result += gatherBlocks(biases.prefix(biases.count / 2), from: gates)
      case .recurrentBias: result += gatherBlocks(biases.suffix(biases.count / 2), from: gates)
      case .peephole: result += gatherBlocks((peepholes ?? [])[...], from: ONNXGateOrder.peepholes)
      case .projection, .embedding: fatalError("\(shape.name) has no place in ONNX")
      }
    }
    require(result.count == cell.parameterCount, "the weights are those of another cell")
    return result
  }
}

/// Block `i` of the result is block `places[i]` of `numbers`.
private func gatherBlocks<Scalar>(_ numbers: ArraySlice<Scalar>, from places: [Int]) -> [Scalar] {
  let size = numbers.count / places.count
  return places.flatMap { numbers.dropFirst($0 * size).prefix(size) }
}

/// Block `places[i]` of the result is block `i` of `numbers`: the inverse of ``gatherBlocks``.
private func scatterBlocks<Scalar>(_ numbers: ArraySlice<Scalar>, to places: [Int]) -> [Scalar] {
  let inverse = places.indices.sorted { places[$0] < places[$1] }
  return gatherBlocks(numbers, from: inverse)
}
#endif
