#if ONNX
internal import DataIO
internal import Kernels

/// The attributes of an RNN, LSTM or GRU, opset 7 to 22.
struct ONNXRecurrentSettings: Sendable {
  let kind: RecurrentCell.Kind
  /// The directions, in the order in which weights and outputs have them.
  let directions: [TimeDirection]
  /// Hidden units; `nil` where only the weights say.
  let hiddenSize: Int?
  /// For each direction the functions f, g and, for an LSTM, h of the operator's text.
  let activations: [[ONNXActivation]]
  /// The bound on what activations are given, as the operators' texts say: all of them, so an LSTM's h, too, which ONNX
  /// Runtime leaves out. `nil` for none.
  let clip: Float?
  /// Whether an LSTM's forget gate is one minus its input gate.
  let couplesGates: Bool
  /// Whether a GRU's reset gate acts on the product of the hidden state rather than on the state.
  let resetsAfterProduct: Bool
  /// Whether the batch comes before the steps, and before the directions.
  let isBatchFirst: Bool

  /// The default functions.
  static func defaultActivations(_ kind: RecurrentCell.Kind) -> [ONNXActivation] {
    switch kind {
    case .vanilla: [ONNXActivation(.tanh)]
    case .lstm: [ONNXActivation(.sigmoid), ONNXActivation(.tanh), ONNXActivation(.tanh)]
    case .gru: [ONNXActivation(.sigmoid), ONNXActivation(.tanh)]
    }
  }

  init(_ node: inout ONNXNodeReader, kind: RecurrentCell.Kind) throws(ONNXRefusal) {
    self.kind = kind
    switch try node.string("direction") ?? "forward" {
    case "forward": directions = [.forward]
    case "reverse": directions = [.backward]
    case "bidirectional": directions = [.forward, .backward]
    case let other: throw .attribute("direction", is: quoted(other), wanted: "forward, reverse or bidirectional")
    }
    hiddenSize = try node.integer("hidden_size")
    if let hiddenSize, hiddenSize < 1 { throw .attribute("hidden_size", is: "\(hiddenSize)", wanted: "at least 1") }
    activations = try Self.activations(&node, kind: kind, directions: directions.count)
    clip = try node.float("clip")
    if let clip, !(clip >= 0) { throw .attribute("clip", is: "\(clip)", wanted: "at least 0") }
    couplesGates = kind == .lstm ? try node.flag("input_forget") : false
    // Any number but 0 means yes, in the operator's own text.
    resetsAfterProduct = kind == .gru ? try node.integer("linear_before_reset") ?? 0 != 0 : false
    isBatchFirst = try node.flag("layout")
    // Asks for all outputs, in versions before 7 and in files converted from them.
    node.ignore("output_sequence")
  }

  /// The functions by name, and their numbers, which those that take them consume in order.
  private static func activations(
    _ node: inout ONNXNodeReader, kind: RecurrentCell.Kind, directions: Int
  ) throws(ONNXRefusal) -> [[ONNXActivation]] {
    let defaults = defaultActivations(kind)
    let names = try node.strings("activations") ?? []
    guard names.isEmpty || names.count == defaults.count * directions else {
      throw .attribute("activations", is: "\(names.count) names", wanted: "\(defaults.count * directions)")
    }
    var functions: [ONNXActivation.Function] = []
    for name in names {
      let lowercased = name.lowercased()
      guard let function = ONNXActivation.Function.allCases.first(where: { $0.rawValue.lowercased() == lowercased })
      else {
        let known = ONNXActivation.Function.allCases.map(\.rawValue).joined(separator: ", ")
        throw .attribute("activations", is: quoted(name), wanted: "one of \(known)")
      }
      functions.append(function)
    }
    if names.isEmpty { functions = (0..<directions).flatMap { _ in defaults.map(\.function) } }
    let alphas = try numbers(&node, "activation_alpha", for: functions) { $0.alpha }
    let betas = try numbers(&node, "activation_beta", for: functions) { $0.beta }
    let activations = functions.indices.map {
      ONNXActivation(functions[$0], alpha: alphas[$0], beta: betas[$0])
    }
    return (0..<directions).map { Array(activations[$0 * defaults.count..<($0 + 1) * defaults.count]) }
  }

  /// The number for each function, `nil` where it takes none or has its own. Those that take one consume them in order;
  /// engines disagree on what more numbers than that would mean, so more are refused.
  private static func numbers(
    _ node: inout ONNXNodeReader, _ name: String, for functions: [ONNXActivation.Function],
    _ number: (ONNXActivation.Function) -> ONNXActivation.Number
  ) throws(ONNXRefusal) -> [Float?] {
    let given = try node.floats(name) ?? []
    var rest = given[...]
    var result: [Float?] = []
    for function in functions {
      let next = number(function) == .none ? nil : rest.popFirst()
      guard next != nil || number(function) != .needed else {
        throw .unsupported(
          "attribute \(name) is \(given.count) numbers, wanted one for \(function.rawValue), which has none of its own")
      }
      result.append(next)
    }
    guard rest.isEmpty else {
      throw .unsupported(
        "attribute \(name) is \(given.count) numbers, wanted at most \(given.count - rest.count), "
          + "one for each function that takes one")
    }
    return result
  }

  /// The cell of ours that computes direction `index`; `nil` where none does.
  func cell(_ index: Int, inputSize: Int, hiddenSize: Int, hasBias: Bool, hasPeepholes: Bool) -> RecurrentCell? {
    guard clip == nil, !couplesGates else { return nil }
    let isUsual = activations[index] == Self.defaultActivations(kind)
    switch kind {
    case .vanilla:
      let isRectified = activations[index] == [ONNXActivation(.relu)]
      guard isUsual || isRectified else { return nil }
      return .vanilla(
        inputSize: inputSize, hiddenSize: hiddenSize, activation: isRectified ? .relu : .tanh, hasBias: hasBias)
    case .lstm:
      guard isUsual else { return nil }
      return .lstm(inputSize: inputSize, hiddenSize: hiddenSize, hasPeepholes: hasPeepholes, hasBias: hasBias)
    case .gru:
      guard isUsual else { return nil }
      return .gru(
        inputSize: inputSize, hiddenSize: hiddenSize, reset: resetsAfterProduct ? .afterProduct : .beforeProduct,
        hasBias: hasBias)
    }
  }
}
#endif
