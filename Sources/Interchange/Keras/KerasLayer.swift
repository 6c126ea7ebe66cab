public import Kernels
internal import Models

/// A layer of a Keras model: its settings, and its arrays where it has any.
public struct KerasLayer: Sendable {
  /// What the layer does.
  public enum Kind: Hashable, Sendable {
    /// Where the model's inputs come in.
    case input
    /// A row for each token; in a model that masks, token 0 stands for no step.
    case embedding(masksZero: Bool)
    /// SimpleRNN, LSTM or GRU, in one direction or as Bidirectional.
    case recurrent(KerasRecurrentSettings)
    /// y = W x + b and an activation, Keras's name of it; `nil` where only weights are known.
    case dense(activation: String?)
    /// Acts in training alone.
    case dropout
    /// Anything else.
    case other
  }

  /// The layer's name; in a `.weights.h5` alone the one that Keras gives it there, after its class.
  public let name: String
  /// Keras's name of its class; `nil` where only weights are known.
  public let className: String?
  /// What it does.
  public let kind: Kind
  /// Its arrays.
  let arrays: KerasArrays.Layer

  /// The settings, if it is a recurrent layer.
  var recurrentSettings: KerasRecurrentSettings? {
    if case .recurrent(let settings) = kind { settings } else { nil }
  }
}

/// The settings of a recurrent layer of Keras. What is `nil` no file said.
public struct KerasRecurrentSettings: Hashable, Sendable {
  /// Vanilla for SimpleRNN.
  public var kind: RecurrentCell.Kind
  /// Whether it is a Bidirectional.
  public var isBidirectional = false
  /// Where the reset gate of a GRU acts: `reset_after=True` is after the product.
  public var reset: RecurrentCell.ResetConvention?
  /// Whether it gives every step or the last state.
  public var returnsSequences: Bool?
  /// The activation of the candidate, or of a SimpleRNN.
  public var activation: String?
  /// The activation of the gates.
  public var recurrentActivation: String?
  /// Whether there are biases.
  public var usesBias: Bool?
  /// How a Bidirectional joins its directions.
  public var mergeMode: String?
  /// The rate at which inputs are dropped in training.
  public var dropout = 0.0
  /// The rate at which hidden units are hidden from the recurrent weights in training.
  public var recurrentDropout = 0.0
  /// Settings that change what the layer computes and that no layer of ours has, as Keras writes them: `stateful=True`.
  public var unsupported: [String] = []

  /// Settings of a layer of which only the arrays are known.
  init(kind: RecurrentCell.Kind) { self.kind = kind }
}

extension KerasRecurrentSettings {
  /// The settings of a layer of this class from its configuration; `nil` where it is no recurrent layer.
  init?(className: String, _ configuration: JSONValue) {
    if className == "Bidirectional" {
      self.init(bidirectional: configuration)
      return
    }
    guard let kind = Self.kinds[className] else { return nil }
    self.init(kind: kind)
    activation = Self.activation(configuration["activation"])
    if kind != .vanilla { recurrentActivation = Self.activation(configuration["recurrent_activation"]) }
    if kind == .gru { reset = configuration["reset_after"]?.bool.map { $0 ? .afterProduct : .beforeProduct } }
    returnsSequences = configuration["return_sequences"]?.bool
    usesBias = configuration["use_bias"]?.bool
    dropout = configuration["dropout"]?.number ?? 0
    recurrentDropout = configuration["recurrent_dropout"]?.number ?? 0
    unsupported = ["go_backwards", "stateful", "return_state"]
      .filter { configuration[$0]?.bool == true }.map { "\($0)=True" }
  }

  private init?(bidirectional configuration: JSONValue) {
    guard let forward = configuration["layer"], let name = forward["class_name"]?.string,
      let inner = forward["config"], name != "Bidirectional", let settings = Self(className: name, inner)
    else { return nil }
    self = settings
    isBidirectional = true
    mergeMode = configuration["merge_mode"]?.string ?? "None"
    guard let backward = configuration["backward_layer"], backward != .null else { return }
    guard let name = backward["class_name"]?.string, let inner = backward["config"],
      var other = Self(className: name, inner)
    else {
      unsupported.append("another backward_layer")
      return
    }
    // That it walks backwards is what it is for.
    other.unsupported.removeAll { $0 == "go_backwards=True" }
    other.isBidirectional = true
    other.mergeMode = mergeMode
    if other != self { unsupported.append("a backward_layer with other settings") }
  }

  private static let kinds: [String: RecurrentCell.Kind] = ["SimpleRNN": .vanilla, "LSTM": .lstm, "GRU": .gru]

  /// An activation's name; Keras leaves out what does nothing.
  static func activation(_ value: JSONValue?) -> String {
    switch value {
    case .string(let name): name
    case nil, .null: "linear"
    default: "a function of the user's"
    }
  }
}
