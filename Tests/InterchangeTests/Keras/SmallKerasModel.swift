import DataIO
@testable import Interchange
import Kernels
import Models

/// A Keras model for a test: layers in JSON, and arrays by `w.path`. Sizes: 4 features, 5 units, 6 outputs, 11 tokens.
struct SmallKerasModel {
  var layers: [String] = []
  var weights: [(path: String, tensor: Tensor)] = []
  var isFunctional = false

  /// The model's configuration.
  var configuration: String {
    let listed = layers.joined(separator: ", ")
    return #"{"class_name": "\#(isFunctional ? "Functional" : "Sequential")", "config": {"layers": [\#(listed)]}}"#
  }

  /// The model as opened from memory.
  func opened(configured: Bool = true) throws -> KerasModel {
    try KerasModel(weights: weights, configuration: configured ? configuration : nil)
  }

  mutating func add(_ className: String, _ name: String, _ settings: String = "", after source: String? = nil) {
    layers.append(Self.layer(className, name, settings, after: source))
  }

  static func layer(
    _ className: String, _ name: String, _ settings: String = "", after source: String? = nil
  ) -> String {
    let node =
      source.map {
        #"{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["\#($0)", 0, 0]}}], "kwargs": {}}"#
      } ?? ""
    return
      #"{"class_name": "\#(className)", "config": {"name": "\#(name)"\#(settings.isEmpty ? "" : ", \(settings)")}, "#
      + #""inbound_nodes": [\#(node)]}"#
  }

  mutating func set(_ path: String, _ shape: [Int]) {
    weights.append((path, Tensor(shape: shape, (0..<shape.reduce(1, *)).map { Float($0 % 7) / 8 - 0.4 })))
  }

  mutating func setCell(_ path: String, gates: Int, inputSize: Int = 4, units: Int = 5, bias: [Int]? = nil) {
    set("\(path)/kernel", [inputSize, gates * units])
    set("\(path)/recurrent_kernel", [units, gates * units])
    set("\(path)/bias", bias ?? [gates * units])
  }

  /// What Keras writes of an LSTM layer's settings, with changes.
  static func lstm(_ changes: String = "") -> String {
    #""units": 5, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": true, "return_sequences": true"#
      + (changes.isEmpty ? "" : ", \(changes)")
  }

  /// LSTM and a Dense layer over every step.
  static func labeller(lstm changes: String = "", dense: String = #""activation": "linear""#) -> SmallKerasModel {
    var model = SmallKerasModel()
    model.add("InputLayer", "input_layer")
    model.add("LSTM", "lstm", lstm(changes))
    model.add("Dense", "out", dense)
    model.setCell("net/lstm/lstm_cell", gates: 4)
    model.set("net/out/kernel", [5, 6])
    model.set("net/out/bias", [6])
    return model
  }
}
