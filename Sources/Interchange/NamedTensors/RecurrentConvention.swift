internal import Kernels

/// A convention over which engines disagree, as a change to a cell and to how its parameters are read. Most reported
/// mismatches between engines are one of these.
enum RecurrentConvention: Hashable, Sendable {
  /// A GRU whose reset gate acts on the other side of the recurrent product.
  case otherReset
  /// The file's gate blocks are in another order: our block `g` is its block `places[g]`.
  case gateOrder(places: [Int])
  /// Both of the above.
  case otherResetAndGateOrder(places: [Int])
  /// A GRU whose update gate says how much is new, not how much stays: h = z ⊙ n + (1 − z) ⊙ h.
  case invertedUpdate
  /// A vanilla cell with the other of tanh and ReLU.
  case otherActivation
  /// Recurrent weights that multiply the other way round, gate by gate.
  case transposedRecurrentWeights
  /// An LSTM that adds 1 to its forget gate's bias when it runs, as TensorFlow 1 did.
  case forgetBiasOfOne

  /// Those that a cell of this kind can be subject to, the likeliest first.
  static func candidates(for cell: RecurrentCell) -> [RecurrentConvention] {
    let orders = permutations(of: cell.gates.count)
    let transposed: [Self] = cell.outputSize == cell.hiddenSize ? [.transposedRecurrentWeights] : []
    switch cell.kind {
    case .vanilla: return [.otherActivation] + transposed
    case .lstm: return orders.map(Self.gateOrder) + (cell.hasBias ? [.forgetBiasOfOne] : []) + transposed
    case .gru:
      return [.otherReset] + orders.map(Self.gateOrder) + [.invertedUpdate]
        + orders.map(Self.otherResetAndGateOrder) + transposed
    }
  }

  /// Every order of `count` blocks but the one that they have.
  private static func permutations(of count: Int) -> [[Int]] {
    func extend(_ start: [Int]) -> [[Int]] {
      start.count == count ? [start] : (0..<count).filter { !start.contains($0) }.flatMap { extend(start + [$0]) }
    }
    return extend([]).filter { $0 != Array(0..<count) }
  }

  /// The convention for a person, about `cell`, so that “it would agree with …” is a sentence.
  func description(for cell: RecurrentCell) -> String {
    switch self {
    case .otherReset: Self.resetDescription(for: cell)
    case .gateOrder(let places): Self.orderDescription(places, for: cell)
    case .otherResetAndGateOrder(let places):
      "\(Self.resetDescription(for: cell)) and \(Self.orderDescription(places, for: cell))"
    case .invertedUpdate: "the update gate inverted (h = z·n + (1 − z)·h)"
    case .otherActivation:
      cell.activation == .relu ? "tanh instead of ReLU" : "ReLU instead of tanh"
    case .transposedRecurrentWeights: "the recurrent weights transposed, gate by gate"
    case .forgetBiasOfOne: "1 added to the forget gate's bias, as TensorFlow 1 does when it runs"
    }
  }

  private static func resetDescription(for cell: RecurrentCell) -> String {
    if cell.reset == .beforeProduct {
      "the reset gate after the recurrent product (PyTorch, Keras reset_after=True, ONNX linear_before_reset=1)"
    } else {
      "the reset gate before the recurrent product (Keras reset_after=False, ONNX linear_before_reset=0)"
    }
  }

  private static func orderDescription(_ places: [Int], for cell: RecurrentCell) -> String {
    let (letters, known): ([String], [String: String]) =
      switch cell.kind {
      case .vanilla: ([], [:])
      case .lstm:
        (["i", "f", "g", "o"], ["i o f g": "ONNX", "i g f o": "TensorFlow 1"])
      case .gru: (["r", "z", "n"], ["z r n": "Keras and ONNX"])
      }
    let order = places.indices.sorted { places[$0] < places[$1] }.map { letters[$0] }.joined(separator: " ")
    return "the gates in the order \(order)" + (known[order].map { " (that of \($0))" } ?? "")
  }

  /// One direction of one layer under this convention. `parameters` lie as `cell.parameters` says.
  func applied<Scalar: BLASScalar>(
    to cell: RecurrentCell, parameters: [Scalar]
  ) -> (cell: RecurrentCell, parameters: [Scalar]) {
    switch (self, cell.kind) {
    case (.otherReset, .gru), (.otherActivation, .vanilla): return (cell.withOtherOption, parameters)
    case (.gateOrder(let places), _): return (cell, reordered(parameters, of: cell, places))
    case (.otherResetAndGateOrder(let places), .gru):
      return (cell.withOtherOption, reordered(parameters, of: cell, places))
    case (.invertedUpdate, .gru):
      // σ(−x) = 1 − σ(x).
      return (
        cell,
        mapBlocks(parameters, of: cell) { gate, _, block in
          gate == .update ? block.map { -$0 } : block
        }
      )
    case (.transposedRecurrentWeights, _):
      return (
        cell,
        mapBlocks(parameters, of: cell) { _, shape, block in
          shape.role == .recurrentWeights ? transposed(block, size: cell.hiddenSize) : block
        }
      )
    case (.forgetBiasOfOne, .lstm):
      return (
        cell,
        mapBlocks(parameters, of: cell) { gate, shape, block in
          gate == .forget && shape.role == .inputBias ? block.map { $0 + 1 } : block
        }
      )
    default: fatalError("\(self) is no convention of a \(cell.kind) cell")
    }
  }

  private func reordered<Scalar>(_ parameters: [Scalar], of cell: RecurrentCell, _ places: [Int]) -> [Scalar] {
    var (result, offset): ([Scalar], Int) = ([], 0)
    for shape in cell.parameters {
      let size = shape.count / shape.blockCount
      for gate in 0..<shape.blockCount {
        let start = offset + (shape.blockCount > 1 ? places[gate] : gate) * size
        result += parameters[start..<start + size]
      }
      offset += shape.count
    }
    return result
  }

  /// Every block of every parameter through `change`, which gets the gate, if the block is one's, and the parameter's
  /// shape.
  private func mapBlocks<Scalar>(
    _ parameters: [Scalar], of cell: RecurrentCell, _ change: (Gate?, ParameterShape, [Scalar]) -> [Scalar]
  ) -> [Scalar] {
    var (result, offset): ([Scalar], Int) = ([], 0)
    for shape in cell.parameters {
      let size = shape.count / shape.blockCount
      for block in 0..<shape.blockCount {
        let start = offset + block * size
        let gate = shape.gates.isEmpty ? nil : shape.gates[block]
        result += change(gate, shape, Array(parameters[start..<start + size]))
      }
      offset += shape.count
    }
    return result
  }

  private func transposed<Scalar>(_ block: [Scalar], size: Int) -> [Scalar] {
    (0..<size * size).map { block[$0 % size * size + $0 / size] }
  }
}

extension RecurrentCell {
  /// A GRU of the other convention, a vanilla cell of the other activation; other cells as they are.
  fileprivate var withOtherOption: RecurrentCell {
    let other: Equations =
      switch equations {
      case .vanilla(let activation): .vanilla(activation == .tanh ? .relu : .tanh)
      case .gru(let reset): .gru(reset == .afterProduct ? .beforeProduct : .afterProduct)
      case .lstm: equations
      }
    return RecurrentCell(other, inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
  }
}
