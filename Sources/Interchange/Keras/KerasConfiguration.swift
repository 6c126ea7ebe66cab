internal import Models

/// The layers of a Keras model as its configuration lists them: the `config.json` in a `.keras` file, or what
/// `model.to_json()` gives.
struct KerasConfiguration {
  /// A layer, in the order in which it is run.
  struct Layer {
    let name: String
    let className: String
    /// Its name in a `.weights.h5`.
    let weightsName: String
    let kind: KerasLayer.Kind
  }

  let layers: [Layer]

  /// The layers of a Sequential model, or of a functional one that is a chain. Throws where it is neither.
  init(_ bytes: [UInt8], file: String) throws(WeightsError) {
    func failure(_ item: String?, _ found: String, _ wanted: String) -> WeightsError {
      WeightsError(file: file, item: item, found: found, wanted: wanted)
    }
    guard let json = JSONValue(bytes) else {
      throw failure(nil, "a configuration that is no JSON, or nested too deep", "what model.to_json() gives")
    }
    guard let className = json["class_name"]?.string, let listed = json["config"]?["layers"]?.array else {
      throw failure(nil, "a configuration without \"class_name\" and layers", "what model.to_json() gives")
    }
    var weightsNames: [String: Int] = [:]
    var entries: [(layer: Layer, json: JSONValue)] = []
    var names: Set<String> = []
    for json in listed {
      guard let className = json["class_name"]?.string, let configuration = json["config"],
        let name = configuration["name"]?.string
      else { throw failure(nil, "a layer without \"class_name\", \"config\" and a name", "all three") }
      // Keras names a layer's group after its class, and numbers all but the first.
      let stem = Self.snakeCase(className)
      let number = weightsNames[stem, default: 0]
      weightsNames[stem] = number + 1
      let layer = Layer(
        name: name, className: className, weightsName: number == 0 ? stem : "\(stem)_\(number)",
        kind: Self.kind(className, configuration))
      guard names.insert(name).inserted else {
        throw failure("layer \(name)", "two layers of this name", "one")
      }
      entries.append((layer, json))
    }
    switch className {
    case "Sequential": layers = entries.map(\.layer)
    case "Functional", "Model": layers = try Self.chain(entries, failure)
    default: throw failure(nil, "a model of class \(className)", "Sequential or Functional")
    }
  }

  private static func kind(_ className: String, _ configuration: JSONValue) -> KerasLayer.Kind {
    switch className {
    case "InputLayer": .input
    case "Embedding": .embedding(masksZero: configuration["mask_zero"]?.bool == true)
    case "Dense": .dense(activation: KerasRecurrentSettings.activation(configuration["activation"]))
    case "Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise": .dropout
    default: KerasRecurrentSettings(className: className, configuration).map { .recurrent($0) } ?? .other
    }
  }

  /// The layers of a functional model from its input on. Each but the first must read the one output of one layer, and
  /// each but the last be read by one.
  private static func chain(
    _ entries: [(layer: Layer, json: JSONValue)], _ failure: (String?, String, String) -> WeightsError
  ) throws(WeightsError) -> [Layer] {
    var readers: [String: Layer] = [:]
    var inputs: [Layer] = []
    for (layer, json) in entries {
      let nodes = json["inbound_nodes"]?.array ?? []
      let sources = nodes.flatMap(\.objects).filter { $0["class_name"]?.string == "__keras_tensor__" }
      if sources.isEmpty {
        inputs.append(layer)
        continue
      }
      guard nodes.count == 1, sources.count == 1, let history = sources[0]["config"]?["keras_history"]?.array,
        history.count == 3, let source = history[0].string, history[1].number == 0, history[2].number == 0
      else { throw failure("layer \(layer.name)", "\(sources.count) inputs", "one, used once") }
      guard readers.updateValue(layer, forKey: source) == nil else {
        throw failure("layer \(source)", "an output that several layers read", "a model that is a chain of layers")
      }
    }
    guard inputs.count == 1 else {
      throw failure(nil, "inputs \(listed(inputs.map(\.name)))", "one input")
    }
    var chain = inputs
    while let next = chain.last.flatMap({ readers.removeValue(forKey: $0.name) }) { chain.append(next) }
    guard chain.count == entries.count else {
      throw failure(nil, "layers beside the chain from \(inputs[0].name)", "a model that is a chain of layers")
    }
    return chain
  }

  /// A class's name in a `.weights.h5`, as Keras's `to_snake_case` makes it: `SimpleRNN` becomes `simple_rnn`.
  static func snakeCase(_ className: String) -> String {
    let letters = Array(className.unicodeScalars)
    func isUpper(_ index: Int) -> Bool { letters.indices.contains(index) && "A"..."Z" ~= letters[index] }
    func isLower(_ index: Int) -> Bool { letters.indices.contains(index) && "a"..."z" ~= letters[index] }
    var result = ""
    for i in letters.indices {
      let startsWord = isUpper(i) && i > 0 && (isLower(i + 1) || isLower(i - 1))
      if startsWord { result += "_" }
      result.unicodeScalars.append(letters[i])
    }
    return result.lowercased()
  }
}
