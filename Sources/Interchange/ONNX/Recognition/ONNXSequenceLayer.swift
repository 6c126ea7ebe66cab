#if ONNX
internal import DataIO
internal import Kernels

/// A recurrent operator of a graph as a layer of ours.
struct ONNXSequenceLayer {
  /// What errors call the node.
  let place: String
  /// The cell of every direction.
  var cell: RecurrentCell
  let isBidirectional: Bool
  /// The weights of each direction.
  private(set) var weights: [ONNXRecurrentWeights<Double>]

  /// Reads a node whose weights are among `constants`. Refuses what no cell of ours computes.
  init(_ node: ONNXNode, opset: Int, constants: [Tensor?]) throws(ONNXRefusal) {
    place = node.place
    let kind: RecurrentCell.Kind =
      switch node.operation {
      case "LSTM": .lstm
      case "GRU": .gru
      default: .vanilla
      }
    var reader = ONNXNodeReader(node, opset: opset, constants: constants, budget: .unlimited)
    let settings = try ONNXRecurrentSettings(&reader, kind: kind)
    guard settings.directions != [.backward] else {
      throw .unsupported("attribute direction is reverse, wanted forward or bidirectional")
    }
    isBidirectional = settings.directions.count == 2
    let tensors = ONNXArguments(tensors: constants, budget: .unlimited)
    let (w, r) = (try tensors.required(1), try tensors.required(2))
    guard w.shape.count == 3, r.shape.count == 3, w.count > 0, r.count > 0 else {
      throw .malformed("W and R have shapes \(w.shape) and \(r.shape), wanted three dimensions, none of size 0")
    }
    let cells = settings.directions.indices.map { index in
      settings.cell(
        index, inputSize: w.shape[2], hiddenSize: r.shape[2], hasBias: tensors.optional(3) != nil,
        hasPeepholes: tensors.optional(7) != nil)
    }
    guard let first = cells.first, let cell = first else {
      throw .unsupported("a clip, coupled gates or other activations than the usual ones, wanted a cell as it is here")
    }
    guard cells.allSatisfy({ $0 == cell }) else {
      throw .unsupported("its directions have different activations, wanted the same")
    }
    self.cell = cell
    weights = try Self.weights(of: cell, directions: cells.count, tensors)
  }

  private static func weights(
    of cell: RecurrentCell, directions: Int, _ tensors: ONNXArguments
  ) throws(ONNXRefusal) -> [ONNXRecurrentWeights<Double>] {
    let (rows, size) = (cell.gateRows, cell.hiddenSize)
    func parts(_ index: Int, _ shape: [Int]) throws(ONNXRefusal) -> [[Double]] {
      let tensor = try tensors.required(index)
      guard tensor.shape == [directions] + shape, tensor.elements.isFloatingPoint else {
        throw .malformed(
          "input \(index) is \(tensor.typeName) of shape \(tensor.shape), wanted \([directions] + shape)")
      }
      let (numbers, count) = (tensor.elements.doubles, tensor.count / directions)
      return (0..<directions).map { Array(numbers[$0 * count..<($0 + 1) * count]) }
    }
    let inputWeights = try parts(1, [rows, cell.inputSize])
    let recurrentWeights = try parts(2, [rows, size])
    let biases = cell.hasBias ? try parts(3, [2 * rows]) : nil
    let peepholes = cell.hasPeepholes ? try parts(7, [3 * size]) : nil
    return (0..<directions).map {
      ONNXRecurrentWeights(
        inputWeights: inputWeights[$0], recurrentWeights: recurrentWeights[$0], biases: biases?[$0],
        peepholes: peepholes?[$0])
    }
  }

  /// Layers of one stack: those without biases or peepholes get zeros where others have some. Throws where they differ
  /// in anything else but the input size, or where a layer does not read the whole output of the one before.
  static func alike(_ layers: [ONNXSequenceLayer], file: String) throws(ONNXError) -> [ONNXSequenceLayer] {
    let hasBias = layers.contains { $0.cell.hasBias }
    let hasPeepholes = layers.contains { $0.cell.hasPeepholes }
    let layers = layers.map { $0.padded(hasBias: hasBias, hasPeepholes: hasPeepholes) }
    for (before, layer) in zip(layers, layers.dropFirst()) {
      let wanted = before.cell.outputSize * (before.isBidirectional ? 2 : 1)
      guard layer.cell == before.cell.withInputSize(wanted), layer.isBidirectional == before.isBidirectional else {
        throw ONNXRefusal.unsupported(
          "\(layer.summary), wanted the like of the layer before, \(before.summary), over all its \(wanted) outputs"
        ).at(layer.place, in: file)
      }
    }
    return layers
  }

  private var summary: String {
    let activation = cell.activation.map { " \($0)" } ?? ""
    let reset = cell.reset.map { ", reset \($0)" } ?? ""
    return "\(cell.kind)\(activation) of \(cell.hiddenSize) units over \(cell.inputSize) features"
      + (isBidirectional ? " both ways" : " one way") + reset
  }

  /// The same layer with zeros for what it lacks.
  private func padded(hasBias: Bool, hasPeepholes: Bool) -> ONNXSequenceLayer {
    var layer = self
    let (inputs, hidden) = (cell.inputSize, cell.hiddenSize)
    var equations = cell.equations
    if case .lstm(_, let projectionSize) = equations {
      equations = .lstm(hasPeepholes: hasPeepholes, projectionSize: projectionSize)
    }
    layer.cell = RecurrentCell(equations, inputSize: inputs, hiddenSize: hidden, hasBias: hasBias)
    for index in layer.weights.indices {
      if hasBias, layer.weights[index].biases == nil {
        layer.weights[index].biases = Array(repeating: 0, count: 2 * cell.gateRows)
      }
      if hasPeepholes, layer.weights[index].peepholes == nil {
        layer.weights[index].peepholes = Array(repeating: 0, count: 3 * hidden)
      }
    }
    return layer
  }
}
#endif
