public import Kernels

/// The architecture of a recurrent network: a cell, stacked in layers, in one direction of time or both. Sizes and
/// rates without numbers; ``RecurrentLayer`` adds the parameters.
///
/// Layer 0 reads the inputs; each further layer reads the outputs of the one below, both directions side by side.
/// With `D` directions an output has `D · R` features, the forward direction first.
public struct RecurrentStack: Hashable, Sendable {
  /// The cell of each layer, `[L]`. They differ in their input size alone.
  public let cells: [RecurrentCell]
  /// Whether each layer also reads every sequence from its end.
  public let isBidirectional: Bool
  /// Probability with which an output between two layers is dropped in training (Zaremba, Sutskever & Vinyals 2014).
  public let dropout: Double
  /// Probability with which a hidden unit is hidden from the recurrent weights for a whole sequence in training, one
  /// mask for all steps (Gal & Ghahramani 2016).
  public let recurrentDropout: Double

  /// The limit on layers, by which a file of a few bytes asks for no more than that.
  static let maxLayers = 1024

  private let parts: ParameterParts
  /// Every direction of every layer, in the order of computation, `[L · D]`.
  let layerDirections: [LayerDirection]

  /// A stack of `layers` layers of `cell`, whose input size is that of the whole.
  ///
  /// Throws where there are no layers or more than 1024, where a rate is not in 0 ..< 1, and where `dropout` would do
  /// nothing because there is one layer.
  public init(
    _ cell: RecurrentCell, layers: Int = 1, isBidirectional: Bool = false, dropout: Double = 0,
    recurrentDropout: Double = 0
  ) throws(ConfigurationError) {
    try ConfigurationError.require(
      1...Self.maxLayers ~= layers, "layers", "\(layers)", wanted: "1 to \(Self.maxLayers)")
    for (name, rate) in [("dropout", dropout), ("recurrentDropout", recurrentDropout)] where !(0..<1 ~= rate) {
      throw ConfigurationError(setting: name, found: "\(rate)", wanted: "a probability from 0 up to but not 1")
    }
    guard dropout == 0 || layers > 1 else {
      throw ConfigurationError(
        setting: "dropout", found: "\(dropout) with one layer",
        wanted: "0, or at least two layers: it acts between layers and would do nothing")
    }
    let directions = isBidirectional ? 2 : 1
    cells = (0..<layers).map { $0 == 0 ? cell : cell.withInputSize(directions * cell.outputSize) }
    self.isBidirectional = isBidirectional
    self.dropout = dropout
    self.recurrentDropout = recurrentDropout
    var (parts, layerDirections): (ParameterParts, [LayerDirection]) = (ParameterParts(), [])
    for (layer, cell) in cells.enumerated() {
      for direction in [TimeDirection.forward, .backward].prefix(directions) {
        let suffix = "_l\(layer)" + (direction == .forward ? "" : "_reverse")
        let column = direction == .forward ? 0 : cell.outputSize
        layerDirections.append(
          LayerDirection(
            layer: layer, direction: direction, index: layerDirections.count, suffix: suffix,
            parameters: parts.append(cell.parameters, renamed: { $0 + suffix }),
            columns: column..<column + cell.outputSize))
      }
    }
    self.parts = parts
    self.layerDirections = layerDirections
  }

  /// Number of layers, `L`.
  public var layers: Int { cells.count }
  /// Number of directions, `D`.
  public var directions: Int { isBidirectional ? 2 : 1 }
  /// Features a step of the input, `I`.
  public var inputSize: Int { cells[0].inputSize }
  /// Features a step of the output, `D · R`.
  public var outputSize: Int { directions * cells[0].outputSize }

  /// The parameters in the order in which they lie, with PyTorch's names: `weight_ih_l0`, …, `bias_hh_l1_reverse`.
  public var parameters: [ParameterShape] { parts.shapes }

  /// Number of parameters.
  public var parameterCount: Int { parts.count }

  /// Each direction of the top layer.
  var topLayer: ArraySlice<LayerDirection> { layerDirections.suffix(directions) }

  /// The state before the first step of `batch` sequences.
  public func zeroState<Scalar: BLASScalar>(batch: Int, as _: Scalar.Type = Scalar.self) -> RecurrentState<Scalar> {
    let shape = cells[0]
    let count = layers * directions
    return RecurrentState(
      hidden: (0..<count).map { _ in .zeros(rows: batch, columns: shape.outputSize) },
      cell: shape.cellStateSize == 0
        ? [] : (0..<count).map { _ in .zeros(rows: batch, columns: shape.cellStateSize) })
  }
}

extension RecurrentStack: ModelArchitecture {
  /// The ``parameters``.
  public var parameterLayout: ParameterLayout { parts.layout }
}

/// One direction of one layer of a stack.
struct LayerDirection: Hashable, Sendable {
  let layer: Int
  let direction: TimeDirection
  /// Place among all of the stack, and in the arrays of a state.
  let index: Int
  /// What PyTorch puts behind its parameters' names: `_l0`, `_l0_reverse`, ….
  let suffix: String
  /// Its numbers in the flat parameter buffer.
  let parameters: Range<Int>
  /// Its columns in the layer's outputs.
  let columns: Range<Int>
}

extension RecurrentStack: Codable {
  private enum CodingKeys: String, CodingKey { case cell, layers, isBidirectional, dropout, recurrentDropout }

  /// Reads an architecture from a file that is not trusted: what no network can be is an error.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      values.decode(RecurrentCell.self, forKey: .cell), layers: values.decode(Int.self, forKey: .layers),
      isBidirectional: values.decode(Bool.self, forKey: .isBidirectional),
      dropout: values.decode(Double.self, forKey: .dropout),
      recurrentDropout: values.decode(Double.self, forKey: .recurrentDropout))
  }

  /// Writes the first layer's cell and the settings.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(cells[0], forKey: .cell)
    try values.encode(layers, forKey: .layers)
    try values.encode(isBidirectional, forKey: .isBidirectional)
    try values.encode(dropout, forKey: .dropout)
    try values.encode(recurrentDropout, forKey: .recurrentDropout)
  }
}
