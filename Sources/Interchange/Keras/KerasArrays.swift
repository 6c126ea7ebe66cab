internal import DataIO
internal import Models

/// The arrays of a Keras model as a file names them, sorted into layers.
struct KerasArrays {
  /// One layer's arrays.
  struct Layer {
    /// `kernel`, `recurrent_kernel`, `bias`, `embeddings`; those of the forward direction in a Bidirectional.
    var forward: [String: Tensor] = [:]
    /// Those of the backward direction.
    var backward: [String: Tensor] = [:]
    /// The cell's class as its name shows it: `lstm`, `gru`, `simple_rnn`; `nil` where it does not.
    var cellKind: String?

    /// Whether it is a recurrent layer.
    var isRecurrent: Bool { forward["recurrent_kernel"] != nil }
  }

  /// The layers by the name that the file gives them.
  private(set) var layers: [String: Layer] = [:]
  /// The names in the order in which layers appear in the file.
  private(set) var names: [String] = []

  private mutating func set(
    _ tensor: Tensor, _ array: String, layer: String, isBackward: Bool = false, cellKind: String? = nil,
    file: String
  ) throws(WeightsError) {
    if layers[layer] == nil { names.append(layer) }
    let key: WritableKeyPath<Layer, [String: Tensor]> = isBackward ? \.backward : \.forward
    guard layers[layer, default: Layer()][keyPath: key].updateValue(tensor, forKey: array) == nil else {
      throw WeightsError(
        file: file, item: "layer \(layer)", found: "two arrays \(array)", wanted: "one: are there two models?")
    }
    if let cellKind { layers[layer]?.cellKind = cellKind }
  }
}

extension KerasArrays {
  /// Throws at the first number that is infinite or NaN, with its place.
  func checkAreFinite(_ file: String) throws(WeightsError) {
    for name in names {
      guard let layer = layers[name] else { continue }
      for (arrays, direction) in [(layer.forward, ""), (layer.backward, "backward ")] {
        for (array, tensor) in arrays.sorted(by: { $0.key < $1.key }) {
          guard let (place, value) = tensor.firstNonFinite else { continue }
          throw WeightsError(
            file: file, item: "\(direction)\(array) of layer \(name)", found: "\(value) at \(place)",
            wanted: finiteWeights)
        }
      }
    }
  }
}

// MARK: - Arrays named by w.path

extension KerasArrays {
  /// Arrays by the paths of Keras's variables: `{w.path: w.numpy() for w in model.weights}`.
  ///
  /// A path is `LAYER/kernel`, `LAYER/lstm_cell/recurrent_kernel` or `LAYER/forward_lstm/lstm_cell/bias`, with the model's
  /// name in front or not. What ends otherwise (the state of a random generator) is left out.
  init(paths: [(path: String, tensor: Tensor)], file: String) throws(WeightsError) {
    for (path, tensor) in paths {
      let parts = path.split(separator: "/").map(String.init)
      guard Self.holdsWeights(path), let array = parts.last else { continue }
      var rest = parts.dropLast()
      var cellKind: String?
      var isBackward = false
      if let cell = rest.last, let kind = Self.cellKinds.first(where: { cell == "\($0)_cell" }), rest.count >= 2 {
        cellKind = kind
        rest.removeLast()
        if rest.count >= 2, let inner = rest.last, inner.hasPrefix("forward_") || inner.hasPrefix("backward_") {
          isBackward = inner.hasPrefix("backward_")
          rest.removeLast()
        }
      }
      guard let layer = rest.last else { continue }
      try set(tensor, array, layer: layer, isBackward: isBackward, cellKind: cellKind, file: file)
    }
  }

  /// Whether the array at `path` is one that is read.
  static func holdsWeights(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    return parts.count >= 2 && arrayNames.contains(String(parts[parts.count - 1]))
  }

  private static let arrayNames: Set = ["kernel", "recurrent_kernel", "bias", "embeddings"]
  private static let cellKinds = ["lstm", "gru", "simple_rnn"]
}

// MARK: - Arrays in the order of a .weights.h5

extension KerasArrays {
  /// Arrays by the paths below `layers` in a `.weights.h5`: `lstm/cell/vars/0`, `bidirectional/forward_layer/cell/vars/2`,
  /// `dense_1/vars/0`. A layer is called after its class there, and numbered; its variables are numbered too.
  init(weights: [String: Tensor], file: String) throws(WeightsError) {
    for (path, tensor) in weights.sorted(by: { $0.key < $1.key }) {
      let parts = path.split(separator: "/").map(String.init)
      guard parts.count >= 3, parts[parts.count - 2] == "vars", let index = Int(parts[parts.count - 1]) else {
        continue
      }
      let inner = parts[1..<parts.count - 2]
      let names: [String]
      switch inner {
      case ["cell"], ["forward_layer", "cell"], ["backward_layer", "cell"]: names = Self.cellVariables
      case [] where Self.isClass("embedding", parts[0]): names = ["embeddings"]
      case [] where Self.isClass("dense", parts[0]): names = ["kernel", "bias"]
      default: continue
      }
      guard names.indices.contains(index) else {
        throw WeightsError(
          file: file, item: "object layers/\(path)", found: "a variable of number \(index)",
          wanted: "\(names.count) variables: \(listed(names))")
      }
      try set(
        tensor, names[index], layer: parts[0], isBackward: inner.first == "backward_layer",
        cellKind: Self.cellKinds.first { Self.isClass($0, parts[0]) }, file: file)
    }
  }

  private static let cellVariables = ["kernel", "recurrent_kernel", "bias"]

  /// Whether `layer` is called after this class: by its name, or that and a number.
  private static func isClass(_ name: String, _ layer: String) -> Bool {
    layer == name || layer.hasPrefix("\(name)_") && Int(layer.dropFirst(name.count + 1)) != nil
  }
}
