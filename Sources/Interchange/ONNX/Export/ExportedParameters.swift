#if ONNX
internal import DataIO
internal import Kernels
internal import Models

/// The map between the parameters of a model and the constants of its graph, used by export and import.
///
/// | parameter | constant | shape |
/// | --- | --- | --- |
/// | `embedding.weight` | `embedding.weight` | `[V × E]` |
/// | `recurrent.weight_ih_l0` | in `recurrent.l0.W` | `[D × G·H × I]`, ONNX's gate order |
/// | `recurrent.weight_hh_l0` | in `recurrent.l0.R` | `[D × G·H × H]`, ONNX's gate order |
/// | `recurrent.bias_ih_l0`, `recurrent.bias_hh_l0` | in `recurrent.l0.B` | `[D × 2·G·H]`, ONNX's gate order |
/// | `recurrent.weight_ph_l0` | in `recurrent.l0.P` | `[D × 3·H]`, ONNX's gate order |
/// | those of a projected LSTM | the parameter's name, `.T` behind that of a weight | the parameter, or its transpose |
/// | `head.weight` | `head.weight.T` | `[D·R × O]` |
/// | `head.bias` | `head.bias` | `[O]` |
struct ExportedParameters {
  /// A parameter that is a constant by itself.
  struct Single {
    let parameter: ParameterShape
    /// Transposed, as a MatMul needs it.
    let isTransposed: Bool

    var name: String { parameter.name + (isTransposed ? ".T" : "") }
    var shape: [Int] {
      if parameter.isVector { return [parameter.rows] }
      return isTransposed ? [parameter.columns, parameter.rows] : [parameter.rows, parameter.columns]
    }
  }

  /// The parameters of a layer that an operator computes, all directions in one constant each.
  struct Layer {
    let index: Int
    let cell: RecurrentCell
    let directions: Int

    /// Prefix of the names of the layer's constants and values.
    var prefix: String { "recurrent.l\(index)" }

    var shapes: [(name: String, shape: [Int])] {
      let (rows, size) = (cell.gateRows, cell.hiddenSize)
      var shapes = [
        (prefix + ".W", [directions, rows, cell.inputSize]), (prefix + ".R", [directions, rows, size]),
      ]
      if cell.hasBias { shapes.append((prefix + ".B", [directions, 2 * rows])) }
      if cell.hasPeepholes { shapes.append((prefix + ".P", [directions, 3 * size])) }
      return shapes
    }

    /// Where the numbers of each direction lie in the flat buffer of `layout`.
    func ranges(in layout: ParameterLayout) -> [Range<Int>] {
      (0..<directions).map { direction in
        let first = cell.parameters[0].name + directionSuffix(layer: index, direction: direction)
        let start = layout.offset(of: "recurrent." + first)
        return start..<start + cell.parameterCount
      }
    }
  }

  private(set) var singles: [Single] = []
  private(set) var layers: [Layer] = []

  init(_ architecture: SequenceArchitecture) {
    let stack = architecture.recurrent
    let isProjected = stack.cells[0].isProjected
    for entry in architecture.parameterLayout.entries {
      let isRecurrent = entry.name.hasPrefix("recurrent.")
      guard !isRecurrent || isProjected else { continue }
      let isMultiplied = [.inputWeights, .recurrentWeights, .projection].contains(entry.shape.role)
      singles.append(Single(parameter: entry.shape, isTransposed: isMultiplied))
    }
    guard !isProjected else { return }
    layers = stack.cells.enumerated().map { Layer(index: $0, cell: $1, directions: stack.directions) }
  }

  /// The names and shapes of all constants.
  var shapes: [(name: String, shape: [Int])] { singles.map { ($0.name, $0.shape) } + layers.flatMap(\.shapes) }

  /// The constants of `parameters`, which are those of the architecture.
  func constants<Scalar: BLASScalar>(of parameters: ParameterVector<Scalar>) -> [(name: String, tensor: Tensor)] {
    let singles = self.singles.map { single in
      let shape = single.parameter
      let numbers = parameters[shape.name].elements
      let elements = single.isTransposed ? transposed(numbers, rows: shape.rows, columns: shape.columns) : numbers
      return (single.name, Tensor(shape: single.shape, scalars: elements))
    }
    let layers = self.layers.flatMap { layer in
      let weights = layer.ranges(in: parameters.layout).map { range in
        parameters.withUnsafeBufferPointer { ONNXRecurrentWeights(layer.cell, parameters: Array($0[range])) }
      }
      let stacked = [
        weights.flatMap(\.inputWeights), weights.flatMap(\.recurrentWeights), weights.flatMap { $0.biases ?? [] },
        weights.flatMap { $0.peepholes ?? [] },
      ].filter { !$0.isEmpty }
      return zip(layer.shapes, stacked).map { ($0.name, Tensor(shape: $0.shape, scalars: $1)) }
    }
    return singles + layers
  }

  /// The parameters, of a layout that is the architecture's, from `constants`. Throws where one of these is
  /// missing, has another shape or holds no floating-point numbers, before memory is taken for the parameters.
  func parameters<Scalar: BLASScalar>(
    _ layout: ParameterLayout, in constants: [String: Tensor], file: String, as _: Scalar.Type = Scalar.self
  ) throws(ONNXError) -> ParameterVector<Scalar> {
    for (name, shape) in shapes {
      try locating("constant \(quoted(name))", in: file) { () throws(ONNXRefusal) in
        guard let constant = constants[name] else { throw .malformed("there is none of this name, wanted \(shape)") }
        guard constant.shape == shape else { throw .malformed("the shape is \(constant.shape), wanted \(shape)") }
        guard constant.elements.isFloatingPoint else {
          throw .malformed("the element type is \(constant.typeName), wanted floating-point numbers")
        }
      }
    }
    func numbers(_ name: String) -> [Scalar] { constants[name]?.elements.scalars() ?? [] }
    var result = ParameterVector<Scalar>.zeros(layout)
    for single in singles {
      let shape = single.parameter
      let found = numbers(single.name)
      let elements = single.isTransposed ? transposed(found, rows: shape.columns, columns: shape.rows) : found
      result[shape.name] = Matrix(rows: shape.rows, columns: shape.columns, elements)
    }
    for layer in layers {
      let stacked = ["W", "R", "B", "P"].map { numbers("\(layer.prefix).\($0)") }
      for (direction, range) in layer.ranges(in: layout).enumerated() {
        let parts = stacked.map { numbers in
          let size = numbers.count / layer.directions
          return Array(numbers[direction * size..<(direction + 1) * size])
        }
        let weights = ONNXRecurrentWeights(
          inputWeights: parts[0], recurrentWeights: parts[1], biases: layer.cell.hasBias ? parts[2] : nil,
          peepholes: layer.cell.hasPeepholes ? parts[3] : nil)
        let parameters = weights.parameters(of: layer.cell)
        result.withUnsafeMutableBufferPointer {
          _ = UnsafeMutableBufferPointer(rebasing: $0[range]).update(fromContentsOf: parameters)
        }
      }
    }
    return result
  }
}

/// Suffix of the names of the parameters of one direction of a layer: PyTorch's `_l0` and `_l0_reverse`.
func directionSuffix(layer: Int, direction: Int) -> String { "_l\(layer)" + (direction == 0 ? "" : "_reverse") }

/// `numbers`, `[rows × columns]`, as `[columns × rows]`.
private func transposed<Scalar>(_ numbers: [Scalar], rows: Int, columns: Int) -> [Scalar] {
  (0..<columns).flatMap { j in (0..<rows).map { i in numbers[i * columns + j] } }
}

extension Tensor {
  /// A tensor of `scalars`, which are `Float`s or `Double`s, to the bit.
  init<Scalar: BLASScalar>(shape: [Int], scalars: [Scalar]) {
    if let floats = scalars as? [Float] {
      self.init(shape: shape, .float(floats))
    } else {
      self.init(shape: shape, .double(scalars as? [Double] ?? scalars.map(Double.init)))
    }
  }
}

extension Tensor.Elements {
  /// The numbers as `Scalar`s: to the bit where that is their type, else rounded.
  func scalars<Scalar: BLASScalar>(as _: Scalar.Type = Scalar.self) -> [Scalar] {
    switch self {
    case .float(let numbers): numbers as? [Scalar] ?? numbers.map { Scalar($0) }
    case .double(let numbers): numbers as? [Scalar] ?? numbers.map { Scalar($0) }
    default: doubles.map { Scalar($0) }
    }
  }
}
#endif
