public import Kernels
public import Models

extension PyTorchStateDict {
  /// Writes a layer's parameters at `path`, so that an nn.RNN, nn.LSTM or nn.GRU of its sizes loads them with
  /// `load_state_dict(load_file(path), strict=True)`.
  ///
  /// - Parameters:
  ///   - layer: What to write, in its own type of numbers.
  ///   - prefix: The module's name in the module that will load the file; empty for the module alone.
  ///   - path: Where to write; atomic as `SafetensorsContents.write(to:)`.
  /// - Throws: ``WeightsError`` where PyTorch has no such cell (peepholes, a GRU that resets before the product) or the
  ///   system refuses.
  public static func write<Scalar: BLASScalar & SafetensorsElement>(
    _ layer: RecurrentLayer<Scalar>, prefix: String = "", to path: String
  ) throws(WeightsError) {
    try checkPyTorchHas(layer.architecture.cells[0], path)
    var contents = SafetensorsContents()
    contents.setParameters(layer.parameters, prefix: prefix.joined(to: ""))
    try write(contents, to: path)
  }

  /// Writes a model's parameters at `path`, for a module whose parts have these names: an nn.Embedding where the model
  /// reads tokens, a recurrent module and an nn.Linear with a bias. A tied weight is written under both names, as PyTorch
  /// does. See ``write(_:prefix:to:)``.
  public static func write<Scalar: BLASScalar & SafetensorsElement>(
    _ model: SequenceModel<Scalar>, embedding: String = "embedding", recurrent: String = "recurrent",
    head: String = "head", to path: String
  ) throws(WeightsError) {
    try checkPyTorchHas(model.architecture.recurrent.cells[0], path)
    try model.architecture.checkHeadIsLinear(path)
    let prefixes = ["embedding": embedding, "recurrent": recurrent, "head": head]
    let parameters = model.untied().parameters
    var contents = SafetensorsContents()
    var written: Set<String> = []
    for shape in parameters.layout.shapes {
      let parts = shape.name.split(separator: ".", maxSplits: 1).map(String.init)
      let name = (prefixes[parts[0]] ?? parts[0]).joined(to: parts[1])
      guard written.insert(name).inserted else {
        throw WeightsError(file: path, item: "tensor \(name)", found: "two parts of this name", wanted: "one")
      }
      contents.setTensor(
        name, shape: shape.isVector ? [shape.rows] : [shape.rows, shape.columns],
        elements: parameters[shape.name].elements)
    }
    try write(contents, to: path)
  }

  private static func write(_ contents: SafetensorsContents, to path: String) throws(WeightsError) {
    try readingSafetensors { () throws(SafetensorsError) in try contents.write(to: path) }
  }

  private static func checkPyTorchHas(_ cell: RecurrentCell, _ path: String) throws(WeightsError) {
    if cell.hasPeepholes {
      throw WeightsError(
        file: path, found: "an LSTM with peepholes, which PyTorch has no module for", wanted: "one without")
    }
    if cell.reset == .beforeProduct {
      throw WeightsError(
        file: path, found: "a GRU that resets before the product, which PyTorch has no module for",
        wanted: "one that resets after it")
    }
  }
}
