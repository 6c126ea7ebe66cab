public import Kernels
public import Models

/// The parameters of a PyTorch module, as `safetensors.torch.save_file(module.state_dict(), path)` writes them.
///
///     let weights = try PyTorchStateDict(path: "classifier.safetensors")
///     let model: SequenceModel<Float> = try weights.sequenceModel(readout: .finalState, loss: .softmaxCrossEntropy)
///
/// Modules can also be read one by one:
///
///     let embedding: Embedding<Float> = try weights.embedding(prefix: "encoder.tokens")
///     let lstm: RecurrentLayer<Float> = try weights.recurrentLayer(prefix: "encoder.lstm")
///     let head: Linear<Float> = try weights.linear(prefix: "decoder.fc")
///
/// Names, gate order and bias layout are the same here. Numbers are F32, F64, F16 or BF16, also mixed; each is
/// rounded once to the type asked for. Kinds and sizes come from names and shapes; what those do not show (the
/// nonlinearity of an nn.RNN, what the head reads, the loss) the caller says. Dropout is in no `state_dict`.
public struct PyTorchStateDict: Sendable {
  /// The open file.
  let file: SafetensorsFile
  /// The modules that have tensors of their own, by prefix.
  let modules: [PyTorchModule]
  /// Whether what is read may be infinite or NaN.
  let allowsNonFinite: Bool

  /// Opens the file at `path`. Throws where it is no safetensors file or a recurrent module in it lacks a tensor, has
  /// one too many or of another shape. With `allowsNonFinite` the parameters that are read may be infinite or NaN, which is
  /// an error otherwise.
  public init(path: String, allowsNonFinite: Bool = false) throws(WeightsError) {
    try self.init(
      readingSafetensors { () throws(SafetensorsError) in try SafetensorsFile(path: path) },
      allowsNonFinite: allowsNonFinite)
  }

  /// The modules of an open `file`; throws as ``init(path:allowsNonFinite:)``.
  public init(_ file: SafetensorsFile, allowsNonFinite: Bool = false) throws(WeightsError) {
    self.file = file
    self.allowsNonFinite = allowsNonFinite
    var groups: [ModuleKey: [String: String]] = [:]
    for name in file.tensors.keys {
      let dot = name.lastIndex(of: ".")
      let leaf = dot.map { name[name.index(after: $0)...] } ?? name[...]
      let key = ModuleKey(
        prefix: dot.map { String(name[..<$0]) } ?? "", isRecurrent: PyTorchRecurrentSizes.hasTensor(named: leaf))
      groups[key, default: [:]][String(leaf)] = name
    }
    var modules: [PyTorchModule] = []
    for (key, names) in groups.sorted(by: { $0.key < $1.key }) {
      let kind: PyTorchModule.Kind =
        key.isRecurrent ? .recurrent(try Self.recurrentSizes(key.prefix, names, file)) : Self.kind(names, file)
      modules.append(PyTorchModule(prefix: key.prefix, kind: kind, tensors: names.values.sorted()))
    }
    self.modules = modules
  }

  /// A module may hold recurrent layers and further parameters under one prefix; these are then listed apart.
  private struct ModuleKey: Hashable, Comparable {
    let prefix: String
    let isRecurrent: Bool

    static func < (a: Self, b: Self) -> Bool {
      (a.prefix, a.isRecurrent ? 0 : 1) < (b.prefix, b.isRecurrent ? 0 : 1)
    }
  }

  private static func recurrentSizes(
    _ prefix: String, _ names: [String: String], _ file: SafetensorsFile
  ) throws(WeightsError) -> PyTorchRecurrentSizes {
    try PyTorchRecurrentSizes(names.compactMapValues { file.tensors[$0]?.shape }) { leaf, found, wanted in
      WeightsError(
        file: file.name, item: "tensor \(prefix.joined(to: leaf))", found: found, wanted: wanted)
    }
  }

  private static func kind(_ names: [String: String], _ file: SafetensorsFile) -> PyTorchModule.Kind {
    let shapes = names.compactMapValues { file.tensors[$0]?.shape }
    guard let weight = shapes["weight"], weight.count == 2, weight.allSatisfy({ $0 > 0 }) else { return .other }
    switch (shapes.count, shapes["bias"]) {
    case (1, _): return .matrix(rows: weight[0], columns: weight[1])
    case (2, [weight[0]]):
      // Positive sizes, so this does not throw.
      guard let map = try? LinearMap(inputSize: weight[1], outputSize: weight[0]) else { return .other }
      return .linear(map)
    default: return .other
    }
  }

  func error(_ item: String?, _ found: String, _ wanted: String) -> WeightsError {
    WeightsError(file: file.name, item: item, found: found, wanted: wanted)
  }
}

extension String {
  /// The full name of the tensor `leaf` of the module that this is the prefix of.
  func joined(to leaf: String) -> String { isEmpty ? leaf : "\(self).\(leaf)" }
}

// MARK: - One module

extension PyTorchStateDict {
  /// The recurrent module at `prefix`, or the only one, as a layer.
  ///
  /// - Parameters:
  ///   - prefix: The module's; `nil` where the file holds one recurrent module.
  ///   - nonlinearity: That of an nn.RNN, which its tensors do not show; needed for one and ignored for others.
  ///   - type: The numbers that the layer is to compute in.
  /// - Throws: ``WeightsError`` where there is no such module, more than one to choose from, or no nonlinearity.
  public func recurrentLayer<Scalar: BLASScalar & SafetensorsElement>(
    prefix: String? = nil, nonlinearity: RecurrentCell.Activation? = nil, as type: Scalar.Type = Scalar.self
  ) throws(WeightsError) -> RecurrentLayer<Scalar> {
    let (prefix, sizes) = try recurrentModule(prefix)
    let stack = try stack(prefix, sizes, nonlinearity)
    let parameters: ParameterVector<Scalar> = try parameters(stack.parameters, prefix)
    return RecurrentLayer(stack, parameters: parameters)
  }

  /// The nn.Linear at `prefix`, with or without a bias. Throws where there is none.
  public func linear<Scalar: BLASScalar & SafetensorsElement>(
    prefix: String, as type: Scalar.Type = Scalar.self
  ) throws(WeightsError) -> Linear<Scalar> {
    let map = try linearMap(prefix)
    var layer = Linear<Scalar>(map, scheme: .zeros)
    layer.parameters = try parameters(map.parameters, prefix)
    return layer
  }

  /// The nn.Embedding at `prefix`. Throws where there is none.
  public func embedding<Scalar: BLASScalar & SafetensorsElement>(
    prefix: String, as type: Scalar.Type = Scalar.self
  ) throws(WeightsError) -> Embedding<Scalar> {
    let table = try embeddingTable(prefix)
    var layer = Embedding<Scalar>(table, scheme: .zeros)
    layer.parameters = try parameters(table.parameters, prefix)
    return layer
  }

  /// The recurrent module at `prefix`, or the only one.
  func recurrentModule(_ prefix: String?) throws(WeightsError) -> (prefix: String, sizes: PyTorchRecurrentSizes) {
    var found: [(prefix: String, sizes: PyTorchRecurrentSizes)] = []
    for module in modules {
      if case .recurrent(let sizes) = module.kind { found.append((module.prefix, sizes)) }
    }
    let matching = found.filter { prefix == nil || $0.prefix == prefix }
    guard matching.count == 1 else {
      let all = listed(found.map { "“\($0.prefix)”" })
      guard let prefix else {
        throw error(nil, "recurrent modules \(all)", "one, or the prefix of the one meant")
      }
      throw error("module “\(prefix)”", "no recurrent module of this prefix", "one of \(all)")
    }
    return matching[0]
  }

  func linearMap(_ prefix: String) throws(WeightsError) -> LinearMap {
    switch kind(of: prefix) {
    case .linear(let map): return map
    case .matrix(let rows, let columns):
      do { return try LinearMap(inputSize: columns, outputSize: rows, hasBias: false) } catch {
        throw WeightsError(file: file.name, item: "module “\(prefix)”", error)
      }
    default: throw error("module “\(prefix)”", "no nn.Linear", "a weight [O × I] with or without a bias [O]")
    }
  }

  func embeddingTable(_ prefix: String) throws(WeightsError) -> EmbeddingTable {
    guard case .matrix(let rows, let columns) = kind(of: prefix) else {
      throw error("module “\(prefix)”", "no nn.Embedding", "a weight [V × E] alone")
    }
    do { return try EmbeddingTable(vocabularySize: rows, dimension: columns) } catch {
      throw WeightsError(file: file.name, item: "module “\(prefix)”", error)
    }
  }

  /// The module at `prefix` that is not recurrent.
  private func kind(of prefix: String) -> PyTorchModule.Kind {
    for module in modules where module.prefix == prefix {
      if case .recurrent = module.kind { continue }
      return module.kind
    }
    return .other
  }

  func stack(
    _ prefix: String, _ sizes: PyTorchRecurrentSizes, _ nonlinearity: RecurrentCell.Activation?
  ) throws(WeightsError) -> RecurrentStack {
    if sizes.kind == .vanilla, nonlinearity == nil {
      throw error(
        "module “\(prefix)”", "an nn.RNN, whose nonlinearity no tensor shows", "a nonlinearity: tanh or relu")
    }
    do { return try sizes.stack(nonlinearity: nonlinearity ?? .tanh) } catch {
      throw WeightsError(file: file.name, item: "module “\(prefix)”", error)
    }
  }

  private func parameters<Scalar: BLASScalar & SafetensorsElement>(
    _ shapes: [ParameterShape], _ prefix: String
  ) throws(WeightsError) -> ParameterVector<Scalar> {
    try readingSafetensors { () throws(SafetensorsError) in
      try file.parameters(
        ParameterLayout(shapes), prefix: prefix.joined(to: ""), allowsNonFinite: allowsNonFinite)
    }
  }
}

extension InitializationScheme {
  /// Nothing: for parameters that are replaced at once.
  static let zeros = InitializationScheme(
    weights: .zeros, recurrentWeights: .zeros, biases: .zeros, peephole: .zeros, embedding: .zeros, forgetBias: nil)
}
