internal import Kernels
internal import Models

/// A module of PyTorch as its parameters in a `state_dict` show it: what kind it is and how large.
struct PyTorchModule: Hashable, Sendable {
  /// The kind that the names and shapes of its tensors imply.
  enum Kind: Hashable, Sendable {
    /// nn.RNN, nn.LSTM or nn.GRU: `weight_ih_l0` and so on.
    case recurrent(PyTorchRecurrentSizes)
    /// nn.Linear with a bias: `weight`, `[O × I]`, and `bias`, `[O]`.
    case linear(LinearMap)
    /// A `weight` alone, `[rows × columns]`: nn.Embedding, or nn.Linear without a bias.
    case matrix(rows: Int, columns: Int)
    /// Anything else.
    case other
  }

  /// Prefix of its tensors' names, without the dot; empty for a module that was saved alone.
  let prefix: String
  let kind: Kind
  /// The full names of its tensors, sorted.
  let tensors: [String]
}

/// The sizes of a recurrent module of PyTorch, from the shapes of its tensors.
struct PyTorchRecurrentSizes: Hashable, Sendable {
  /// Vanilla for nn.RNN.
  let kind: RecurrentCell.Kind
  /// Features a step, `I`.
  let inputSize: Int
  /// Hidden units, `H`.
  let hiddenSize: Int
  /// `proj_size` of an LSTM; `nil` where it is 0.
  let projectionSize: Int?
  /// Layers, `L`.
  let layers: Int
  let isBidirectional: Bool
  let hasBias: Bool

  /// The cell of the first layer. `nonlinearity` is nn.RNN's, which no tensor shows.
  func cell(nonlinearity: RecurrentCell.Activation) -> RecurrentCell {
    switch kind {
    case .vanilla:
      .vanilla(inputSize: inputSize, hiddenSize: hiddenSize, activation: nonlinearity, hasBias: hasBias)
    case .lstm:
      .lstm(inputSize: inputSize, hiddenSize: hiddenSize, projectionSize: projectionSize, hasBias: hasBias)
    case .gru: .gru(inputSize: inputSize, hiddenSize: hiddenSize, hasBias: hasBias)
    }
  }

  /// Features of an output, `D · R`.
  var outputSize: Int { (isBidirectional ? 2 : 1) * (projectionSize ?? hiddenSize) }

  /// The stack, of a cell with this nonlinearity.
  func stack(nonlinearity: RecurrentCell.Activation) throws(ConfigurationError) -> RecurrentStack {
    try RecurrentStack(cell(nonlinearity: nonlinearity), layers: layers, isBidirectional: isBidirectional)
  }
}

extension PyTorchRecurrentSizes {
  /// The sizes of the module whose tensors have these shapes, by their names within the module. Every tensor that the
  /// sizes call for is there with its shape, and no other.
  init(
    _ shapes: [String: [Int]], _ failure: (_ tensor: String, _ found: String, _ wanted: String) -> WeightsError
  ) throws(WeightsError) {
    let input = try Self.matrix("weight_ih_l0", shapes, failure)
    let recurrent = try Self.matrix("weight_hh_l0", shapes, failure)
    if let projection = shapes["weight_hr_l0"] {
      guard projection.count == 2, projection[0] > 0, projection[1] > 0, projection[0] == recurrent.columns else {
        throw failure("weight_hr_l0", "shape \(projection)", "\(recurrent.columns) rows, as many as the hidden state")
      }
      (hiddenSize, projectionSize) = (projection[1], projection[0])
    } else {
      (hiddenSize, projectionSize) = (recurrent.columns, nil)
    }
    guard let kind = RecurrentCell.Kind(rows: recurrent.rows, hiddenSize: hiddenSize),
      projectionSize == nil || kind == .lstm
    else {
      throw failure(
        "weight_hh_l0", "\(recurrent.rows) rows for \(hiddenSize) units",
        projectionSize == nil ? "1 (nn.RNN), 3 (nn.GRU) or 4 (nn.LSTM) times as many" : "4 times as many")
    }
    self.kind = kind
    inputSize = input.columns
    isBidirectional = shapes["weight_ih_l0_reverse"] != nil
    hasBias = shapes["bias_ih_l0"] != nil
    // A layer has at least two tensors, so a number in a name cannot make this loop long; more layers than a stack may have
    // are refused by it before anything is made of them.
    layers = (0..<shapes.count).prefix { shapes["weight_ih_l\($0)"] != nil }.count
    try check(shapes, failure)
  }

  private static func matrix(
    _ name: String, _ shapes: [String: [Int]], _ failure: (String, String, String) -> WeightsError
  ) throws(WeightsError) -> (rows: Int, columns: Int) {
    guard let shape = shapes[name] else { throw failure(name, "no such tensor", "one of a recurrent module") }
    guard shape.count == 2, shape[0] > 0, shape[1] > 0 else { throw failure(name, "shape \(shape)", "a matrix") }
    return (shape[0], shape[1])
  }

  /// The tensors must be those of the stack, each with its shape.
  private func check(
    _ shapes: [String: [Int]], _ failure: (String, String, String) -> WeightsError
  ) throws(WeightsError) {
    let wanted: [ParameterShape]
    do { wanted = try stack(nonlinearity: .tanh).parameters } catch {
      throw failure("weight_ih_l0", "\(error.setting) \(error.found)", error.wanted)
    }
    for parameter in wanted {
      let dimensions = parameter.isVector ? [parameter.rows] : [parameter.rows, parameter.columns]
      guard let found = shapes[parameter.name] else {
        throw failure(parameter.name, "no such tensor", "shape \(dimensions), as the other tensors ask for")
      }
      guard found == dimensions else { throw failure(parameter.name, "shape \(found)", "\(dimensions)") }
    }
    if let surplus = Set(shapes.keys).subtracting(wanted.map(\.name)).min() {
      throw failure(surplus, "a tensor of no layer", "only those of \(layers) layers like the first")
    }
  }

  /// Whether `name` is that of a recurrent module's tensor: `weight_ih_l0`, `bias_hh_l1_reverse`, ….
  static func hasTensor(named name: Substring) -> Bool {
    var rest = name
    if rest.hasSuffix("_reverse") { rest = rest.dropLast("_reverse".count) }
    let digits = rest.reversed().prefix { $0.isASCII && $0.isNumber }.count
    return digits > 0
      && ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l", "weight_hr_l"].contains(rest.dropLast(digits))
  }
}
