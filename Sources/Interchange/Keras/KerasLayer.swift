internal import Kernels
internal import Models

/// A layer of a Keras model: its settings, and its arrays where it has any.
struct KerasLayer: Sendable {
  enum Kind: Hashable, Sendable {
    /// Where the model's inputs come in.
    case input
    /// A row for each token; in a model that masks, token 0 is padding.
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
  let name: String
  /// Keras's name of its class; `nil` where only weights are known.
  let className: String?
  let kind: Kind
  let arrays: KerasArrays.Layer

  var recurrentSettings: KerasRecurrentSettings? {
    if case .recurrent(let settings) = kind { settings } else { nil }
  }
}

/// The settings of a recurrent layer of Keras; `nil` where the file does not hold one.
struct KerasRecurrentSettings: Hashable, Sendable {
  /// Vanilla for SimpleRNN.
  var kind: RecurrentCell.Kind
  /// Whether it is a Bidirectional.
  var isBidirectional = false
  /// Where the reset gate of a GRU acts: `reset_after=True` is after the product.
  var reset: RecurrentCell.ResetConvention?
  /// Whether it gives every step or the last state.
  var returnsSequences: Bool?
  /// The activation of the candidate, or of a SimpleRNN.
  var activation: String?
  /// The activation of the gates.
  var recurrentActivation: String?
  /// Whether there are biases.
  var usesBias: Bool?
  /// How a Bidirectional joins its directions.
  var mergeMode: String?
  /// The rate at which inputs are dropped in training.
  var dropout = 0.0
  /// The rate at which hidden units are hidden from the recurrent weights in training.
  var recurrentDropout = 0.0
  /// Settings that change what the layer computes and that no layer of ours has, as Keras writes them: `stateful=True`.
  var unsupported: [String] = []

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
    // A backward layer must go backwards.
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
