internal import DataIO
internal import Kernels
public import Models

/// The names of the layers of a Keras model that is to load weights of ours.
public struct KerasLayerNames: Hashable, Sendable {
  /// The model's name where Keras puts it in front of its variables' paths, as in a Sequential; `nil` for none.
  var model: String?
  /// The Embedding layer's.
  var embedding: String
  /// Those of the recurrent layers, from the input on.
  var recurrent: [String]
  /// In Bidirectional layers, the names of the layers that they wrap.
  var wrapped: [String]
  /// The Dense layer's.
  var head: String

  /// By default the names that Keras gives a functional model's layers in a new session.
  public init(
    _ architecture: SequenceArchitecture, model: String? = nil, embedding: String = "embedding",
    recurrent: [String]? = nil, wrapped: [String]? = nil, head: String = "dense"
  ) {
    let kind =
      switch architecture.recurrent.cells[0].kind {
      case .vanilla: "simple_rnn"
      case .lstm: "lstm"
      case .gru: "gru"
      }
    func numbered(_ name: String) -> [String] {
      (0..<architecture.recurrent.layers).map { $0 == 0 ? name : "\(name)_\($0)" }
    }
    self.model = model
    self.embedding = embedding
    self.recurrent = recurrent ?? numbered(architecture.recurrent.isBidirectional ? "bidirectional" : kind)
    self.wrapped = wrapped ?? numbered(kind)
    self.head = head
  }
}

extension KerasModel {
  /// A model's parameters as Keras's arrays, by the paths of the variables that they are for.
  ///
  /// - Throws: ``WeightsError`` where Keras has no such cell (peepholes, a projection) or names are missing or not
  ///   unique.
  static func arrays<Scalar: TensorScalar>(
    of model: SequenceModel<Scalar>, names: KerasLayerNames, file: String
  ) throws(WeightsError) -> [(name: String, tensor: Tensor)] {
    try model.architecture.checkHeadIsLinear(file)
    let model = model.untied()
    let stack = model.architecture.recurrent
    let cell = stack.cells[0]
    if cell.hasPeepholes || cell.isProjected {
      throw WeightsError(
        file: file,
        found: "an LSTM with \(cell.hasPeepholes ? "peepholes" : "a projection"), which Keras has no layer for",
        wanted: "one without")
    }
    guard names.recurrent.count == stack.layers, !stack.isBidirectional || names.wrapped.count == stack.layers else {
      throw WeightsError(
        file: file, found: "names of \(names.recurrent.count) recurrent layers", wanted: "\(stack.layers)")
    }
    let layers = names.recurrent + [names.head] + (model.architecture.embedding == nil ? [] : [names.embedding])
    guard Set(layers).count == layers.count else {
      throw WeightsError(file: file, found: "layers \(listed(layers))", wanted: "names that differ")
    }
    var arrays: [(name: String, tensor: Tensor)] = []
    func add(_ path: String, _ matrix: Matrix<Scalar>, isVector: Bool = false) {
      let shape = isVector ? [matrix.count] : [matrix.rows, matrix.columns]
      let name = (names.model.map { "\($0)/" } ?? "") + path
      arrays.append((name, Scalar.tensor(shape, matrix.elements)))
    }
    if model.architecture.embedding != nil {
      add("\(names.embedding)/embeddings", model.parameters["embedding.weight"])
    }
    for layer in 0..<stack.layers {
      for suffix in stack.isBidirectional ? ["", "_reverse"] : [""] {
        let place = path(of: layer, isBackward: !suffix.isEmpty, stack, names)
        let parameters = Dictionary(
          uniqueKeysWithValues: stack.cells[layer].parameters.map {
            ($0.name, model.parameters["recurrent.\($0.name)_l\(layer)\(suffix)"])
          })
        let found = KerasCellArrays(parameters, of: stack.cells[layer])
        add("\(place)/kernel", found.kernel)
        add("\(place)/recurrent_kernel", found.recurrentKernel)
        if let bias = found.bias { add("\(place)/bias", bias, isVector: !KerasConvention.hasTwoBiases(cell)) }
      }
    }
    add("\(names.head)/kernel", model.parameters["head.weight"].transposed())
    add("\(names.head)/bias", model.parameters["head.bias"], isVector: true)
    return arrays
  }

  /// The path of a cell: `lstm/lstm_cell`, `bidirectional/backward_lstm/lstm_cell`.
  private static func path(
    of layer: Int, isBackward: Bool, _ stack: RecurrentStack, _ names: KerasLayerNames
  ) -> String {
    let cell =
      switch stack.cells[layer].kind {
      case .vanilla: "simple_rnn_cell"
      case .lstm: "lstm_cell"
      case .gru: "gru_cell"
      }
    guard stack.isBidirectional else { return "\(names.recurrent[layer])/\(cell)" }
    return "\(names.recurrent[layer])/\(isBackward ? "backward" : "forward")_\(names.wrapped[layer])/\(cell)"
  }

  /// Writes a model's weights at `path`, which ends in `.npz` or `.safetensors`, under the paths of Keras's variables,
  /// so that a Keras model with layers of these names takes them over:
  ///
  ///     arrays = numpy.load(path)
  ///     for w in model.weights: w.assign(arrays[w.path])
  ///
  /// Where Keras has one bias and we have two, it is their sum. A GRU becomes one with `reset_after` as its convention
  /// is.
  ///
  /// - Parameters:
  ///   - model: What to write, in its own type of numbers.
  ///   - names: The layers' names; by default those of a functional model in a new session.
  ///   - path: Where to write; an existing file is replaced only once all is written.
  /// - Throws: ``WeightsError`` where Keras has no such cell (peepholes, a projection), where names are missing or not
  ///   unique, and where the system refuses.
  public static func write<Scalar: TensorScalar>(
    _ model: SequenceModel<Scalar>, names: KerasLayerNames? = nil, to path: String
  ) throws(WeightsError) {
    let arrays = try arrays(of: model, names: names ?? KerasLayerNames(model.architecture), file: path)
    if path.hasSuffix(".npz") {
      do { try NumPyArchive.write(arrays, to: path) } catch { throw WeightsError(error) }
    } else if path.hasSuffix(".safetensors") {
      var contents = SafetensorsContents()
      for (name, tensor) in arrays {
        contents.setTensor(name, shape: tensor.shape, elements: Scalar.elements(of: tensor))
      }
      try readingSafetensors { () throws(SafetensorsError) in try contents.write(to: path) }
    } else {
      throw WeightsError(file: path, found: "a file of another extension", wanted: ".npz or .safetensors")
    }
  }
}
